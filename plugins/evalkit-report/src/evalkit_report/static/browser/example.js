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
  await showCurrent();
  if (focus === "example") focusExample();
}

async function showCurrent() {
  const entry = current;
  const area = byName("example");
  area.setAttribute("aria-busy", "true");
  try {
    const all = await details(entry.chunk);
    if (entry === current) showExample(entry, all[entry.place]);
  } catch (error) {
    area.replaceChildren(title("This example cannot be unpacked"), make("p", {}, String(error)));
  }
  area.removeAttribute("aria-busy");
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
