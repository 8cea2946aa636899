/* One card for each answer. */

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

/** The score by the chosen metric, large, with a bar; those by the others beside it. */
function scoresOf(entry, cell) {
  const main = metricNumber();
  const others = metricsShown().filter((n) => n !== main);
  const list = make("dl", { className: "browser-scores" });
  for (const n of metricsShown().length ? [main, ...others] : []) {
    const score = make("dd", {}, figure(entry.scores[cell][n]));
    if (entry.scores[cell][n] === null) score.append(hiddenText("no score"));
    const name = make("dt", {}, plainText(meta.metrics[n].name));
    list.append(make("div", { className: n === main ? "browser-main" : "" }, name, score));
  }
  const height = share(scoreOf(entry, cell));
  if (height === null) return make("div", {}, list);
  const bar = make("span", { className: "browser-meter", "aria-hidden": "true" }, make("span"));
  bar.firstChild.style.width = `${100 * height}%`;
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
