/* What judges said of pairs of answers, in both orders. */

/** More pairs than these are folded up. */
const OPEN_PAIRS = 6;

function verdictsOf(detail) {
  const shown = cellsShown();
  const isShown = (cell) => cell === null || shown.includes(cell);
  const pairs = detail.verdicts.filter(({ cells }) => cells.every(isShown));
  if (!pairs.length) return [];
  const number = `${count(pairs.length)} ${pairs.length === 1 ? "pair" : "pairs"}`;
  const apart = pairs.filter((pair) => conclusion(pair).orders === "disagree").length;
  const summary = make("summary", {}, `What judges said of ${number} of answers`);
  if (apart) summary.append(`, in ${count(apart)} the orders disagree`);
  const open = pairs.length <= OPEN_PAIRS;
  const all = make("details", { id: "browser-verdicts", className: "browser-verdicts", open });
  all.append(summary, make("div", { className: "browser-pairs" }, ...pairs.map(pairOf)));
  return [all];
}

function pairOf(pair) {
  const { orders, text } = conclusion(pair);
  const data = { pair: `${pair.a} ${pair.b}`, orders };
  const judge = pair.judge && `judge ${pair.judge}`;
  const who = [judge, pair.comparison, pair.seed && `seed ${pair.seed}`];
  return make(
    "section",
    { className: "browser-pair", data },
    make("h5", {}, contestant(pair, "a"), " against ", contestant(pair, "b")),
    make("p", { className: "browser-conclusion" }, ...text),
    make("ul", {}, ...pair.said.map((said) => saidOf(pair, said))),
    foreign("p", who.filter(Boolean).join(" · "), "browser-usage"),
  );
}

function contestant(pair, side) {
  const cell = pair.cells?.[side === "a" ? 0 : 1] ?? null;
  const name = foreign("bdi", pair[side]);
  return cell === null ? name : make("span", {}, shape(meta.cells[cell].method), name);
}

/** What the verdicts on a pair come to: `orders` as in the data attribute, and a sentence. */
function conclusion(pair) {
  const winners = new Set(pair.said.map(({ winner }) => winner));
  const orders = new Set(pair.said.map(({ order }) => order));
  const [winner] = winners;
  const wins = winner === "tie" ? ["a tie."] : [contestant(pair, winner), " is better."];
  if (pair.said.every(({ status }) => status === "auto_tie")) {
    return { orders: "agree", text: ["The answers are equal: a tie, without asking."] };
  }
  if (winners.has(null)) return { orders: "open", text: ["At least one verdict is missing."] };
  if (winners.size > 1) return { orders: "disagree", text: [disagreement(pair, orders)] };
  if (orders.size < 2) return { orders: "open", text: ["Asked in one order only: ", ...wins] };
  return { orders: "agree", text: ["Both orders agree: ", ...wins] };
}

function disagreement(pair, orders) {
  const always = (first, other) =>
    pair.said.every(({ winner, order }) => winner === (order === "ab" ? first : other));
  if (always("a", "b")) return "The orders disagree: whichever stands first wins.";
  if (always("b", "a")) return "The orders disagree: whichever stands second wins.";
  return orders.size > 1 ? "The orders disagree." : "The verdicts disagree.";
}

function saidOf(pair, { order, status, winner, shares, reason }) {
  const line = make("li", {}, contestant(pair, order === "ba" ? "b" : "a"), " first: ");
  if (winner === "tie") line.append(make("strong", {}, "a tie"));
  else if (winner) line.append(make("strong", {}, contestant(pair, winner)), " is better");
  else line.append(make("strong", {}, `no verdict (${status.replaceAll("_", " ")})`));
  if (shares) {
    const names = { a: pair.a, b: pair.b, tie: "tie" };
    const all = Object.entries(shares).map(([side, part]) => `${names[side]} ${percent(part)}`);
    line.append(" ", foreign("bdi", `(${all.join(", ")})`, "browser-muted"));
  }
  if (reason !== undefined) line.append(foreign("blockquote", reason));
  return line;
}
