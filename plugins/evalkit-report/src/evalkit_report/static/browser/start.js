/* Reads the address, follows what people do, and begins. Comes last. */

const TOO_OLD =
  "The answers are packed into this file, and this browser cannot unpack them: it lacks " +
  "DecompressionStream. A newer one can. Everything else on this page can be read.";

function onList(event) {
  const link = event.target.closest("a[data-example]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const entry = byId.get(link.dataset.example);
  const isStacked = byName("side").offsetWidth > 0.8 * whole().offsetWidth;
  choose(entry, { focus: isStacked || entry === current ? "example" : "list" });
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
