// The table of predictions: one row a sequence, with its interval as a bar.

import { byId, count, drawing, element, number, save, toCsv, trust } from "./words.js";

const SHOWN = 200;

// Rows of an answer of /v1/predict, for one of its quantities.
export function rowsOf(answer, target) {
  const columns = answer.targets[target];
  return answer.ids.map((id, k) => ({
    id, predicted: columns.predicted[k], lower: columns.lower[k], upper: columns.upper[k],
    in_domain: answer.in_domain[k], domain_score: answer.domain_score[k], problem: answer.problems[k],
  }));
}

function scaleOf(rows) {
  const ends = rows.flatMap((row) => [row.lower ?? row.predicted, row.upper ?? row.predicted]).filter((v) => v !== null);
  const low = Math.min(...ends), high = Math.max(...ends);
  return { low, width: high - low || 1 };
}

// A bar from the lower to the upper end of the interval, with a mark at the prediction.
export function bar(row, scale, { zero = false } = {}) {
  const at = (value) => 4 + 152 * (value - scale.low) / scale.width;
  const svg = drawing("svg", { viewBox: "0 0 160 22", class: "interval", "aria-hidden": "true" });
  svg.append(drawing("line", { x1: 0, x2: 160, y1: 11, y2: 11, stroke: "#d9dfe4" }));
  if (zero) svg.append(drawing("line", { x1: at(0), x2: at(0), y1: 1, y2: 21, stroke: "#6b7278" }));
  if (row.lower !== null) {
    svg.append(drawing("rect", { x: at(row.lower), y: 6, height: 10, width: Math.max(1, at(row.upper) - at(row.lower)), rx: 3,
      fill: row.in_domain === false ? "#e9c98a" : "#a9cde6" }));
  }
  svg.append(drawing("circle", { cx: at(row.predicted), cy: 11, r: 4.5, fill: row.in_domain === false ? "#8a5a00" : "#005b8f" }));
  return svg;
}

function line(row, { scale, length, isChosen, onChoose }) {
  const said = trust(row);
  const trusted = element("td", {}, element("span", { class: `badge ${said.kind}` }, said.word));
  if (said.why) trusted.append(element("br"), element("span", { class: "ends" }, said.why));
  const interval = element("td");
  if (row.predicted !== null) {
    interval.append(bar(row, scale));
    if (row.lower !== null) interval.append(element("span", { class: "ends" }, `${number(row.lower)} to ${number(row.upper)}`));
  }
  const choose = element("td");
  if (!row.problem) {
    choose.append(element("button", { type: "button", class: "plain small", onclick: onChoose },
      "Base by base", element("span", { class: "hidden" }, ` of ${row.id}`)));
  }
  return element("tr", { class: isChosen ? "chosen" : null },
    element("th", { scope: "row" }, row.id, element("br"), element("span", { class: "ends" }, count(length, "base"))),
    element("td", { class: "num" }, number(row.predicted)), interval, trusted, choose);
}

export function showTable(answer, { target, sequences, chosen, onChoose }) {
  const rows = rowsOf(answer, target);
  const shown = rows.slice(0, SHOWN);
  const scale = scaleOf(shown.filter((row) => row.predicted !== null));
  byId("results-rows").replaceChildren(...shown.map((row, k) =>
    line(row, { scale, length: sequences[k].length, isChosen: k === chosen, onChoose: () => onChoose(k) })));
  const outside = rows.filter((row) => row.in_domain === false).length;
  const words = [`${answer.n_predicted.toLocaleString("en")} of ${count(rows.length, "sequence")} predicted.`];
  if (answer.interval !== null) words.push(`Intervals are made to hold ${Math.round(100 * answer.interval)}% of new sequences like those of training.`);
  if (outside) words.push(`${count(outside, "sequence")} ${outside === 1 ? "is" : "are"} unlike those of training.`);
  byId("results-words").textContent = words.join(" ");
  byId("results-more").textContent = rows.length > SHOWN
    ? `The first ${SHOWN} are shown; the CSV has all ${rows.length.toLocaleString("en")}.` : "";
}

// The columns that `seqexpr predict` writes.
export function download(answer) {
  const single = answer.targets.length === 1;
  const parts = answer.targets.flatMap((target) => ["predicted", "lower", "upper"].map((what) =>
    [single ? what : `${what}_${target.name}`, target[what]]));
  const names = ["id", ...parts.map(([name]) => name), "in_domain", "domain_score", "problem"];
  const columns = [answer.ids, ...parts.map(([, values]) => values), answer.in_domain.map((v) => (v === null ? null : v ? "True" : "False")), answer.domain_score, answer.problems];
  const rows = answer.ids.map((_, k) => columns.map((column) => column[k]));
  save(new Blob([toCsv(names, rows)], { type: "text/csv" }), "predictions.csv");
}
