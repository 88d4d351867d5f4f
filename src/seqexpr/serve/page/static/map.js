// Logo and heat map of one sequence, in lines that fit the page. One element has the focus, and
// keys move a cursor in it; what is under the cursor is said in words elsewhere.

import { drawing, signed } from "./words.js";

export const BASES = "ACGT";
const COLORS = { A: "#009e73", C: "#0072b2", G: "#e69f00", T: "#d55e00" };
const SHAPES = {
  A: "M0 100 L37 0 H63 L100 100 H77 L70 78 H30 L23 100 Z M36 60 H64 L50 20 Z",
  C: "M100 33 C95 12 76 0 52 0 C20 0 0 20 0 50 C0 80 20 100 52 100 C76 100 95 88 100 66 L78 61 C74 74 66 81 52 81 C34 81 22 70 22 50 C22 30 34 19 52 19 C66 19 74 26 78 38 Z",
  G: "M100 31 C94 11 76 0 52 0 C20 0 0 20 0 50 C0 80 20 100 53 100 C72 100 89 93 100 84 V46 H52 V64 H79 V75 C72 79 63 82 54 82 C35 82 22 70 22 50 C22 30 34 19 52 19 C65 19 74 26 78 36 Z",
  T: "M0 0 H100 V20 H61 V100 H39 V20 H0 Z",
};
const LEFT = 16, LOGO = 62, GAP = 4, BELOW = 16;

// Blue for up, orange for down, white for nothing; the strongest change has the full colour.
export function shade(value, most) {
  const share = Math.min(1, Math.abs(value) / most);
  const [r, g, b] = value > 0 ? [0, 91, 143] : [190, 74, 0];
  const mix = (c) => Math.round(255 + (c - 255) * share);
  return `rgb(${mix(r)},${mix(g)},${mix(b)})`;
}

function logo(sequence, contributions, { start, cell, most }) {
  const middle = LOGO / 2, group = drawing("g");
  group.append(drawing("line", { class: "axis", x1: LEFT, x2: LEFT + cell * sequence.length, y1: middle, y2: middle }));
  for (let k = 0; k < sequence.length; k++) {
    const value = contributions[start + k], height = (middle - 1) * Math.abs(value) / most;
    if (height < 0.4 || !SHAPES[sequence[k]]) continue;
    const top = value > 0 ? middle - height : middle;
    group.append(drawing("path", {
      d: SHAPES[sequence[k]], fill: COLORS[sequence[k]], "fill-rule": "evenodd", opacity: value > 0 ? 1 : 0.62,
      transform: `translate(${(LEFT + k * cell + 0.6).toFixed(1)} ${top.toFixed(2)}) scale(${((cell - 1.2) / 100).toFixed(4)} ${(height / 100).toFixed(4)})`,
    }));
  }
  return group;
}

function oneLine(explanation, { start, stop, cell, high, most, mostLogo }) {
  const sequence = explanation.sequence.slice(start, stop);
  const height = LOGO + GAP + 4 * high + BELOW;
  const svg = drawing("svg", { width: LEFT + cell * sequence.length + 2, height, "aria-hidden": "true" });
  svg.append(logo(sequence, explanation.contributions, { start, cell, most: mostLogo }));
  for (let base = 0; base < 4; base++) {
    const y = LOGO + GAP + base * high;
    svg.append(drawing("text", { x: 1, y: y + high / 2 + 4 }, BASES[base]));
    for (let k = 0; k < sequence.length; k++) {
      const value = explanation.effects[BASES[base]][start + k], own = sequence[k] === BASES[base];
      const square = drawing("rect", { class: "cell", x: LEFT + k * cell, y, width: cell, height: high,
        fill: own ? "#eef1f3" : shade(value, most), "data-at": start + k, "data-base": base });
      svg.append(square);
      if (own) svg.append(drawing("circle", { class: "own", cx: LEFT + (k + 0.5) * cell, cy: y + high / 2, r: 3.2 }));
    }
  }
  for (let at = start; at < stop; at++) {
    if (at === start || (at + 1) % 10 === 0) {
      svg.append(drawing("text", { x: LEFT + (at - start + 0.5) * cell, y: height - 4, "text-anchor": "middle" }, String(at + 1)));
    }
  }
  return svg;
}

