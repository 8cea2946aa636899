/* The list of the examples found, a page at a time. */

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
  const spoken = hiddenText(`${words}${bad ? `, ${bad} not parsed` : ""}`);
  return make("span", { className: "browser-glance" }, bars, spoken);
}

function barOf(entry, cell) {
  const { method, key } = meta.cells[cell];
  const outcome = entry.outcomes[cell];
  const height = share(scoreOf(entry, cell));
  const bar = make("span", { className: "browser-mini", data: { outcome } });
  if (height === null) bar.dataset.undefined = "";
  const fill = make("span");
  fill.style.height = `${100 * (height ?? 0)}%`;
  fill.style.background = meta.colours[method];
  const score = figure(scoreOf(entry, cell));
  bar.title = plainText(`${key}: ${score}${isBad(outcome) ? `, ${outcome}` : ""}`);
  bar.append(fill);
  return bar;
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
