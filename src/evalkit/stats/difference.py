"""The difference of two methods: how large it is, how sure, and what it means."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from evalkit.stats.arrays import NEGLIGIBLE, FloatArray
from evalkit.stats.clusters import Clusters
from evalkit.stats.estimate import NO_DENOMINATOR, is_proportion, sample_of
from evalkit.stats.figure import Figure, Sample, interval_of, notes_on, t_test
from evalkit.stats.power import reach
from evalkit.stats.proportions import mcnemar
from evalkit.stats.randomisation import Significance
from evalkit.stats.scores import Scores
from evalkit.stats.spread import Spread, spread_of
from evalkit.stats.verdict import Interval, Verdict, verdict_of

LEVEL, NARROW = 0.95, 0.90


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """On how many examples a method was better than the baseline, as good, and worse.

    Examples on which either figure is undefined are in none of them.
    """

    wins: int
    ties: int
    losses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a method differs from a baseline. What is undefined is None, and the notes say why.

    Attributes:
        value: the method's figure less the baseline's.
        error: its standard error, by clusters and seeds.
        interval: its 95% interval.
        narrow: its 90% interval, by which equivalence is judged.
        significance: the test of no difference, not corrected for the number of comparisons.
        verdict: what the intervals mean against the minimum meaningful difference.
        effect: the difference in standard deviations over examples (d_z).
        tally: wins, ties and losses over examples.
        detectable: the least true difference that this comparison finds in 4 of 5 cases.
        needed: how many examples would find the minimum meaningful difference in 4 of 5 cases.
        sample: what the difference rests on.
        notes: what is undefined and why, and how figures were found where that is unusual.
    """

    value: float | None
    error: float | None
    interval: Interval | None
    narrow: Interval | None
    significance: Significance | None
    verdict: Verdict | None
    effect: float | None
    tally: Tally
    detectable: float | None
    needed: int | None
    sample: Sample
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """Two methods on the way to their difference.

    Attributes:
        baseline: its scores.
        method: its scores.
        clusters: of the examples.
        figure: the difference; None if it is undefined.
        spread: its spread; the reason where that is undefined.
    """

    baseline: Scores
    method: Scores
    clusters: Clusters
    figure: Figure | None
    spread: Spread | str

    @classmethod
    def of(
        cls,
        baseline: Scores,
        method: Scores,
        clusters: Clusters,
        *,
        replicates: FloatArray,
        leave_one_out: FloatArray,
    ) -> "Pair":
        """The pair, with replicates and jackknife of its difference."""
        first, second = baseline.linearised(), method.linearised()
        spread: Spread | str = NO_DENOMINATOR
        figure = None
        if first is not None and second is not None:
            same = len(first) == len(second)
            tables = [second - first] if same else [second, -first]
            spread = spread_of(tables, clusters)
            figure = Figure(
                value=float(second.mean() - first.mean()),
                tables=tables,
                replicates=replicates,
                leave_one_out=leave_one_out,
            )
        return cls(
            baseline=baseline, method=method, clusters=clusters, figure=figure, spread=spread
        )

    @property
    def stretch(self) -> float:
        """By how much the difference varies more than swaps of independent units show."""
        if isinstance(self.spread, str) or not self.clusters.overlapping:
            return 1.0
        return self.spread.stretch

    def test(self, swapped: Significance | None) -> Significance | None:
        """The test of no difference: by t where seeds are drawn at random too, else by swaps.

        McNemar's test is that of all swaps where each example is right or wrong.
        """
        if self.figure is None or self.clusters.count <= 1:
            return None
        if all(is_proportion(one, self.clusters) for one in (self.baseline, self.method)):
            gains = self.method.numerator[0] - self.baseline.numerator[0]
            found = mcnemar(int((gains < 0).sum()), int((gains > 0).sum()))
            return Significance(p=found.exact, method="exact McNemar")
        if isinstance(self.spread, Spread) and self.spread.crossed:
            return t_test(self.figure.value, self.spread)
        return swapped

    def difference(
        self, swapped: Significance | None, meaningful: float, *, sign: int
    ) -> Difference:
        """All that is to say about it; `sign` is -1 if lower figures are better."""
        spread, figure = self.spread, self.figure
        seeds = min(self.baseline.seeds, self.method.seeds)
        interval = narrow = verdict = error = None
        notes: tuple[str, ...] = (spread,) if isinstance(spread, str) else ()
        if figure is not None and isinstance(spread, Spread):
            error = spread.error
            interval, narrow = (
                interval_of(figure, spread, self.clusters, level) for level in (LEVEL, NARROW)
            )
            verdict = verdict_of(interval, narrow, meaningful, higher_is_better=sign > 0)
            notes = notes_on(figure, spread, self.clusters)
        needed, doubt = _needed(spread, self.clusters.examples, meaningful)
        return Difference(
            value=_value(self.baseline, self.method),
            error=error,
            interval=interval,
            narrow=narrow,
            significance=self.test(swapped),
            verdict=verdict,
            effect=_effect(figure),
            tally=_tally(self.baseline, self.method, sign),
            detectable=None if error is None else reach() * error,
            needed=needed,
            sample=sample_of(self.clusters, seeds, spread),
            notes=(*notes, *doubt),
        )


def _value(baseline: Scores, method: Scores) -> float | None:
    first, second = baseline.value(), method.value()
    return None if first is None or second is None else second - first


def _effect(figure: Figure | None) -> float | None:
    """The difference over its standard deviation between examples; None if there is none."""
    if figure is None:
        return None
    each = np.sum([table.mean(axis=0) for table in figure.tables], axis=0)
    deviation = float(each.std(ddof=1)) if len(each) > 1 else 0.0
    return figure.value / deviation if deviation > NEGLIGIBLE else None


def _tally(baseline: Scores, method: Scores, sign: int) -> Tally:
    gains = sign * (method.by_example() - baseline.by_example())
    return Tally(
        wins=int((gains > NEGLIGIBLE).sum()),
        ties=int((np.abs(gains) <= NEGLIGIBLE).sum()),
        losses=int((gains < -NEGLIGIBLE).sum()),
    )


def _needed(
    spread: Spread | str, examples: int, meaningful: float
) -> tuple[int | None, tuple[str, ...]]:
    """How many examples would find a meaningful difference, and what else stands in the way."""
    if isinstance(spread, str) or meaningful == 0:
        return None, ()
    room = (meaningful / reach()) ** 2 - (spread.of_seeds or 0.0)
    if room <= 0:
        return None, ("seeds vary so much that only more of them can show a meaningful difference",)
    return ceil(examples * spread.of_examples / room), ()