export class HeatMap {
  // onMove(position, base) when the cursor moves, onChoose(position, base) when a change is made.
  constructor(place, { onMove, onChoose }) {
    Object.assign(this, { place, onMove, onChoose, at: 0, base: 0, explanation: null, width: 0 });
    place.addEventListener("keydown", (event) => this.key(event));
    place.addEventListener("click", (event) => this.point(event, true));
    place.addEventListener("pointermove", (event) => this.point(event, false));
    place.addEventListener("focus", () => this.move(this.at, this.base));
    new ResizeObserver(() => this.explanation && place.clientWidth !== this.width && this.draw()).observe(place);
  }

  show(explanation, { at = this.at, base = this.base } = {}) {
    this.explanation = explanation;
    this.at = Math.min(at, explanation.sequence.length - 1);
    this.base = base;
    this.draw();
  }

  draw() {
    this.width = this.place.clientWidth;
    const { sequence, contributions, effects } = this.explanation;
    const isNarrow = this.width < 560;
    this.high = isNarrow ? 24 : 18;
    const room = this.width - LEFT - 14;
    this.perLine = Math.max(5, 5 * Math.floor(room / (5 * (isNarrow ? 20 : 17))));
    this.cell = Math.min(24, Math.floor(10 * room / this.perLine) / 10);
    const most = Math.max(1e-12, ...BASES.split("").flatMap((base) => effects[base].map(Math.abs)));
    const mostLogo = Math.max(1e-12, ...contributions.map(Math.abs));
    const lines = [];
    for (let start = 0; start < sequence.length; start += this.perLine) {
      const stop = Math.min(sequence.length, start + this.perLine);
      lines.push(oneLine(this.explanation, { start, stop, cell: this.cell, high: this.high, most, mostLogo }));
    }
    this.place.replaceChildren(...lines);
    this.mark();
  }

  mark() {
    this.place.querySelector(".cursor")?.remove();
    const line = this.place.children[Math.floor(this.at / this.perLine)];
    line?.append(drawing("rect", { class: "cursor", x: LEFT + (this.at % this.perLine) * this.cell, y: LOGO + GAP + this.base * this.high,
      width: this.cell, height: this.high, rx: 2 }));
  }

  move(at, base) {
    const last = this.explanation.sequence.length - 1;
    this.at = Math.max(0, Math.min(last, at));
    this.base = (base + 4) % 4;
    this.mark();
    this.onMove(this.at, this.base);
  }

  point(event, isClick) {
    const at = event.target.dataset?.at;
    if (at === undefined) return;
    const base = Number(event.target.dataset.base);
    if (isClick || Number(at) !== this.at || base !== this.base) this.move(Number(at), base);
    if (isClick) this.onChoose(this.at, this.base);
  }

  key(event) {
    if (!this.explanation || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
      Home: [-1e9, 0], End: [1e9, 0], PageUp: [-this.perLine, 0], PageDown: [this.perLine, 0] };
    const letter = BASES.indexOf(event.key.toUpperCase());
    if (steps[event.key]) this.move(this.at + steps[event.key][0], this.base + steps[event.key][1]);
    else if (event.key === "Enter" || event.key === " ") this.onChoose(this.at, this.base);
    else if (letter >= 0 && event.key.length === 1) { this.move(this.at, letter); this.onChoose(this.at, letter); }
    else return;
    event.preventDefault();
  }
}

// A change in words: positions are counted from 1.
export function changeWords(explanation, at, base) {
  const own = explanation.sequence[at], to = BASES[base];
  if (own === to) return `Position ${at + 1} is ${own}, which contributes ${signed(explanation.contributions[at])}.`;
  const effect = explanation.effects[to][at];
  return `Position ${at + 1}, ${own} to ${to}: ${signed(effect)}, so ${signed(explanation.predicted + effect).replace("+", "")}.`;
}
