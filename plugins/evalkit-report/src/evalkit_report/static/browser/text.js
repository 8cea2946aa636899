/* Text that others wrote, shown as it is. */

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
