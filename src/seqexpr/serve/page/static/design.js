// A small design: what is wanted, what must be kept, and what was found.

import { askJson } from "./api.js";
import { bar } from "./table.js";
import { byId, count, element, number, save, toCsv, trust } from "./words.js";

let answer = null;

// onKeep(ids, sequences) when the designs are to stand in the table of predictions.
export function startDesign(chosen, onKeep) {
  byId("goal").addEventListener("change", () => { byId("goal-value-field").hidden = byId("goal").value !== "value"; });
  byId("design-form").addEventListener("submit", (event) => { event.preventDefault(); search(chosen()); });
  byId("design-download").addEventListener("click", download);
  byId("design-keep").addEventListener("click", () => onKeep(answer.designs.map((made) => made.id), answer.designs.map((made) => made.sequence)));
}

function whole(id) {
  const { value } = document.getElementById(id);
  return value === "" ? null : Number(value);
}

async function search({ model, target, covariates }) {
  byId("design-error").textContent = "";
  byId("design-status").textContent = "Searching …";
  byId("design-go").disabled = true;
  const goal = byId("goal").value === "value" ? Number(byId("goal-value").value) : byId("goal").value;
  const json = {
    model, target, covariates, goal, n: whole("design-n"), max_changes: whole("design-changes"), max_homopolymer: whole("design-run"),
    gc: [whole("gc-low") / 100, whole("gc-high") / 100], start: byId("design-start").value.trim() || null,
    forbidden: byId("design-forbidden").value.split(",").map((site) => site.trim()).filter(Boolean),
  };
  try {
    answer = await askJson("/v1/design", { method: "POST", json });
    show();
  } catch (error) {
    byId("design-status").textContent = "";
    byId("design-error").textContent = error.message;
  } finally {
    byId("design-go").disabled = false;
  }
}

function show() {
  const rows = answer.designs;
  const ends = rows.flatMap((row) => [row.lower ?? row.predicted, row.upper ?? row.predicted]);
  const low = Math.min(...ends), scale = { low, width: Math.max(...ends) - low || 1 };
  byId("design-rows").replaceChildren(...rows.map((row) => line(row, scale)));
  byId("design-results").hidden = rows.length === 0;
  byId("design-status").textContent = [`${count(rows.length, "design")}, of ${count(answer.n_judged, "sequence")} judged.`, ...answer.warnings].join(" ");
}

function line(row, scale) {
  const said = trust(row);
  const trusted = element("td", {}, element("span", { class: `badge ${said.kind}` }, said.word));
  if (said.why) trusted.append(element("br"), element("span", { class: "ends" }, said.why));
  const interval = element("td", {}, bar(row, scale));
  if (row.lower !== null) interval.append(element("span", { class: "ends" }, `${number(row.lower)} to ${number(row.upper)}`));
  const name = element("th", { scope: "row" }, row.id, element("br"), element("span", { class: "bases" }, row.sequence));
  return element("tr", {}, name, element("td", { class: "num" }, number(row.predicted)), interval, trusted,
    element("td", {}, `${count(row.n_changes, "change")}: ${row.changes}`));
}

function download() {
  const names = ["id", "sequence", "bound", "predicted", "lower", "upper", "in_domain", "domain_score", "n_changes", "changes"];
  const rows = answer.designs.map((made) => names.map((name) => (name === "in_domain" && made[name] !== null ? (made[name] ? "True" : "False") : made[name])));
  save(new Blob([toCsv(names, rows)], { type: "text/csv" }), "designs.csv");
}
