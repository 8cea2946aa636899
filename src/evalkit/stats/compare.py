"""Paired comparisons of methods: the difference, how sure it is, and what it means.

Every function takes scores on the same examples, in the same order. Methods with equally many
seeds are taken to have the same ones, and are compared seed by seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.stats import t as student

from evalkit.errors import UserError
from evalkit.stats.arrays import NEGLIGIBLE, FloatArray
from evalkit.stats.bootstrap import Sampling, jackknife, replicate
from evalkit.stats.clusters import Clusters
from evalkit.stats.estimate import NO_DENOMINATOR, check_examples, sample_of
from evalkit.stats.figure import Figure, Sample, interval_of, notes_on
from evalkit.stats.power import reach
from evalkit.stats.randomisation import Significance, randomisation_tests
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


def compare_methods(
    baseline: Scores,
    method: Scores,
    clusters: Clusters,
    *,
    meaningful: float,
    higher_is_better: bool = True,
    sampling: Sampling | None = None,
) -> Difference:
    """The difference of a method to a baseline. For several, ``compare_all`` draws once.

    Args:
        baseline: its scores.
        method: its scores.
        clusters: of the examples.
        meaningful: the minimum meaningful difference, in units of the figure; 0 or more.
        higher_is_better: whether a positive difference is an improvement.
        sampling: how often to resample, and the seed.

    Raises:
        UserError: numbers of examples differ, or the meaningful difference is negative.
    """
    return compare_all(
        [baseline, method],
        [(0, 1)],
        clusters,
        meaningful=meaningful,
        higher_is_better=higher_is_better,
        sampling=sampling,
    )[0]


def compare_all(
    methods: Sequence[Scores],
    pairs: Sequence[tuple[int, int]],
    clusters: Clusters,
    *,
    meaningful: float,
    higher_is_better: bool = True,
    sampling: Sampling | None = None,
) -> list[Difference]:
    """The differences of pairs of methods, each ``(baseline, method)`` by their indices.

    Otherwise as ``compare_methods``.
    """
    check_examples(methods, clusters)
    if not 0 <= meaningful < np.inf:
        raise UserError(f"minimum meaningful difference: {meaningful}", "a number, 0 or more")
    sampling = sampling or Sampling()
    drawn = replicate(methods, clusters, sampling)
    left_out = [jackknife(method, clusters) for method in methods]
    found = [
        _Pair.of(
            methods[one],
            methods[other],
            clusters,
            replicates=drawn[other] - drawn[one],
            leave_one_out=left_out[other] - left_out[one],
        )
        for one, other in pairs
    ]
    tests = _tests(found, clusters, sampling)
    return [
        pair.difference(test, meaningful, sign=1 if higher_is_better else -1)
        for pair, test in zip(found, tests, strict=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pair:
    """Two methods on the way to their difference. Without a figure, `spread` is the reason."""

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
    ) -> "_Pair":
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
        overlapping = self.clusters.overlapping and isinstance(self.spread, Spread)
        return self.spread.stretch if overlapping else 1.0

    def difference(self, test: Significance | None, meaningful: float, *, sign: int) -> Difference:
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
            significance=test,
            verdict=verdict,
            effect=_effect(figure),
            tally=_tally(self.baseline, self.method, sign),
            detectable=None if error is None else reach() * error,
            needed=needed,
            sample=sample_of(self.clusters, seeds, spread),
            notes=(*notes, *doubt),
        )


def _tests(
    pairs: Sequence[_Pair], clusters: Clusters, sampling: Sampling
) -> list[Significance | None]:
    """By t where seeds are among what was drawn at random, else by randomisation."""
    both = [(pair.baseline, pair.method) for pair in pairs]
    swapped = randomisation_tests(both, clusters, sampling, [pair.stretch for pair in pairs])
    return [_test(pair, one) for pair, one in zip(pairs, swapped, strict=True)]


def _test(pair: _Pair, swapped: Significance | None) -> Significance | None:
    if pair.figure is None or pair.clusters.count <= 1:
        return None
    if isinstance(pair.spread, Spread) and pair.spread.crossed:
        statistic = abs(pair.figure.value) / pair.spread.error
        p = 2 * float(student.sf(statistic, pair.spread.freedom))
        return Significance(p=p, method="t over seeds and examples")
    return swapped


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
