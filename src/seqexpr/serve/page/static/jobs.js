// Large files: sent, followed, fetched, deleted.

import { ask, askJson } from "./api.js";
import { byId, count, element, save } from "./words.js";

const WORDS = { queued: "waits", running: "is being predicted", done: "done", failed: "failed" };
let timer = null;

export function startJobs(service, model) {
  byId("jobs").hidden = service.limits.upload_bytes === null;
  if (byId("jobs").hidden) return;
  byId("job-form").addEventListener("submit", (event) => { event.preventDefault(); send(service, model()); });
  refresh();
}

async function guarded(work) {
  byId("job-error").textContent = "";
  try {
    await work();
  } catch (error) {
    byId("job-error").textContent = error.message;
  }
}

function send(service, model) {
  return guarded(async () => {
    const file = byId("job-file").files[0];
    if (file.size > service.limits.upload_bytes) throw new Error(`The file is larger than ${service.limits.upload_bytes.toLocaleString("en")} bytes.`);
    byId("job-status").textContent = `Sending ${file.name} …`;
    const query = new URLSearchParams({ model, name: file.name.slice(0, 255), format: byId("job-format").value });
    try {
      await ask(`/v1/jobs?${query}`, { method: "POST", body: file, type: "application/octet-stream" });
      byId("job-status").textContent = `${file.name} is with the service.`;
      byId("job-form").reset();
    } catch (error) {
      byId("job-status").textContent = "";
      throw error;
    }
    await refresh();
  });
}

function words(job) {
  if (job.error) return `${WORDS[job.state]}: ${job.error}`;
  if (job.summary) return `${WORDS[job.state]}, ${job.summary.n_predicted.toLocaleString("en")} of ${count(job.summary.n_rows, "row")} predicted by ${job.model}`;
  return `${WORDS[job.state]} by ${job.model}${job.rows_done ? `, ${count(job.rows_done, "row")} so far` : ""}`;
}

function line(job) {
  const fetchIt = () => guarded(async () => {
    const response = await ask(job.result);
    save(await response.blob(), `${job.name.split(".")[0]}-predictions.${job.format}`);
  });
  const remove = () => guarded(async () => { await askJson(`/v1/jobs/${job.id}`, { method: "DELETE" }); await refresh(); });
  const named = (text) => [text, element("span", { class: "hidden" }, ` ${job.name}`)];
  return element("li", {}, element("span", { class: "name" }, job.name), element("span", { class: "what" }, words(job)),
    ...(job.result ? [element("button", { type: "button", class: "plain small", onclick: fetchIt }, ...named("Download"))] : []),
    element("button", { type: "button", class: "plain small", onclick: remove }, ...named("Delete")));
}

async function refresh() {
  clearTimeout(timer);
  const { jobs } = await askJson("/v1/jobs");
  byId("job-list").replaceChildren(...jobs.map(line));
  if (jobs.some((job) => job.state === "queued" || job.state === "running")) timer = setTimeout(() => guarded(refresh), 1000);
}
