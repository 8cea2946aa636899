/*
 * The example browser: finds examples, and shows the answers of all methods side by side.
 *
 * Nothing here turns text into markup: what models and data sets wrote goes through `showText`.
 * `showText` and `unpack` are there for the whole script of the page; all else is local.
 *
 * Ids, which tests and other scripts may rely on:
 *   browser              everything; hidden until the script runs
 *   browser-unavailable  the sentence that stands there otherwise
 *   browser-search, -kind, -sort, -metric, -seed, -method, -low, -high, -a, -b   the fields
 *   browser-group-N      the field of group N; data-group has its name
 *   browser-clear        clears all fields
 *   browser-hits         how many examples were found (a live region)
 *   browser-list         the list; each link has data-example=ID, the current one aria-current
 *   browser-back, -on    turn the page of the list; browser-page says which one it is
 *   browser-example      the example that is shown; data-example=ID, aria-busy while it loads
 *   browser-previous, -next, -copy   buttons of the example
 *   browser-input        its input; browser-gold the table of its target
 *   browser-verdicts     what judges said
 *   browser-help, browser-keys, -keys-on, -keys-close   the list of keys, a dialog
 * Data attributes:
 *   [data-cell=KEY]      a card, with data-method=N and data-outcome=OUTCOME
 *   [data-kind]          an item in a card: matched, fuzzy, missed or invented; in the table of the
 *                        target the same for each method
 *   [data-pair]          a pair that a judge compared; data-orders=agree, disagree or open
 * The address `#example=ID` names an example.
 */

/**
 * Shows text as it is: hidden characters become marks such as U+202E, as in Python's `visible`.
 * @param {Element} element is emptied first
 * @param {unknown} text
 */
