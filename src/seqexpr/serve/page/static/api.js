// Asking the service. Problems come as errors whose text says what is wrong and what to do.

const KEPT = "seqexpr-token";

export class ProblemError extends Error {
  constructor(status, problem) {
    super([problem.detail, problem.remedy].filter(Boolean).join("\n"));
    this.status = status;
    this.kind = (problem.type || "").split(":").pop();
  }
}

// The token stands after # in the link that the service prints; it never leaves but in a header.
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEPT, given);
    history.replaceState(null, "", location.pathname);
  }
}

export function keepToken(token) {
  sessionStorage.setItem(KEPT, token);
}

export async function ask(path, { method = "GET", json, body, type } = {}) {
  const headers = {};
  const token = sessionStorage.getItem(KEPT);
  if (token) headers.Authorization = `Bearer ${token}`;
  if (json !== undefined) headers["Content-Type"] = "application/json";
  else if (type) headers["Content-Type"] = type;
  let response;
  try {
    response = await fetch(path, { method, headers, body: json === undefined ? body : JSON.stringify(json) });
  } catch {
    throw new ProblemError(0, { detail: "The service does not answer.", remedy: "Is it still running?" });
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({ detail: `The service answered ${response.status}.` }));
    throw new ProblemError(response.status, problem);
  }
  return response;
}

export async function askJson(path, options) {
  const response = await ask(path, options);
  return response.status === 204 ? null : response.json();
}
