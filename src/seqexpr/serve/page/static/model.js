// The model in words, what it needs beside the sequence, and the report of its run.

import { byId, card, count, element, number, withUnit } from "./words.js";

export function showModel(model) {
  const scores = model.targets.map((target) => {
    const score = model.scores.find((s) => s.target === target.name && s.metric === "pearson");
    const where = model.targets.length > 1 ? `${target.name}: ` : "";
    return score?.value == null ? null : `${where}${number(score.value)} (${number(score.low)} to ${number(score.high)})`;
  }).filter(Boolean);
  const lengths = model.min_length === model.max_length ? `${model.min_length}` : `${model.min_length} to ${model.max_length}`;
  byId("model-about").replaceChildren(
    element("p", {}, element("strong", {}, model.title), ". ", model.description),
    element("dl", { class: "cards" },
      card("Predicts", model.targets.map(withUnit).join(", "), ""),
      card("Trained on", count(model.trained_on, "sequence"), `of ${lengths} bases, from ${model.source}`),
      card("Pearson on test", scores[0] ? scores[0].split(" (")[0] : "–", scores.length ? `95% interval ${scores.map((s) => s.split(" (")[1].slice(0, -1)).join("; ")}` : "not known")),
    ...(model.warnings.length ? [element("details", {}, element("summary", {}, count(model.warnings.length, "warning")),
      element("ul", {}, ...model.warnings.map((text) => element("li", {}, text))))] : []));
  showCovariates(model);
  showReport(model);
}

function showCovariates(model) {
  byId("covariates").hidden = !model.covariates.length;
  byId("covariates").querySelector(".fields").replaceChildren(...model.covariates.map((item) => {
    const field = item.kind === "categorical"
      ? element("select", { name: item.name }, ...item.categories.map((value) => element("option", { value }, value || "(empty)")))
      : element("input", { name: item.name, inputmode: "decimal", value: item.low ?? "" });
    return element("label", {}, item.name, field);
  }));
}

// Values of the fields: those of sequences whose text has no such column.
export function covariateValues(model) {
  return Object.fromEntries(model.covariates.map((item) => {
    const field = byId("covariates").querySelector(`[name="${CSS.escape(item.name)}"]`);
    return [item.name, field.value === "" ? null : field.value];
  }));
}

function showReport(model) {
  byId("report-section").hidden = !model.report;
  byId("report-place").replaceChildren();
  byId("report-details").open = false;
  if (!model.report) return;
  byId("report-link").href = model.report;
  byId("report-details").ontoggle = (event) => {
    if (event.target.open && !byId("report-place").children.length) {
      byId("report-place").append(element("iframe", { src: model.report, title: "Report of the run", sandbox: "" }));
    }
  };
}
