"""What the verdicts themselves tell of a judge: places, gold answers, circles.

These checks ask no question of their own. Sources: Zheng et al., "Judging LLM-as-a-Judge with
MT-Bench and Chatbot Arena" (2023, https://arxiv.org/abs/2306.05685), for the bias of places;
Kendall and Babington Smith, "On the method of paired comparisons", Biometrika 31 (1940), for
circular triads; Wilson, "Probable inference, the law of succession, and statistical inference",
JASA 22 (1927), for the bound of a share.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, norm

from evalkit_judge.lineup import GOLD, Lineup
from evalkit_judge.tally import Outcome, winner


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Whether the order of the answers decided, in units that were judged in both orders.

    Attributes:
        consistent: both orders have the same winner, or none.
        first: the answer shown first did better in its place than in the other.
        second: the answer shown second did.
    """

    consistent: int
    first: int
    second: int

    @property
    def units(self) -> int:
        """How many units there are."""
        return self.consistent + self.first + self.second

    @property
    def consistency(self) -> float:
        """Share of consistent units."""
        return self.consistent / self.units

    @property
    def bias(self) -> float | None:
        """The p of a two-sided binomial test for a favoured place; None if no unit differs."""
        swayed = self.first + self.second
        return float(binomtest(self.first, swayed).pvalue) if swayed else None


def position(units: Iterable[Outcome]) -> Position | None:
    """How often the order decided; None if no unit was judged in both orders."""
    shifts = []
    for outcome in units:
        if len(outcome.by_order) == 2 and set(outcome.statuses) == {"ok"}:
            ab, ba = outcome.by_order
            assert ab is not None
            assert ba is not None
            shifts.append(0.0 if winner(ab) == winner(ba) else ab - ba)
    if not shifts:
        return None
    first = sum(shift > 0 for shift in shifts)
    second = sum(shift < 0 for shift in shifts)
    return Position(consistent=len(shifts) - first - second, first=first, second=second)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldScore:
    """How the gold answers did against one method.

    Attributes:
        units: how many have a verdict.
        score: the mean of the gold answers, in [0, 1].
        low: its lower bound, of a 95% interval.
    """

    units: int
    score: float
    low: float


def gold_scores(lineup: Lineup, units: Iterable[Outcome]) -> Mapping[str, GoldScore | None]:
    """Method -> how the gold answers did against it; None without a verdict of the judge.

    Ties of equal answers are no verdicts: a method that is nearly always right speaks for itself,
    not against the judge. Without the gold answers there is nothing.
    """
    if not lineup.gold:
        return {}
    found: dict[str, list[tuple[float, str]]] = {c: [] for c in lineup.contestants if c != GOLD}
    sources = lineup.sources
    for outcome in units:
        if outcome.score is None or outcome.tied_unasked:
            continue
        if outcome.unit.b == GOLD:
            source = sources[outcome.unit.example]
            found[outcome.unit.a].append((1 - outcome.score, source))
    return {method: _gold_score(own) for method, own in found.items()}


def _gold_score(scored: Sequence[tuple[float, str]]) -> GoldScore | None:
    if not scored:
        return None
    mean = sum(score for score, _ in scored) / len(scored)
    sources = len({source for _, source in scored})
    return GoldScore(units=len(scored), score=mean, low=lower_bound(mean, sources))


def lower_bound(share: float, count: int) -> float:
    """Wilson's lower bound of a share, or of a mean in [0, 1], which varies no more.

    Args:
        share: the mean.
        count: how many independent values it is of: examples of one source count as one.
    """
    z = float(norm.isf(0.025))
    middle = share + z**2 / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return max(0.0, (middle - spread) / (1 + z**2 / count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Triads:
    """Three contestants on one example, each pair of them decided.

    Attributes:
        decided: how many there are.
        cyclic: in how many each of the three beats one and loses to another.
    """

    decided: int
    cyclic: int

    @property
    def share(self) -> float | None:
        """Share of cyclic triads; None without a decided one. One quarter is pure chance."""
        return self.cyclic / self.decided if self.decided else None


def triads(lineup: Lineup, units: Iterable[Outcome]) -> Triads:
    """The triads over all examples, counted by the traces of powers of who-beat-whom."""
    row = {example.id: i for i, example in enumerate(lineup.sample)}
    index = {name: i for i, name in enumerate(lineup.contestants)}
    beat = np.zeros((len(row), len(index), len(index)))
    for outcome in units:
        if outcome.score is not None and outcome.score != 0.5:
            a, b = index[outcome.unit.a], index[outcome.unit.b]
            better, worse = (a, b) if outcome.score > 0.5 else (b, a)
            beat[row[outcome.unit.example], better, worse] = 1
    met = beat + beat.swapaxes(1, 2)
    return Triads(decided=round(_closed(met) / 6), cyclic=round(_closed(beat) / 3))


def _closed(arcs: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> float:
    """Closed walks of three steps; each triangle has three in every direction."""
    return float(np.einsum("eij,eji->", arcs @ arcs, arcs))
