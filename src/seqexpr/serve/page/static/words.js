// Numbers, words and elements.

export function number(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 10000 || size < 0.001)) return value.toExponential(2).replace("-", "−");
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3).replace("-", "−");
}

export function signed(value) {
  return value > 0 ? `+${number(value)}` : number(value);
}

export function count(n, what) {
  return `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
}

export function withUnit(target) {
  return target.unit ? `${target.name} (${target.unit})` : target.name;
}

// How far to trust a prediction: a word for its badge, and what it means.
export function trust(row) {
  if (row.problem) return { kind: "bad", word: "no prediction", why: row.problem };
  if (row.in_domain === false) {
    return { kind: "warn", word: "unlike training", why: "the interval promises nothing here" };
  }
  if (row.in_domain === true) return { kind: "info", word: "like training", why: "" };
  return { kind: "info", word: "not judged", why: "the model does not say" };
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") made.addEventListener("click", value);
    else if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
export function drawing(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function card(title, value, note) {
  return element("div", {}, element("dt", {}, title), element("dd", { class: "value" }, value),
    ...(note ? [element("dd", { class: "note" }, note)] : []));
}

export function byId(id) {
  return document.getElementById(id);
}

function cell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function toCsv(names, rows) {
  return [names, ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

export function save(content, name) {
  const link = element("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
