/* Which examples the fields let through, and in which order. */

/** The cells that the fields speak of: those of the chosen method, or all. */
function cellsMeant() {
  const method = valueOf("method");
  return cellsShown().filter((cell) => ["", String(meta.cells[cell].method)].includes(method));
}

/** @returns {(entry: Entry) => boolean} */
function kindFilter() {
  const kind = valueOf("kind");
  const cells = cellsMeant();
  const some = (test) => (entry) => cells.some((cell) => test(entry.outcomes[cell]));
  if (kind === "all-fail") return allFail;
  if (kind === "failures") return some(isBad);
  if (kind === "differ") return (entry) => (spread(entry) ?? 0) > 0;
  if (kind === "judged") return (entry) => entry.judged;
  return kind ? some((outcome) => outcome === kind) : () => true;
}

/** @returns {(entry: Entry) => boolean} */
function scoreFilter() {
  const least = valueOf("low") === "" ? -Infinity : Number(valueOf("low"));
  const most = valueOf("high") === "" ? Infinity : Number(valueOf("high"));
  if (least === -Infinity && most === Infinity) return () => true;
  const fits = (value) => value !== null && value >= least && value <= most;
  const cells = cellsMeant();
  return (entry) => cells.some((cell) => fits(scoreOf(entry, cell)));
}

/** @returns {(entry: Entry) => boolean} */
function groupFilter() {
  const chosen = groupFields().map((field) => field.value);
  return (entry) => chosen.every((value, n) => value === "" || entry.groups[n] === Number(value));
}

const groupFields = () => [...byName("groups").querySelectorAll("select")];

/** What to sort by, the greatest first; nothing that is undefined comes before what is not. */
function sortKey() {
  const good = (value) => (value === null ? null : isLower() ? -value : value);
  const bad = (value) => (value === null ? null : -good(value));
  return {
    data: null,
    spread,
    worst: (entry) => bad(mean(entry)),
    best: (entry) => good(mean(entry)),
    long: (entry) => entry.length,
    apart: (entry) => (lead(entry) === null ? null : Math.abs(lead(entry))),
    a: (entry) => good(lead(entry)),
    b: (entry) => bad(lead(entry)),
  }[valueOf("sort")];
}

/** @param {Entry[]} found */
function sorted(found) {
  const key = sortKey();
  if (!key) return found;
  const keyed = found.map((entry) => [key(entry) ?? -Infinity, entry]);
  return keyed.sort((one, other) => other[0] - one[0] || 0).map(([, entry]) => entry);
}

/** Looks anew which examples fit; the latest search wins. */
async function find() {
  const number = ++searches;
  const words = valueOf("search").toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) announce("Searching …");
  const found = await search(words).catch(() => null);
  if (number !== searches) return;
  if (!found) return announce("The answers cannot be searched: some in this file are damaged.");
  const filters = [kindFilter(), scoreFilter(), groupFilter()];
  hits = sorted(found.filter((entry) => filters.every((filter) => filter(entry))));
  page = 0;
  announce(hitsText());
  showActive();
  showList();
  byName("list").scrollTop = 0;
  if (current) byName("example").querySelector("header")?.replaceWith(exampleHead(current));
}

const announce = (text) => byName("hits").replaceChildren(text);

function hitsText() {
  const all = `${count(entries.length)} ${entries.length === 1 ? "example" : "examples"}`;
  const sample = meta.shown < meta.total ? ` shown here, drawn from ${count(meta.total)}` : "";
  if (hits.length === entries.length) return all + sample;
  return `${hits.length ? count(hits.length) : "None"} of ${all}${sample}`;
}

function showActive() {
  const fields = [...byName("more").querySelectorAll("select, input")];
  const used = fields.filter((field) => field.value !== "").length;
  byName("active").textContent = used ? `${used} in use` : "";
}
