/* Which cells are shown, and what their answers are worth. */

const metricNumber = () => Number(valueOf("metric"));
const metric = () => meta.metrics[metricNumber()];

/** Numbers of the metrics that give single examples a score; some give one for all together. */
const metricsShown = () => [...meta.metrics.keys()].filter((number) => limits[number] !== null);

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

/** Whether it has several cells, which only their seeds tell apart. */
const hasSeeds = (method) => meta.cells.filter((cell) => cell.method === method).length > 1;

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

/** Whether no method got anything right: every score is the worst possible, or an answer is bad. */
function allFail(entry) {
  const cells = cellsShown().filter((cell) => entry.outcomes[cell] !== "absent");
  return cells.length > 0 && cells.every((cell) => fails(entry, cell));
}

/** An answer that was parsed and has no score, because it is undefined, does not fail. */
function fails(entry, cell) {
  const score = scoreOf(entry, cell);
  return score === null ? isBad(entry.outcomes[cell]) : score === worst();
}

/**
 * Between which values a metric's scores lie: those that are possible; where one has no limit, the
 * least or the greatest that occurs. Null if there are no scores.
 * @returns {[number, number]|null}
 */
function limitsOf(number) {
  let [least, most] = [Infinity, -Infinity];
  for (const score of entries.flatMap((entry) => entry.scores.map((own) => own[number] ?? null))) {
    if (score !== null) [least, most] = [Math.min(least, score), Math.max(most, score)];
  }
  const [lowest, highest] = meta.metrics[number].range ?? [];
  return least === Infinity ? null : [lowest ?? least, highest ?? most];
}

/** Where a score lies between the limits, from 0 to 1; null if there is none. */
function share(score) {
  if (score === null) return null;
  const [least, most] = limits[metricNumber()];
  return most > least ? Math.min(1, Math.max(0, (score - least) / (most - least))) : 1;
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
