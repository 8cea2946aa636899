/* The target of the example, and which answers have its items. */

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
  if (!row) return make("td", {}, hiddenText(answer.left ? "left out" : "as an equal item"));
  const kind = kindOf(row);
  const word = kind === "fuzzy" ? `${KINDS.fuzzy.word}, ${figure(row[2])}` : KINDS[kind].word;
  return make("td", { data: { kind }, title: word }, signOf(kind), hiddenText(word));
}

/** How much each answer has that is not in the target; no row if none has. */
function inventedRow(answers) {
  const isInvented = (row) => kindOf(row) === "invented";
  const numbers = answers.map((answer) => answer.rows.filter(isInvented).length);
  if (!numbers.some(Boolean)) return [];
  const cells = numbers.map((number, n) =>
    number
      ? make("td", { data: { kind: "invented" } }, `+${number}${answers[n].left ? " or more" : ""}`)
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
