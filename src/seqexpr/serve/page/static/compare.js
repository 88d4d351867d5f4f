// A reference and its variants: each effect with its interval, the strongest first.

import { askJson } from "./api.js";
import { bar } from "./table.js";
import { byId, count, element, number, save, signed, toCsv, trust } from "./words.js";

const SHOWN = 100;
let answer = null;

export function startCompare(chosen) {
  byId("compare-form").addEventListener("submit", (event) => { event.preventDefault(); compare(chosen()); });
  byId("compare-download").addEventListener("click", download);
}

// What is compared with next, unless somebody wrote something else.
export function offerReference(sequence) {
  byId("reference").value = sequence;
}

async function compare({ model, target, covariates }) {
  byId("compare-error").textContent = "";
  byId("compare-status").textContent = "Working …";
  const lines = byId("variants").value.split("\n").map((line) => line.trim()).filter(Boolean);
  const json = { model, reference: byId("reference").value, covariates };
  if (lines.length) json.variants = lines;
  try {
    answer = await askJson("/v1/variants", { method: "POST", json });
    show(target);
  } catch (error) {
    byId("compare-status").textContent = "";
    byId("compare-error").textContent = error.message;
  }
}

function show(target) {
  const columns = answer.targets[target];
  const rows = answer.ids.map((id, k) => ({
    id, predicted: columns.effect[k], lower: columns.lower[k], upper: columns.upper[k], alternative: columns.alternative[k],
    in_domain: answer.in_domain[k], problem: answer.problems[k],
  }));
  const size = (row) => (row.predicted === null ? -1 : Math.abs(row.predicted));
  rows.sort((a, b) => size(b) - size(a));
  const shown = rows.slice(0, SHOWN);
  const ends = shown.flatMap((row) => [row.lower ?? row.predicted, row.upper ?? row.predicted]).filter((end) => end !== null);
  const most = Math.max(1e-12, ...ends.map(Math.abs));
  byId("compare-rows").replaceChildren(...shown.map((row) => line(row, { low: -most, width: 2 * most })));
  byId("compare-results").hidden = false;
  byId("compare-more").textContent = rows.length > SHOWN ? `The ${SHOWN} strongest are shown; the CSV has all ${rows.length.toLocaleString("en")}.` : "";
  const before = columns.reference.find((value) => value !== null);
  const words = [`${answer.n_scored.toLocaleString("en")} of ${count(answer.n_variants, "variant")} scored.`];
  if (before !== undefined) words.push(`The reference is predicted at ${number(before)}.`);
  if (answer.interval !== null) words.push(`Intervals are made to hold ${Math.round(100 * answer.interval)}% of measured differences${answer.pairing === "unrelated" ? ", and are rather too wide" : ""}.`);
  byId("compare-status").textContent = words.join(" ");
}

function line(row, scale) {
  const said = trust(row);
  const trusted = element("td", {}, element("span", { class: `badge ${said.kind}` }, row.problem ? "no effect" : said.word));
  if (said.why) trusted.append(element("br"), element("span", { class: "ends" }, said.why));
  const interval = element("td");
  if (row.predicted !== null) {
    interval.append(bar(row, scale, { zero: true }));
    if (row.lower !== null) interval.append(element("span", { class: "ends" }, `${signed(row.lower)} to ${signed(row.upper)}`));
  }
  return element("tr", {}, element("th", { scope: "row" }, row.id), element("td", { class: "num" }, row.predicted === null ? "–" : signed(row.predicted)),
    interval, trusted, element("td", { class: "num" }, number(row.alternative)));
}

// The columns that `seqexpr variants` writes.
function download() {
  const single = answer.targets.length === 1;
  const kinds = [["effect", "effect"], ["effect_lower", "lower"], ["effect_upper", "upper"], ["reference", "reference"], ["alternative", "alternative"]];
  const parts = answer.targets.flatMap((target) => kinds.map(([name, what]) => [single ? name : `${name}_${target.name}`, target[what]]));
  const names = ["id", ...parts.map(([name]) => name), "in_domain", "domain_score", "problem"];
  const inside = answer.in_domain.map((value) => (value === null ? null : value ? "True" : "False"));
  const columns = [answer.ids, ...parts.map(([, values]) => values), inside, answer.domain_score, answer.problems];
  save(new Blob([toCsv(names, answer.ids.map((_, k) => columns.map((column) => column[k])))], { type: "text/csv" }), "variants.csv");
}
