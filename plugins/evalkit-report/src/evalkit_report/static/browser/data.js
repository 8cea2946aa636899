/* What is packed into the page: the index of all examples, and in chunks what is known of each. */

const KEPT_CHUNKS = 6;

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

async function loadIndex() {
  const numbers = Array.from({ length: meta.chunks }, (_, n) => n);
  const pieces = await Promise.all(numbers.map((n) => unpack(`index-${n}`)));
  entries = pieces.flatMap((rows, chunk) => rows.map((row, place) => entryOf(row, chunk, place)));
  entries.sort((one, other) => one.position - other.position);
  for (const entry of entries) byId.set(entry.id, entry);
  limits = meta.metrics.map((_, number) => limitsOf(number));
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
  const next = () => prepareSearch(chunk + 1);
  if (chunk < meta.chunks) later(() => textsOf(chunk).then(next, next));
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
