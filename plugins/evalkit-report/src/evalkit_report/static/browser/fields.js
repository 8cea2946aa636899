/* The fields above the list, and the keys. */

/** Somebody who pauses for so long has typed the word. */
const TYPING_MS = 120;

/** @param {[string, string][]} choices value and text; with one of them the field is hidden */
function fill(field, choices) {
  const options = choices.map(([value, text]) => make("option", { value }, plainText(text)));
  field.replaceChildren(...options);
  field.closest(".browser-field").hidden = choices.length < 2;
}

function fillFields() {
  const hasAnswers = (n) => meta.cells.some((cell) => cell.method === n && cell.absent === null);
  const answering = [...meta.methods.keys()].filter(hasAnswers);
  const methods = answering.map((n) => [String(n), meta.methods[n]]);
  fill(byName("metric"), metricsShown().map(metricChoice));
  const primary = metricsShown().find((n) => meta.metrics[n].name === meta.primary);
  if (primary !== undefined) byName("metric").value = String(primary);
  fill(byName("seed"), seeds());
  fill(byName("method"), [["", "any"], ...methods]);
  for (const name of ["a", "b"]) fill(byName(name), [["", "none"], ...methods]);
  fill(byName("kind"), kinds());
  fillSort();
  Object.entries(meta.groups).forEach(([name, values], number) => addGroup(name, values, number));
}

function metricChoice(number) {
  const { name, direction } = meta.metrics[number];
  return [String(number), direction === "lower" ? `${name} (lower is better)` : name];
}

function seeds() {
  const all = [...new Set(meta.cells.map(({ seed }) => String(seed)))];
  const several = meta.methods.some((_, method) => hasSeeds(method));
  return several ? [...all.map((seed) => [seed, seed]), ["all", "all"]] : [];
}

function kinds() {
  const answered = (_, cell) => meta.cells[cell].absent === null;
  const there = new Set(entries.flatMap((entry) => entry.outcomes.filter(answered)));
  const outcomes = meta.outcomes.filter((outcome) => there.has(outcome) && outcome !== "parsed");
  return [
    ["", "all examples"],
    ["all-fail", "all methods fail"],
    ["failures", "failures only: not parsed, or failed"],
    ["differ", "methods differ"],
    ...(entries.some((entry) => entry.judged) ? [["judged", "a judge has seen it"]] : []),
    ...outcomes.map((outcome) => [outcome, `an answer is: ${UNPARSED[outcome] ?? outcome}`]),
  ];
}

/** The orders; those of the comparison too once two methods are chosen. */
function fillSort() {
  const [a, b] = ["a", "b"].map((name) => meta.methods[Number(valueOf(name))]);
  const two = [
    ["apart", "the two differ most"],
    ["a", `${a} leads most`],
    ["b", `${b} leads most`],
  ];
  const before = valueOf("sort");
  fill(byName("sort"), [
    ...(isComparing() ? two : []),
    ["data", "order of the data"],
    ["spread", "methods differ most"],
    ["worst", "worst first"],
    ["best", "best first"],
    ["long", "longest input first"],
  ]);
  byName("sort").value = isComparing() ? "apart" : before;
  if (!valueOf("sort")) byName("sort").value = "data";
}

function addGroup(name, values, number) {
  const field = make("select", { id: `browser-group-${number}`, data: { group: name } });
  const label = make("label", { className: "browser-field" }, foreign("span", name), field);
  byName("groups").append(label);
  fill(field, [["", "all"], ...values.map((value, n) => [String(n), value])]);
  label.hidden = values.length < 2;
}

function onField(event) {
  if (event.target.id === "browser-search") return delayed();
  if (["browser-a", "browser-b"].includes(event.target.id)) fillSort();
  const anew = ["browser-metric", "browser-seed"].includes(event.target.id);
  return find().then(() => anew && current && showCurrent());
}

let timer = 0;
function delayed() {
  clearTimeout(timer);
  timer = setTimeout(find, TYPING_MS);
}

/** Shows all examples again; by which score and of which seed stays. */
function clearAll() {
  const kept = ["metric", "seed"].map((name) => [name, valueOf(name)]);
  byName("filters").reset();
  for (const [name, value] of kept) byName(name).value = value;
  fillSort();
  find();
}

const FIELDS = "input:not([type=checkbox]), select, textarea, [contenteditable]";
const isTyping = (target) => target instanceof Element && target.closest(FIELDS) !== null;

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape" && event.target === byName("search")) return leaveSearch();
  if (isTyping(event.target) || byName("keys").open) return;
  const arrows = byName("list").contains(event.target) ? ARROWS : {};
  const letters = byName("keys-on").checked ? LETTERS : {};
  const action = { ...arrows, ...letters }[event.key];
  if (!action || !isInBrowser(event.target)) return;
  event.preventDefault();
  action();
}

const ARROWS = { ArrowDown: () => step(1), ArrowUp: () => step(-1) };
const LETTERS = {
  j: () => step(1),
  k: () => step(-1),
  "/": () => byName("search").focus(),
  "?": () => byName("keys").showModal(),
};

/** Whether keys are meant for the browser: the focus is in it, or nowhere. */
const isInBrowser = (target) => target === document.body || whole().contains(target);
const whole = () => document.getElementById("browser");

function leaveSearch() {
  byName("search").value = "";
  byName("search").blur();
  find();
}
