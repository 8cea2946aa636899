/* The example that is shown: its input, its target, and which method found what of it. */

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
