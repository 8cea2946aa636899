/* `#example=ID`: the address that names an example. */

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
