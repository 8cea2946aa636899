/*
 * The example browser: finds examples, and shows the answers of all methods side by side.
 *
 * The scripts of this folder form one, in the order that `page.py` gives, and share a scope.
 * Nothing in them turns text into markup: what models and data sets wrote goes through `showText`.
 *
 * Ids, which tests and other scripts may rely on:
 *   browser              everything; hidden until the script runs
 *   browser-unavailable  the sentence that stands there otherwise
 *   browser-search, -kind, -sort, -metric, -seed, -method, -low, -high, -a, -b   the fields
 *   browser-group-N      the field of group N; data-group has its name
 *   browser-clear        clears all fields but the score and the seed
 *   browser-hits         how many examples were found (a live region)
 *   browser-list         the list; each link has data-example=ID, the current one aria-current
 *   browser-back, -on    turn the page of the list; browser-page says which one it is
 *   browser-example      the example that is shown; data-example=ID, aria-busy while it loads
 *   browser-previous, -next, -copy   buttons of the example
 *   browser-input        its input; browser-gold the table of its target
 *   browser-verdicts     what judges said
 *   browser-help, browser-keys, -keys-on, -keys-close   the list of keys, a dialog
 * Data attributes:
 *   [data-cell=KEY]      a card, with data-method=N and data-outcome=OUTCOME
 *   [data-kind]          an item in a card: matched, fuzzy, missed or invented; in the table of the
 *                        target the same for each method
 *   [data-undefined]     the bar of an answer without a score, in the list
 *   [data-pair]          a pair that a judge compared; data-orders=agree, disagree or open
 * The address `#example=ID` names an example.
 */

/** Examples on a page of the list. */
const PAGE = 50;
const KINDS = {
  matched: { sign: "✓", word: "matched" },
  fuzzy: { sign: "≈", word: "fuzzy-matched" },
  missed: { sign: "−", word: "missed" },
  invented: { sign: "+", word: "invented" },
};
const UNPARSED = {
  malformed: "malformed",
  empty: "empty",
  truncated: "truncated",
  refused: "refused",
  failed: "failed",
  absent: "no answer known",
};

/**
 * @typedef {object} Entry a row of the index
 * @property {string} id
 * @property {string} preview the beginning of its input
 * @property {number|null} length of its input, in characters
 * @property {number[]} groups for each group which value, or -1
 * @property {string[]} outcomes for each cell
 * @property {(number|null)[][]} scores for each cell, by each metric
 * @property {boolean} judged whether a judge has seen it
 * @property {number} position in the data
 * @property {number} chunk which chunk has its details
 * @property {number} place where in the chunk
 */

/** What the page knows of cells, methods, metrics and groups: set once by `start`. */
let meta;
/** @type {Entry[]} in the order of the data */
let entries = [];
/** @type {([number, number]|null)[]} for each metric as `limitsOf` says */
let limits = [];
/** @type {Map<string, Entry>} */
const byId = new Map();
/** @type {Entry[]} those that the fields let through, in the chosen order */
let hits = [];
/** @type {Entry|null} */
let current = null;
let page = 0;
let searches = 0;

/** An element of the browser, by its id without "browser-". */
const byName = (name) => document.getElementById(`browser-${name}`);
const valueOf = (name) => byName(name).value;
