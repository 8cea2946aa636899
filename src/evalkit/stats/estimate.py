"""What a method scores, with an interval; and replicates of several methods together.

Every function takes scores on the same examples, in the same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np

from evalkit.errors import UserError
from evalkit.stats.arrays import FloatArray
from evalkit.stats.bootstrap import Sampling, half_width, jackknife, replicate
from evalkit.stats.clusters import Clusters
from evalkit.stats.figure import Figure, Sample, interval_of, notes_on
from evalkit.stats.proportions import wilson
from evalkit.stats.scores import Scores
from evalkit.stats.spread import Spread, spread_of
from evalkit.stats.verdict import Interval

NO_DENOMINATOR = "undefined, because the denominators of all examples add up to 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a method scores on examples like these, and how sure that is.

    Attributes:
        value: the figure; None if it is undefined.
        error: its standard error, by clusters and seeds; None if it is undefined.
        interval: its 95% interval; None likewise.
        seed_deviation: by how much the figure varies from seed to seed, as a standard deviation
            over ever more examples; None with one seed.
        sample: what it rests on.
        notes: what is undefined and why, and how the interval was found where that is unusual.
    """

    value: float | None
    error: float | None
    interval: Interval | None
    seed_deviation: float | None
    sample: Sample
    notes: tuple[str, ...] = ()


def estimate(
    method: Scores, clusters: Clusters, *, sampling: Sampling | None = None, level: float = 0.95
) -> Estimate:
    """The figure of one method. For several, ``estimate_all`` draws once."""
    return estimate_all([method], clusters, sampling=sampling, level=level)[0]


def estimate_all(
    methods: Sequence[Scores],
    clusters: Clusters,
    *,
    sampling: Sampling | None = None,
    level: float = 0.95,
) -> list[Estimate]:
    """The figures of methods, in their order.

    Raises:
        UserError: methods or clusters differ in the number of examples.
    """
    check_examples(methods, clusters)
    replicates = replicate(methods, clusters, sampling or Sampling())
    pairs = zip(methods, replicates, strict=True)
    return [_estimate(method, rows, clusters, level) for method, rows in pairs]


def plain_interval(
    method: Scores, clusters: Clusters, *, binary: bool, level: float = 0.95
) -> Interval | str:
    """The interval of a figure without resampling, for many figures of small groups.

    Wilson's of a proportion, else by Student's t, as ``estimate`` has it below 30 clusters.

    Args:
        method: the scores of the group.
        clusters: of the same examples.
        binary: whether the metric finds an example right or wrong. A few examples do not show it.
        level: how often such intervals hold the true value.

    Returns:
        The reason where it is undefined: the figure is, or too little shows how far it may vary.

    Raises:
        UserError: scores and clusters differ in the number of examples.
    """
    check_examples([method], clusters)
    if binary and is_proportion(method, clusters):
        low, high = wilson(int(method.numerator[0].sum()), method.examples, level)
        return Interval(low=low, high=high, level=level, method="Wilson")
    value, table = method.value(), method.linearised()
    if value is None or table is None:
        return NO_DENOMINATOR
    spread = spread_of([table], clusters)
    if isinstance(spread, str):
        return spread
    half = half_width(level, spread.freedom) * spread.error
    if not isfinite(half):
        return f"undefined, because there are only {clusters.count:.1f} clusters"
    return Interval(low=value - half, high=value + half, level=level, method="t")


def joint_replicates(
    methods: Sequence[Scores], clusters: Clusters, *, sampling: Sampling | None = None
) -> FloatArray:
    """Figures of methods on resampled examples and seeds, the same draws for all.

    They vary as much as the figures do: resampling shows too little where clusters are few or
    sources overlap, so all replicates are stretched around their figures, by the factor of the
    method that needs most.

    Returns:
        Shape (methods, replicates); NaN where a figure is undefined.

    Raises:
        UserError: methods or clusters differ in the number of examples.
    """
    check_examples(methods, clusters)
    drawn = replicate(methods, clusters, sampling or Sampling())
    tables = [method.linearised() for method in methods]
    spreads = [spread_of([table], clusters) for table in tables if table is not None]
    factor = max((one.stretch for one in spreads if isinstance(one, Spread)), default=1.0)
    values = np.array([method.by_seed().mean() for method in methods])[:, None]
    return np.asarray(values + factor * (drawn - values))


def check_examples(methods: Sequence[Scores], clusters: Clusters) -> None:
    """Refuse methods that were not scored on the same number of examples."""
    counts = {clusters.examples, *(method.examples for method in methods)}
    if len(counts) > 1:
        raise UserError(
            f"numbers of examples differ: {sorted(counts)}",
            "every method, and the sources, must be of the same examples in the same order",
        )


def sample_of(clusters: Clusters, seeds: int, spread: Spread | str) -> Sample:
    """What a figure rests on."""
    return Sample(
        examples=clusters.examples,
        clusters=int(clusters.count),
        seeds=seeds,
        design_effect=spread.design_effect if isinstance(spread, Spread) else None,
    )


def _estimate(method: Scores, replicates: FloatArray, clusters: Clusters, level: float) -> Estimate:
    value, table = method.value(), method.linearised()
    spread = NO_DENOMINATOR if table is None else spread_of([table], clusters)
    interval = None
    notes: tuple[str, ...] = (spread,) if isinstance(spread, str) else ()
    if value is not None and table is not None and isinstance(spread, Spread):
        figure = Figure(
            value=value,
            tables=[table],
            replicates=replicates,
            leave_one_out=jackknife(method, clusters),
        )
        interval = interval_of(figure, spread, clusters, level)
        notes = notes_on(figure, spread, clusters)
    if is_proportion(method, clusters):
        low, high = wilson(int(method.numerator[0].sum()), method.examples, level)
        interval = Interval(low=low, high=high, level=level, method="Wilson")
        notes = (f"standard error {spread}",) if isinstance(spread, str) else spread.notes
    return Estimate(
        value=value,
        error=spread.error if isinstance(spread, Spread) else None,
        interval=interval,
        seed_deviation=_seed_deviation(method, spread),
        sample=sample_of(clusters, method.seeds, spread),
        notes=notes,
    )


def is_proportion(method: Scores, clusters: Clusters) -> bool:
    """Whether every example was right or wrong, for all seeds alike, and none share a source.

    One example alone does not show that: any figure may be 0 or 1 once.
    """
    if method.examples < 2:
        return False
    alike = (method.numerator == method.numerator[0]).all()
    alone = alike and clusters.cluster_count == clusters.examples
    binary = np.isin(method.numerator, (0, 1)).all() and (method.denominator == 1).all()
    return bool(alone and not clusters.overlapping and binary)


def _seed_deviation(method: Scores, spread: Spread | str) -> float | None:
    if isinstance(spread, str) or spread.of_seeds is None:
        return None
    return sqrt(method.seeds * spread.of_seeds)