function showText(element, text) {
  const hidden = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
  const source = String(text ?? "");
  const parts = [];
  let end = 0;
  for (const found of source.matchAll(hidden)) {
    if (found.index > end) parts.push(source.slice(end, found.index));
    const mark = document.createElement("span");
    mark.className = "control-mark";
    mark.textContent = `U+${found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    parts.push(mark);
    end = found.index + found[0].length;
  }
  element.replaceChildren(...parts, source.slice(end));
}

/**
 * What a chunk of this file holds: gzip in base64, unpacked here.
 * @param {string} name the element's id without "chunk-"
 * @returns {Promise<any>}
 */
async function unpack(name) {
  const packed = atob(document.getElementById(`chunk-${name}`).textContent.trim());
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

(() => {
  "use strict";

  const PAGE = 50;
  const KEPT_CHUNKS = 6;
  const TYPING_MS = 120;
  const OPEN_PAIRS = 6;
  const TOO_OLD =
    "The answers are packed into this file, and this browser cannot unpack them: it lacks " +
    "DecompressionStream. A newer one can. Everything else on this page can be read.";
  const KINDS = {
    matched: { sign: "✓", word: "matched" },
    fuzzy: { sign: "≈", word: "fuzzy-matched" },
    missed: { sign: "−", word: "missed" },
    invented: { sign: "+", word: "invented" },
  };
  const UNPARSED = {
    malformed: "malformed",
    empty: "empty",
    truncated: "truncated",
    refused: "refused",
    failed: "failed",
    absent: "no answer known",
  };
  const SVG = "http://www.w3.org/2000/svg";

  /**
   * @typedef {object} Entry a row of the index
   * @property {string} id
   * @property {string} preview the beginning of its input
   * @property {number|null} length of its input, in characters
   * @property {number[]} groups for each group which value, or -1
   * @property {string[]} outcomes for each cell
   * @property {(number|null)[][]} scores for each cell, by each metric
   * @property {boolean} judged whether a judge has seen it
   * @property {number} position in the data
   * @property {number} chunk which chunk has its details
   * @property {number} place where in the chunk
   */

  /** What the page knows: set once by `start`. */
  let meta;
  /** @type {Entry[]} in the order of the data */
  let entries = [];
  /** @type {Map<string, Entry>} */
  const byId = new Map();
  /** @type {Entry[]} those that the fields let through, in the chosen order */
  let hits = [];
  /** @type {Entry|null} */
  let current = null;
  let page = 0;
  let searches = 0;

  /** An element of the browser, by its id without "browser-". */
  const byName = (name) => document.getElementById(`browser-${name}`);
  const valueOf = (name) => byName(name).value;

  // ---------------------------------------------------------------- elements

  /**
   * @param {string} tag
   * @param {Record<string, any>} [properties] `data` and attributes with a dash are set as such
   * @param {...(Node|string)} children strings become text
   */
  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name === "data") Object.assign(element.dataset, value);
      else if (name in element) element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  const hiddenText = (text) => make("span", { className: "visually-hidden" }, text);
  const muted = (text) => make("p", { className: "browser-muted" }, text);

  /** Text for where no elements can stand, such as options: the marks are in it as letters. */
  function plainText(text) {
    const element = document.createElement("span");
    showText(element, text);
    return element.textContent;
  }

  /** A sign for those who see it; what it means stands beside it as a text. */
  const signOf = (kind) =>
    make("span", { className: "browser-sign", "aria-hidden": "true" }, KINDS[kind].sign);

  /** Foreign text in an element of its own, whichever way it runs; a cut one says what it lacks. */
  function foreign(tag, value, className = "") {
    const element = make(tag, { className, dir: "auto" });
    const isCut = value !== null && typeof value === "object";
    showText(element, isCut ? value.cut : value);
    if (isCut) element.append(" ", leftOut(`… ${count(value.left)} more characters left out`));
    return element;
  }

  /** The fields of an item with bars between them; those that differ from others stand out. */
  function item(fields, others = fields) {
    const whole = make("span", { className: "browser-item" });
    fields.forEach((field, place) => {
      if (place) whole.append(make("span", { className: "browser-bar-sign" }, " | "));
      const differs = JSON.stringify(field) !== JSON.stringify(others[place]);
      whole.append(foreign("bdi", field, differs ? "browser-differs" : ""));
    });
    return whole;
  }

  /** The shape and colour of a method. */
  function shape(number) {
    const drawing = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    drawing.setAttribute("viewBox", "-1.3 -1.3 2.6 2.6");
    drawing.setAttribute("class", "browser-shape");
    drawing.setAttribute("aria-hidden", "true");
    drawing.style.color = meta.colours[number];
    path.setAttribute("d", meta.shapes[number]);
    drawing.append(path);
    return drawing;
  }

  const count = (number) => Number(number).toLocaleString("en-GB");

  function figure(value) {
    if (value === null || value === undefined) return "–";
    return Math.abs(value) < 10 ? value.toFixed(3) : Number(value.toPrecision(5)).toString();
  }

  const percent = (share) => `${Math.round(share * 100)}%`;

  // ---------------------------------------------------------------- addresses

  /** Any id as part of an address: halves of surrogate pairs, which UTF-8 lacks, as %uD800. */
  function encodeId(id) {
    const halves = /\p{Cs}/gu;
    const parts = id.split(halves).map(encodeURIComponent);
    const found = id.match(halves) ?? [];
    return parts.map((part, n) => part + (n < found.length ? escapeHalf(found[n]) : "")).join("");
  }

  const escapeHalf = (half) => `%u${half.charCodeAt(0).toString(16).toUpperCase()}`;
  const halfOf = (escaped) => String.fromCharCode(parseInt(escaped.slice(2), 16));

  /** The example that the address names; null if it names none. */
  function idInAddress() {
    const text = location.hash.match(/^#example=(.*)$/s)?.[1];
    if (text === undefined) return null;
    try {
      return text
        .split(/(%u[0-9A-F]{4})/i)
        .map((part, n) => (n % 2 ? halfOf(part) : decodeURIComponent(part)))
        .join("");
    } catch {
      return text; // not encoded as it should be: perhaps it is the id as it is
    }
  }

  function linkTo(entry) {
    return `#example=${encodeId(entry.id)}`;
  }

  function showAddress(entry) {
    try {
      history.replaceState(null, "", linkTo(entry));
    } catch {
      // Pages from a disk may not be allowed to; the button that copies the link still works.
    }
  }

  // ---------------------------------------------------------------- data

  async function loadIndex() {
    const numbers = Array.from({ length: meta.chunks }, (_, n) => n);
    const pieces = await Promise.all(numbers.map((n) => unpack(`index-${n}`)));
    entries = pieces.flatMap((rows, chunk) => rows.map((row, place) => entryOf(row, chunk, place)));
    entries.sort((one, other) => one.position - other.position);
    for (const entry of entries) byId.set(entry.id, entry);
  }

  /** @returns {Entry} */
  function entryOf(row, chunk, place) {
    const [id, preview, length, groups, outcomes, scores, judged, position] = row;
    const words = outcomes.map((number) => meta.outcomes[number]);
    return { id, preview, length, groups, outcomes: words, scores, judged, position, chunk, place };
  }

  /** @type {Map<number, Promise<any[]>>} the chunks that were used last, the latest at the end */
  const loaded = new Map();

  function details(chunk) {
    const found = loaded.get(chunk) ?? unpack(`details-${chunk}`);
    loaded.delete(chunk);
    loaded.set(chunk, found);
    if (loaded.size > KEPT_CHUNKS) loaded.delete(loaded.keys().next().value);
    return found;
  }

  /** @type {Promise<string[]>[]} for each chunk the texts to search in, made once */
  const searchable = [];

  function textsOf(chunk) {
    searchable[chunk] ??= unpack(`details-${chunk}`).then((all) => all.map(textOf));
    return searchable[chunk];
  }

  /** All that can be searched of an example, but for its id. */
  function textOf(detail) {
    const plain = (value) => value?.cut ?? value ?? "";
    const answers = detail.answers.flatMap((one) => [plain(one?.text), plain(one?.failure)]);
    const gold = (detail.gold ?? []).map((fields) => fields.map(plain).join(" | "));
    return [plain(detail.input), ...gold, ...answers].join("\n").toLowerCase();
  }

  /** Unpacks what a search needs, piece by piece, while nothing else is going on. */
  function prepareSearch(chunk = 0) {
    const later = window.requestIdleCallback ?? ((task) => setTimeout(task, 50));
    if (chunk < meta.chunks) later(() => textsOf(chunk).then(() => prepareSearch(chunk + 1)));
  }

  /** @returns {Promise<Entry[]>} those that hold all words */
  async function search(words) {
    if (!words.length) return entries;
    const texts = await Promise.all(Array.from({ length: meta.chunks }, (_, n) => textsOf(n)));
    return entries.filter((entry) => {
      const text = `${entry.id.toLowerCase()}\n${texts[entry.chunk][entry.place]}`;
      return words.every((word) => text.includes(word));
    });
  }

  // ---------------------------------------------------------------- cells and scores

  const metricNumber = () => Number(valueOf("metric"));
  const metric = () => meta.metrics[metricNumber()];

  /** Numbers of the cells whose answers are shown: of each method that of the chosen seed. */
  function cellsShown() {
    const seed = valueOf("seed");
    const all = [...meta.cells.keys()].filter((number) => meta.cells[number].absent === null);
    if (seed === "all") return all;
    return meta.methods.flatMap((_, method) => {
      const own = all.filter((number) => meta.cells[number].method === method);
      return own.find((number) => String(meta.cells[number].seed) === seed) ?? own[0] ?? [];
    });
  }

  const cellOf = (method) => cellsShown().find((number) => meta.cells[number].method === method);

  function scoreOf(entry, cell) {
    return cell === undefined ? null : (entry.scores[cell][metricNumber()] ?? null);
  }

  function knownScores(entry) {
    const values = cellsShown().map((cell) => scoreOf(entry, cell));
    return values.filter((value) => value !== null);
  }

  const isLower = () => metric()?.direction === "lower";

  /** The worst value that a score can have; null if there is none. */
  const worst = () => metric()?.range?.[isLower() ? 1 : 0] ?? null;

  const isBad = (outcome) => outcome !== "parsed" && outcome !== "absent";

  /** Whether no method got anything right: every score is the worst possible, or there is none. */
  function allFail(entry) {
    const cells = cellsShown().filter((cell) => entry.outcomes[cell] !== "absent");
    const fails = (cell) => [null, worst()].includes(scoreOf(entry, cell));
    return cells.length > 0 && worst() !== null && cells.every(fails);
  }

  /** How far the best and the worst of the methods are apart. */
  function spread(entry) {
    const values = knownScores(entry);
    return values.length > 1 ? Math.max(...values) - Math.min(...values) : null;
  }

  function mean(entry) {
    const values = knownScores(entry);
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  }

  /** By how much method A of the comparison scores above method B. */
  function lead(entry) {
    const [a, b] = ["a", "b"].map((name) => scoreOf(entry, comparedCell(name)));
    return a === null || b === null ? null : a - b;
  }

  const comparedCell = (name) => (valueOf(name) ? cellOf(Number(valueOf(name))) : undefined);
  const isComparing = () => valueOf("a") !== "" && valueOf("b") !== "";

  // ---------------------------------------------------------------- filters

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
    const found = await search(words);
    if (number !== searches) return;
    const filters = [kindFilter(), scoreFilter(), groupFilter()];
    hits = sorted(found.filter((entry) => filters.every((filter) => filter(entry))));
    page = Math.max(0, Math.floor(hits.indexOf(current) / PAGE));
    announce(hitsText());
    showActive();
    showList();
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

  // ---------------------------------------------------------------- the list

  function showList() {
    const pages = Math.max(1, Math.ceil(hits.length / PAGE));
    const first = page * PAGE;
    byName("list").replaceChildren(...hits.slice(first, first + PAGE).map(listItem));
    byName("list").start = first + 1;
    byName("pages").hidden = pages === 1;
    byName("page").textContent = `${page + 1} of ${count(pages)}`;
    byName("back").disabled = page === 0;
    byName("on").disabled = page === pages - 1;
  }

  function listItem(entry) {
    const link = make("a", { href: linkTo(entry), data: { example: entry.id } });
    link.append(foreign("bdi", entry.id, "browser-id"));
    if (entry.preview) link.append(foreign("bdi", entry.preview, "browser-preview"));
    link.append(strip(entry));
    if (entry === current) link.setAttribute("aria-current", "true");
    return make("li", {}, link);
  }

  /** The scores of all methods at a glance: a bar for each, as high as its score. */
  function strip(entry) {
    const bars = make("span", { className: "browser-strip", "aria-hidden": "true" });
    const cells = cellsShown();
    for (const cell of cells) bars.append(barOf(entry, cell));
    const values = knownScores(entry);
    const words = values.length
      ? `scores from ${figure(Math.min(...values))} to ${figure(Math.max(...values))}`
      : "no scores";
    const bad = cells.filter((cell) => isBad(entry.outcomes[cell])).length;
    const spoken = hiddenText(`, ${words}${bad ? `, ${bad} not parsed` : ""}`);
    return make("span", { className: "browser-glance" }, bars, spoken);
  }

  function barOf(entry, cell) {
    const { method, key } = meta.cells[cell];
    const outcome = entry.outcomes[cell];
    const bar = make("span", { className: "browser-mini", data: { outcome } });
    const fill = make("span");
    fill.style.height = `${100 * share(scoreOf(entry, cell))}%`;
    fill.style.background = meta.colours[method];
    const score = figure(scoreOf(entry, cell));
    bar.title = plainText(`${key}: ${score}${isBad(outcome) ? `, ${outcome}` : ""}`);
    bar.append(fill);
    return bar;
  }

  /** Where a score lies in its range, from 0 to 1. */
  function share(score) {
    const [least, most] = metric()?.range ?? [];
    const known = [score, least, most].every((value) => typeof value === "number");
    return known && most > least ? Math.min(1, Math.max(0, (score - least) / (most - least))) : 0;
  }

  function turnPage(by) {
    page += by;
    showList();
    byName("list").querySelector("a")?.focus();
  }

  /** Goes to the example before (-1) or after (1) the current one. */
  function step(by) {
    const place = hits.indexOf(current);
    const next = hits[place < 0 ? 0 : place + by];
    if (next) choose(next, { focus: "list" });
  }

  // ---------------------------------------------------------------- the example

  /**
   * Shows an example.
   * @param {Entry} entry
   * @param {{focus?: "list"|"example"|"", address?: boolean}} [how] where the focus goes; whether
   *   the address is to name it
   */
  async function choose(entry, { focus = "", address = true } = {}) {
    current = entry;
    if (address) showAddress(entry);
    const place = hits.indexOf(entry);
    if (place >= 0) page = Math.floor(place / PAGE);
    showList();
    if (focus === "list") focusList();
    const area = byName("example");
    area.setAttribute("aria-busy", "true");
    try {
      const all = await details(entry.chunk);
      if (entry === current) showExample(entry, all[entry.place]);
    } catch (error) {
      area.replaceChildren(title("This example cannot be unpacked"), make("p", {}, String(error)));
    }
    area.removeAttribute("aria-busy");
    if (focus === "example") focusExample();
  }

  function focusList() {
    const link = byName("list").querySelector("[aria-current]");
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  function focusExample() {
    byName("example").focus({ preventScroll: true });
    byName("example").scrollIntoView({ block: "start", behavior: "instant" });
  }

  const title = (content) => make("h3", { id: "browser-title" }, content);

  function showExample(entry, detail) {
    byName("example").dataset.example = entry.id;
    byName("example").replaceChildren(
      exampleHead(entry),
      chips(detail),
      inputOf(detail),
      goldOf(detail),
      legend(detail),
      cards(entry, detail),
      ...absentees(),
      ...verdictsOf(detail),
    );
  }

  function exampleHead(entry) {
    const place = hits.indexOf(entry);
    const where = `${count(place + 1)} of ${count(hits.length)}`;
    const tools = make("div", { className: "browser-tools" });
    tools.append(
      make("span", { className: "browser-muted" }, place < 0 ? "not among those found" : where),
      button("previous", "Previous", () => stepByButton(-1), place <= 0),
      button("next", "Next", () => stepByButton(1), place >= hits.length - 1),
      button("copy", "Copy link", () => copyLink(entry)),
    );
    return make("header", { className: "browser-head" }, title(foreign("bdi", entry.id)), tools);
  }

  function button(name, text, onclick, disabled = false) {
    const properties = { id: `browser-${name}`, type: "button", onclick, disabled };
    return make("button", { ...properties, className: "browser-button" }, text);
  }

  /** The buttons are made anew with the example: the focus stays on the one that was pressed. */
  async function stepByButton(by) {
    const next = hits[hits.indexOf(current) + by];
    if (!next) return;
    await choose(next);
    const [pressed, other] = by < 0 ? ["previous", "next"] : ["next", "previous"];
    (byName(pressed).disabled ? byName(other) : byName(pressed)).focus({ preventScroll: true });
  }

  async function copyLink(entry) {
    const link = location.href.split("#")[0] + linkTo(entry);
    try {
      await navigator.clipboard.writeText(link);
      byName("copy").textContent = "Copied";
    } catch {
      const label = "Link to this example";
      const field = make("input", { readOnly: true, value: link, "aria-label": label });
      byName("copy").replaceWith(field);
      field.select();
    }
  }

  /** Groups and sources of an example. */
  function chips(detail) {
    const sources = detail.sources.map((source) => ["source", source]);
    const all = [...Object.entries(detail.groups), ...sources].map(([name, value]) => {
      const key = make("span", { className: "browser-muted" }, foreign("bdi", name), " ");
      return make("li", { className: "chip" }, key, foreign("bdi", value));
    });
    return make("ul", { className: "browser-chips", "aria-label": "Groups and sources" }, ...all);
  }

  /** A part of the example under a heading of its own. */
  function block(name, heading, ...children) {
    const id = `browser-${name}-title`;
    const whole = make("section", { className: "browser-block", "aria-labelledby": id });
    whole.append(make("h4", { id }, heading), ...children);
    return whole;
  }

  function inputOf(detail) {
    if (detail.input === null) return block("input", "Input", muted("The input is not known."));
    const text = foreign("div", detail.input, "browser-input");
    text.id = "browser-input";
    return block("input", "Input", text);
  }

  function kindOf([place, , similarity]) {
    if (place < 0) return "invented";
    if (similarity === null) return "missed";
    return similarity === 1 ? "matched" : "fuzzy";
  }

  /** The items of the target, and for each method whether it found them. */
  function goldOf(detail) {
    if (detail.gold === null) return block("gold", "Target", muted("The target is not known."));
    const nothing = detail.gold.length ? [] : [muted("Nothing is to be answered.")];
    return block("gold", "Target", ...nothing, goldTable(detail));
  }

  function goldTable(detail) {
    const cells = cellsShown().filter((cell) => detail.answers[cell]?.rows);
    const head = make("tr", {}, columnHead("Item"), ...cells.map(methodHead));
    const rows = detail.gold.map((fields, place) => {
      const marks = cells.map((cell) => foundMark(detail.answers[cell], place));
      return make("tr", {}, make("th", { scope: "row" }, item(fields)), ...marks);
    });
    const last = inventedRow(cells.map((cell) => detail.answers[cell]));
    const table = make("table", { id: "browser-gold", className: "browser-gold" });
    table.append(make("thead", {}, head), make("tbody", {}, ...rows, ...last));
    const region = { tabIndex: 0, role: "region", "aria-label": "Which method found what" };
    return make("div", { ...region, className: "browser-scroll" }, table);
  }

  const columnHead = (text) => make("th", { scope: "col" }, text);

  function methodHead(cell) {
    const { key, method } = meta.cells[cell];
    const head = columnHead(hiddenText(plainText(key)));
    head.title = plainText(key);
    head.prepend(shape(method));
    return head;
  }

  function foundMark(answer, place) {
    const row = answer.rows.find(([target]) => target === place);
    if (!row) return make("td", {}, hiddenText("as an equal item"));
    const kind = kindOf(row);
    const word = kind === "fuzzy" ? `${KINDS.fuzzy.word}, ${figure(row[2])}` : KINDS[kind].word;
    return make("td", { data: { kind }, title: word }, signOf(kind), hiddenText(word));
  }

  /** How much each answer has that is not in the target; no row if none has. */
  function inventedRow(answers) {
    const isInvented = (row) => kindOf(row) === "invented";
    const numbers = answers.map((answer) => answer.rows.filter(isInvented).length);
    if (!numbers.some(Boolean)) return [];
    const cells = numbers.map((number) =>
      number
        ? make("td", { data: { kind: "invented" } }, `+${number}`)
        : make("td", {}, hiddenText("none")),
    );
    const head = make("th", { scope: "row", className: "browser-muted" }, "Invented");
    return [make("tr", {}, head, ...cells)];
  }

  /** What the signs mean, and who paired the items. */
  function legend(detail) {
    const list = make("ul", { className: "browser-legend", "aria-label": "Signs" });
    for (const kind of Object.keys(KINDS)) {
      list.append(make("li", { data: { kind } }, signOf(kind), KINDS[kind].word));
    }
    const answers = cellsShown().map((cell) => detail.answers[cell]);
    const by = new Set(answers.filter((answer) => answer?.rows).map((answer) => answer.by));
    const metrics = [...by].filter((name) => name !== null);
    const ways = metrics.length ? [`as ${metrics.join(" or ")} pairs them`] : [];
    if (by.has(null)) ways.push("where they are plainly equal, since no metric pairs them");
    const text = plainText(`Items are aligned ${ways.join("; others ")}.`);
    if (ways.length) list.append(make("li", { className: "browser-muted" }, text));
    return list;
  }

  // ---------------------------------------------------------------- cards

  function cards(entry, detail) {
    const all = cellsShown().map((cell) => card(entry, detail, cell));
    return make("div", { className: "browser-cards" }, ...all);
  }

  function card(entry, detail, cell) {
    const { key, method } = meta.cells[cell];
    const data = { cell: key, method, outcome: entry.outcomes[cell] };
    const id = `browser-card-${cell}`;
    const whole = make("section", { className: "card browser-card", data, "aria-labelledby": id });
    whole.style.setProperty("--method", meta.colours[method]);
    whole.append(cardHead(entry, cell, id), scoresOf(entry, cell));
    whole.append(...answerOf(detail.answers[cell], detail));
    return whole;
  }

  function cardHead(entry, cell, id) {
    const { method, seed } = meta.cells[cell];
    const outcome = entry.outcomes[cell];
    const heading = make("h4", { id }, shape(method), foreign("bdi", meta.methods[method]));
    if (hasSeeds(method)) heading.append(` seed ${seed}`);
    const head = make("div", { className: "browser-card-head" }, heading);
    if (outcome !== "parsed") head.append(outcomeChip(outcome));
    return head;
  }

  const outcomeChip = (outcome) =>
    make("span", { className: "chip browser-outcome" }, UNPARSED[outcome] ?? plainText(outcome));

  const hasSeeds = (method) => meta.cells.filter((cell) => cell.method === method).length > 1;

  /** The score by the chosen metric, large, with a bar; those by the others beside it. */
  function scoresOf(entry, cell) {
    const main = metricNumber();
    const others = meta.metrics.map((_, n) => n).filter((n) => n !== main);
    const list = make("dl", { className: "browser-scores" });
    for (const n of meta.metrics.length ? [main, ...others] : []) {
      const score = make("dd", {}, figure(entry.scores[cell][n]));
      if (entry.scores[cell][n] === null) score.append(hiddenText("no score"));
      const name = make("dt", {}, plainText(meta.metrics[n].name));
      list.append(make("div", { className: n === main ? "browser-main" : "" }, name, score));
    }
    const bar = make("span", { className: "browser-meter", "aria-hidden": "true" }, make("span"));
    bar.firstChild.style.width = `${100 * share(scoreOf(entry, cell))}%`;
    return make("div", {}, list, bar);
  }

  /** @returns {Node[]} */
  function answerOf(answer, detail) {
    if (!answer) return [muted("No answer to this example is known.")];
    if (answer.failure !== undefined) return [failureOf(answer.failure)];
    const rows = answer.rows.map((row) => itemRow(row, detail));
    const nothing = muted("Nothing was answered, and nothing was to be.");
    const parts = [rows.length ? make("ul", { className: "browser-items" }, ...rows) : nothing];
    if (answer.left) parts.push(leftOut(`${count(answer.left)} more items are left out`));
    const raw = make("summary", {}, "Raw answer");
    parts.push(make("details", { className: "browser-raw" }, raw, rawText(answer)));
    if (answer.usage) parts.push(make("p", { className: "browser-usage" }, usage(answer.usage)));
    return parts;
  }

  function failureOf(reason) {
    const head = make("strong", {}, "No answer could be had: ");
    return make("p", { className: "browser-failure" }, head, foreign("bdi", reason));
  }

  const rawText = (answer) =>
    answer.text === "" ? muted("The answer is empty.") : foreign("pre", answer.text);

  /** An item of the answer, or of the target where the answer lacks it. */
  function itemRow(row, detail) {
    const [place, fields, similarity, times] = row;
    const kind = kindOf(row);
    const target = place < 0 ? null : detail.gold[place];
    const shown = item(fields ?? target, kind === "fuzzy" ? target : undefined);
    const body = make("div", {}, hiddenText(`${KINDS[kind].word}: `), shown);
    if (kind === "fuzzy") body.append(" ", note("browser-similarity", figure(similarity)));
    if (times > 1) body.append(" ", note("browser-times", `×${times}`, hiddenText(" answered")));
    if (fields && target) body.append(note("browser-instead", "target: ", item(target)));
    return make("li", { data: { kind } }, signOf(kind), body);
  }

  const note = (className, ...children) => make("span", { className }, ...children);
  const leftOut = (text) => make("span", { className: "browser-left", dir: "ltr" }, text);

  function usage([sent, answered, seconds]) {
    const parts = [];
    if (typeof sent === "number") parts.push(`${count(sent)} tokens in`);
    if (typeof answered === "number") parts.push(`${count(answered)} out`);
    if (typeof seconds === "number") parts.push(`${seconds.toFixed(seconds < 10 ? 2 : 1)} s`);
    return parts.join(" · ");
  }

  /** Cells that answered nothing at all, with the reason. */
  function absentees() {
    return meta.cells.filter(({ absent }) => absent !== null).map(({ key, absent }) => {
      const line = muted(foreign("bdi", key));
      line.append(" has no answers: ", foreign("bdi", absent));
      return line;
    });
  }

  // ---------------------------------------------------------------- judges

  function verdictsOf(detail) {
    const shown = cellsShown();
    const isShown = (cell) => cell === null || shown.includes(cell);
    const pairs = detail.verdicts.filter(({ cells }) => cells.every(isShown));
    if (!pairs.length) return [];
    const number = `${count(pairs.length)} ${pairs.length === 1 ? "pair" : "pairs"}`;
    const apart = pairs.filter((pair) => conclusion(pair).orders === "disagree").length;
    const summary = make("summary", {}, `What judges said of ${number} of answers`);
    if (apart) summary.append(`, in ${count(apart)} the orders disagree`);
    const open = pairs.length <= OPEN_PAIRS;
    const all = make("details", { id: "browser-verdicts", className: "browser-verdicts", open });
    all.append(summary, make("div", { className: "browser-pairs" }, ...pairs.map(pairOf)));
    return [all];
  }

  function pairOf(pair) {
    const { orders, text } = conclusion(pair);
    const data = { pair: `${pair.a} ${pair.b}`, orders };
    const judge = pair.judge && `judge ${pair.judge}`;
    const who = [judge, pair.comparison, pair.seed && `seed ${pair.seed}`];
    return make(
      "section",
      { className: "browser-pair", data },
      make("h5", {}, contestant(pair, "a"), " against ", contestant(pair, "b")),
      make("p", { className: "browser-conclusion" }, ...text),
      make("ul", {}, ...pair.said.map((said) => saidOf(pair, said))),
      foreign("p", who.filter(Boolean).join(" · "), "browser-usage"),
    );
  }

  function contestant(pair, side) {
    const cell = pair.cells?.[side === "a" ? 0 : 1] ?? null;
    const name = foreign("bdi", pair[side]);
    return cell === null ? name : make("span", {}, shape(meta.cells[cell].method), name);
  }

  /** What the verdicts on a pair come to: `orders` as in the data attribute, and a sentence. */
  function conclusion(pair) {
    const winners = new Set(pair.said.map(({ winner }) => winner));
    const orders = new Set(pair.said.map(({ order }) => order));
    const [winner] = winners;
    const wins = winner === "tie" ? ["a tie."] : [contestant(pair, winner), " is better."];
    if (pair.said.every(({ status }) => status === "auto_tie")) {
      return { orders: "agree", text: ["The answers are equal: a tie, without asking."] };
    }
    if (winners.has(null)) return { orders: "open", text: ["At least one verdict is missing."] };
    if (winners.size > 1) return { orders: "disagree", text: [disagreement(pair, orders)] };
    if (orders.size < 2) return { orders: "open", text: ["Asked in one order only: ", ...wins] };
    return { orders: "agree", text: ["Both orders agree: ", ...wins] };
  }

  function disagreement(pair, orders) {
    const always = (first, other) =>
      pair.said.every(({ winner, order }) => winner === (order === "ab" ? first : other));
    if (always("a", "b")) return "The orders disagree: whichever stands first wins.";
    if (always("b", "a")) return "The orders disagree: whichever stands second wins.";
    return orders.size > 1 ? "The orders disagree." : "The verdicts disagree.";
  }

  function saidOf(pair, { order, status, winner, shares, reason }) {
    const line = make("li", {}, contestant(pair, order === "ba" ? "b" : "a"), " first: ");
    if (winner === "tie") line.append(make("strong", {}, "a tie"));
    else if (winner) line.append(make("strong", {}, contestant(pair, winner)), " is better");
    else line.append(make("strong", {}, `no verdict (${status.replaceAll("_", " ")})`));
    if (shares) {
      const names = { a: pair.a, b: pair.b, tie: "tie" };
      const all = Object.entries(shares).map(([side, part]) => `${names[side]} ${percent(part)}`);
      line.append(" ", foreign("bdi", `(${all.join(", ")})`, "browser-muted"));
    }
    if (reason !== undefined) line.append(foreign("blockquote", reason));
    return line;
  }

  // ---------------------------------------------------------------- fields and keys

  /** @param {[string, string][]} choices value and text; with one of them the field is hidden */
  function fill(field, choices) {
    const options = choices.map(([value, text]) => make("option", { value }, plainText(text)));
    field.replaceChildren(...options);
    field.closest(".browser-field").hidden = choices.length < 2;
  }

  function fillFields() {
    const methods = meta.methods.map((name, number) => [String(number), name]);
    fill(byName("metric"), meta.metrics.map(metricChoice));
    const primary = meta.metrics.findIndex(({ name }) => name === meta.primary);
    byName("metric").value = String(Math.max(0, primary));
    fill(byName("seed"), seeds());
    fill(byName("method"), [["", "any"], ...methods]);
    for (const name of ["a", "b"]) fill(byName(name), [["", "none"], ...methods]);
    fill(byName("kind"), kinds());
    fillSort();
    Object.entries(meta.groups).forEach(([name, values], number) => addGroup(name, values, number));
  }

  const metricChoice = ({ name, direction }, number) => [
    String(number),
    direction === "lower" ? `${name} (lower is better)` : name,
  ];

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
    return find().then(() => current && anew && choose(current, { address: false }));
  }

  let timer = 0;
  function delayed() {
    clearTimeout(timer);
    timer = setTimeout(find, TYPING_MS);
  }

  function clearAll() {
    const metricBefore = valueOf("metric");
    byName("filters").reset();
    byName("metric").value = metricBefore;
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

  // ---------------------------------------------------------------- start

  function onList(event) {
    const link = event.target.closest("a[data-example]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const isStacked = byName("side").offsetWidth > 0.8 * whole().offsetWidth;
    choose(byId.get(link.dataset.example), { focus: isStacked ? "example" : "list" });
  }

  /** Shows the example that the address names, if it names one. */
  function followAddress() {
    const id = idInAddress();
    if (id === null) return false;
    const entry = byId.get(id);
    if (entry) choose(entry, { focus: "example", address: false });
    else showUnknown(id);
    return true;
  }

  function showUnknown(id) {
    current = null;
    const sampled = "It is not among the examples shown here.";
    const what = meta.shown < meta.total ? sampled : "There is no such example.";
    byName("example").replaceChildren(title(foreign("bdi", id)), muted(what));
    delete byName("example").dataset.example;
    showList();
    focusExample();
  }

  function listen() {
    byName("filters").addEventListener("input", onField);
    byName("filters").addEventListener("submit", (event) => event.preventDefault());
    byName("search").addEventListener("focus", () => prepareSearch());
    byName("list").addEventListener("click", onList);
    byName("back").addEventListener("click", () => turnPage(-1));
    byName("on").addEventListener("click", () => turnPage(1));
    byName("clear").addEventListener("click", clearAll);
    byName("help").addEventListener("click", () => byName("keys").showModal());
    document.addEventListener("keydown", onKey);
    window.addEventListener("hashchange", followAddress);
  }

  /** Says in place of the browser why it is not there. */
  function giveUp(text) {
    byName("unavailable").textContent = text;
  }

  async function start() {
    const source = document.getElementById("report-meta");
    if (!source || !whole()) return;
    if (typeof DecompressionStream === "undefined") return giveUp(TOO_OLD);
    try {
      meta = JSON.parse(source.textContent);
      await loadIndex();
    } catch (error) {
      return giveUp(`The answers in this file are damaged: ${error}`);
    }
    if (!entries.length) return giveUp("There are no answers to look at.");
    await open();
  }

  async function open() {
    fillFields();
    byName("unavailable").hidden = true;
    whole().hidden = false;
    listen();
    await find();
    if (!followAddress() && hits.length) await choose(hits[0], { address: false });
    prepareSearch();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
