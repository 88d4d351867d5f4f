// The page: from a model and a text to predictions, and to one of them base by base.

import { ProblemError, askJson, keepToken, takeToken } from "./api.js";
import { offerReference, startCompare } from "./compare.js";
import { startDesign } from "./design.js";
import { startJobs } from "./jobs.js";
import { covariateValues, showModel } from "./model.js";
import { OneSequence } from "./sequence.js";
import { download, showTable } from "./table.js";
import { byId, count, element, withUnit } from "./words.js";

const state = { service: null, model: null, rows: null, answer: null, target: 0, chosen: null, isStarted: false };

const one = new OneSequence({
  onKeep: (id, sequence, covariates) => working(async () => {
    const { rows } = state;
    const beside = Object.fromEntries(Object.entries(rows.covariates).map(([name, values]) => [name, [...values, covariates[name]]]));
    await predictRows({ ids: [...rows.ids, id], sequences: [...rows.sequences, sequence], covariates: beside });
    byId("predict-status").textContent = `Added ${id} to the predictions.`;
  }),
});

async function start() {
  takeToken();
  try {
    state.service = await askJson("/v1/models");
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) {
      byId("token-form").hidden = false;
      byId("token").focus();
      return;
    }
    byId("predict-error").textContent = error.message;
    return;
  }
  byId("token-form").hidden = true;
  const { models } = state.service;
  byId("model").replaceChildren(...models.map((model) => element("option", { value: model.name }, model.name)));
  byId("model-choice").hidden = models.length < 2;
  chooseModel(models[0].name);
  if (!state.isStarted) {
    state.isStarted = true;
    startJobs(state.service, () => state.model.name);
    startDesign(() => ({ model: state.model.name, target: state.model.targets[state.target].name, covariates: covariateValues(state.model) }), addRows);
    startCompare(() => ({ model: state.model.name, target: state.target, covariates: covariateValues(state.model) }));
  }
}

function chooseModel(name) {
  state.model = state.service.models.find((model) => model.name === name);
  state.target = 0;
  state.rows = null;
  showModel(state.model);
  byId("quantity").replaceChildren(...state.model.targets.map((target, k) => element("option", { value: k }, withUnit(target))));
  byId("quantity-choice").hidden = state.model.targets.length < 2;
  for (const id of ["results", "one", "compare-results", "design-results"]) byId(id).hidden = true;
  byId("design-status").textContent = byId("compare-status").textContent = byId("predict-status").textContent = "";
}

// Run what takes a while: buttons wait, and what goes wrong is said.
async function working(work) {
  byId("predict").disabled = true;
  byId("predict-error").textContent = "";
  byId("predict-status").textContent = "Working …";
  try {
    await work();
  } catch (error) {
    byId("predict-status").textContent = "";
    byId("predict-error").textContent = error.message;
  } finally {
    byId("predict").disabled = false;
  }
}

async function readText() {
  const text = byId("text").value;
  if (!text.trim()) throw new Error("There is no sequence yet: paste some, or choose a file.");
  const query = new URLSearchParams({ model: state.model.name });
  const read = await askJson(`/v1/read?${query}`, { method: "POST", body: text, type: "text/plain" });
  const covariates = {};
  for (const [name, value] of Object.entries(covariateValues(state.model))) {
    covariates[name] = read.covariates[name] ?? read.sequences.map(() => value);
  }
  return { ids: read.ids, sequences: read.sequences, covariates };
}

async function predictRows(rows) {
  const started = performance.now();
  state.answer = await askJson("/v1/predict", { method: "POST", json: { model: state.model.name, ...rows } });
  state.rows = rows;
  byId("results").hidden = false;
  showResults();
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  byId("predict-status").textContent = `${count(state.answer.n_predicted, "sequence")} predicted in ${seconds} s.`;
}

// Add sequences to those in the table, under the covariates of the fields.
function addRows(ids, sequences) {
  working(async () => {
    const before = state.rows ?? { ids: [], sequences: [], covariates: {} };
    const covariates = Object.fromEntries(Object.entries(covariateValues(state.model)).map(([name, value]) =>
      [name, [...(before.covariates[name] ?? []), ...sequences.map(() => value)]]));
    await predictRows({ ids: [...before.ids, ...ids], sequences: [...before.sequences, ...sequences], covariates });
    byId("predict-status").textContent = `Added ${count(ids.length, "design")} to the predictions.`;
  });
}

function showResults() {
  showTable(state.answer, { target: state.target, sequences: state.rows.sequences, chosen: state.chosen, onChoose: choose });
}

function rowOf(k) {
  const { ids, sequences, covariates } = state.rows;
  return { id: ids[k], sequence: sequences[k], model: state.model.name, target: state.model.targets[state.target].name,
    covariates: Object.fromEntries(Object.entries(covariates).map(([name, values]) => [name, values[k]])) };
}

async function choose(k) {
  state.chosen = k;
  showResults();
  offerReference(state.rows.sequences[k]);
  byId("design-start").value = state.rows.sequences[k];
  await one.open(rowOf(k));
}

async function takeFile(file) {
  await working(async () => {
    if (file.size > state.service.limits.body_bytes) {
      throw new Error(`${file.name} is larger than ${state.service.limits.body_bytes.toLocaleString("en")} bytes; send it as a large file, further down.`);
    }
    const text = await file.text();
    if (text.includes("\u0000") || text.includes("\ufffd")) {
      throw new Error(`${file.name} is no text; send workbooks, Parquet and compressed files as large files, further down.`);
    }
    byId("text").value = text;
    byId("predict-status").textContent = `${file.name}: ready to predict.`;
  });
}

function randomSequences() {
  const length = Math.round(state.model.median_length);
  const one = () => Array.from({ length }, () => "ACGT"[Math.floor(4 * Math.random())]).join("");
  byId("text").value = [1, 2, 3, 4, 5].map((k) => `>random_${k}\n${one()}\n`).join("");
  byId("predict-status").textContent = `Five random sequences of ${count(length, "base")}.`;
}

function listen() {
  byId("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keepToken(byId("token").value.trim());
    byId("token-error").textContent = "";
    start().then(() => { if (!state.service) byId("token-error").textContent = "This is not the token."; });
  });
  byId("model").addEventListener("change", (event) => chooseModel(event.target.value));
  byId("quantity").addEventListener("change", (event) => { state.target = Number(event.target.value); byId("one").hidden = true; showResults(); });
  byId("predict-form").addEventListener("submit", (event) => {
    event.preventDefault();
    state.chosen = null;
    byId("one").hidden = true;
    working(async () => predictRows(await readText()));
  });
  byId("example").addEventListener("click", randomSequences);
  byId("download").addEventListener("click", () => download(state.answer));
  byId("file").addEventListener("change", (event) => { if (event.target.files[0]) takeFile(event.target.files[0]); event.target.value = ""; });
  const text = byId("text");
  for (const kind of ["dragenter", "dragover"]) text.addEventListener(kind, (event) => { event.preventDefault(); text.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) text.addEventListener(kind, () => text.classList.remove("over"));
  text.addEventListener("drop", (event) => {
    const file = event.dataTransfer.files[0];
    if (file) { event.preventDefault(); takeFile(file); }
  });
}

listen();
start();
