// One sequence: what each base does, changes made by hand, and what they did.

import { askJson } from "./api.js";
import { BASES, HeatMap, changeWords } from "./map.js";
import { byId, card, count, element, number, signed, trust } from "./words.js";

export class OneSequence {
  // onKeep(name, sequence, covariates) when a changed sequence is to stand in the table.
  constructor({ onKeep }) {
    Object.assign(this, { onKeep, history: [], asked: 0, chosen: null });
    this.map = new HeatMap(byId("map"), {
      onMove: (at, base) => this.say(changeWords(this.now, at, base)),
      onChoose: (at, base) => this.change(at, base),
    });
    byId("undo").addEventListener("click", () => this.back(this.history.length - 2));
    byId("reset").addEventListener("click", () => this.back(0));
    byId("keep").addEventListener("click", () => this.keep());
  }

  get now() {
    return this.history[this.history.length - 1]?.explanation;
  }

  async open({ id, sequence, covariates, model, target }) {
    this.chosen = { id, covariates, model, target };
    const explanation = await this.explain(sequence);
    if (!explanation) return;
    this.history = [{ explanation, change: null }];
    byId("one").hidden = false;
    this.show(0, 0);
    byId("one-h").focus();
    byId("one").scrollIntoView({ block: "start" });
  }

  // Return the explanation of a sequence, or null if it could not be had or is out of date.
  async explain(sequence) {
    const turn = ++this.asked, { id, covariates, model, target } = this.chosen;
    byId("map").setAttribute("aria-busy", "true");
    this.fail("");
    try {
      const beside = Object.fromEntries(Object.entries(covariates).map(([name, value]) => [name, [value]]));
      const json = { model, target, ids: [id], sequences: [sequence], covariates: beside };
      const answer = await askJson("/v1/explain", { method: "POST", json });
      if (turn !== this.asked) return null;
      const found = answer.explanations[0];
      if (found.problem) { this.fail(found.problem); return null; }
      this.unit = answer.target.unit;
      return found;
    } catch (error) {
      if (turn === this.asked) this.fail(error.message);
      return null;
    } finally {
      if (turn === this.asked) byId("map").removeAttribute("aria-busy");
    }
  }

  async change(at, base) {
    const before = this.now.sequence, own = before[at], to = BASES[base];
    if (own === to) { this.say(`Position ${at + 1} is ${own} already.`); return; }
    const explanation = await this.explain(before.slice(0, at) + to + before.slice(at + 1));
    if (!explanation) return;
    const effect = explanation.predicted - this.now.predicted;
    this.history.push({ explanation, change: `${own}${at + 1}${to}` });
    this.show(at, base);
    this.say(`Changed position ${at + 1} from ${own} to ${to}: ${signed(effect)}, now ${number(explanation.predicted)}.`);
  }

  back(to) {
    if (to < 0) return;
    this.history.length = to + 1;
    this.show(this.map.at, this.map.base);
    this.say(`Back to ${number(this.now.predicted)}.`);
    byId("map").focus({ preventScroll: true });
  }

  keep() {
    const changes = this.history.slice(1).map((step) => step.change);
    this.onKeep([this.chosen.id, ...changes].join("_"), this.now.sequence, this.chosen.covariates);
  }

  show(at, base) {
    const now = this.now, start = this.history[0].explanation, said = trust(now);
    const difference = now.predicted - start.predicted;
    byId("one-h").textContent = `Base by base: ${this.chosen.id}`;
    byId("one-cards").replaceChildren(
      card("Predicted", number(now.predicted), this.unit),
      card("Interval", now.lower === null ? "–" : `${number(now.lower)} to ${number(now.upper)}`, ""),
      card("How far to trust it", said.word, said.why || (now.domain_score === null ? "" : `strangeness ${number(now.domain_score)}, the border is 1`)),
      card("Against the start", this.history.length > 1 ? signed(difference) : "–", `start ${number(start.predicted)}, ${count(now.sequence.length, "base")}`));
    byId("changes").textContent = this.history.length > 1
      ? this.history.slice(1).map((step) => step.change).join(", ") : "None yet.";
    byId("undo").disabled = byId("reset").disabled = this.history.length < 2;
    this.map.show(now, { at, base });
    this.showStrongest(now);
  }

  showStrongest(now) {
    const all = [...now.sequence].flatMap((own, at) => [...BASES].filter((base) => base !== own)
      .map((base) => ({ name: `${own}${at + 1}${base}`, effect: now.effects[base][at] })));
    all.sort((a, b) => b.effect - a.effect);
    const list = (title, items) => element("div", {}, element("h4", {}, title),
      element("ol", {}, ...items.map((item) => element("li", {}, `${item.name} ${signed(item.effect)}`))));
    byId("strongest").replaceChildren(list("Raise", all.slice(0, 5)), list("Lower", all.slice(-5).reverse()));
  }

  say(text) {
    byId("map-readout").textContent = text;
  }

  fail(text) {
    if (text) byId("one").hidden = false;
    byId("one-error").textContent = text;
  }
}
