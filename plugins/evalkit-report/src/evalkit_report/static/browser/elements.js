/* Makes the elements that the browser consists of, and writes figures. */

const SVG = "http://www.w3.org/2000/svg";

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

/** Says what is not shown; it stands behind foreign text, and keeps its own direction. */
const leftOut = (text) => make("span", { className: "browser-left", dir: "ltr" }, text);

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
