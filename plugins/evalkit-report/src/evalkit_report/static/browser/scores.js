/* Which cells are shown, and what their answers are worth. */

const metricNumber = () => Number(valueOf("metric"));
const metric = () => meta.metrics[metricNumber()];

/** Numbers of the cells whose answers are shown: of each method that of the chosen seed. */
function cellsShown() {
  const seed = valueOf("seed");
  const all = [...meta.cells.keys()].filter((number) => meta.cells[number].absent === null);
  if (seed === "all") return all;
  return meta.methods.flatMap((_, method) => {
    const own = all.filter((number) => meta.cells[number].method === method);
    return own.find((number) => String(meta.cells[number].seed) === seed) ?? own[0] ?? [];
  });
}

const cellOf = (method) => cellsShown().find((number) => meta.cells[number].method === method);

function scoreOf(entry, cell) {
  return cell === undefined ? null : (entry.scores[cell][metricNumber()] ?? null);
}

function knownScores(entry) {
  const values = cellsShown().map((cell) => scoreOf(entry, cell));
  return values.filter((value) => value !== null);
}

const isLower = () => metric()?.direction === "lower";

/** The worst value that a score can have; null if there is none. */
const worst = () => metric()?.range?.[isLower() ? 1 : 0] ?? null;

const isBad = (outcome) => outcome !== "parsed" && outcome !== "absent";

/** Whether no method got anything right: every score is the worst possible, or there is none. */
function allFail(entry) {
  const cells = cellsShown().filter((cell) => entry.outcomes[cell] !== "absent");
  const fails = (cell) => [null, worst()].includes(scoreOf(entry, cell));
  return cells.length > 0 && worst() !== null && cells.every(fails);
}

/** How far the best and the worst of the methods are apart. */
function spread(entry) {
  const values = knownScores(entry);
  return values.length > 1 ? Math.max(...values) - Math.min(...values) : null;
}

function mean(entry) {
  const values = knownScores(entry);
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

/** By how much method A of the comparison scores above method B. */
function lead(entry) {
  const [a, b] = ["a", "b"].map((name) => scoreOf(entry, comparedCell(name)));
  return a === null || b === null ? null : a - b;
}

const comparedCell = (name) => (valueOf(name) ? cellOf(Number(valueOf(name))) : undefined);
const isComparing = () => valueOf("a") !== "" && valueOf("b") !== "";
