"""Resampling examples and seeds, and the intervals that it gives.

All methods are resampled alike: a replicate draws clusters with replacement, adds up what each
method scored in them and divides, so that the replicates of two methods are paired. Drawing
clusters is counting how often each was drawn, and adding up is then one product of matrices.

Sources: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 13 and 14 (BCa);
Rao and Wu (1988), Resampling inference with complex survey data, JASA 83 (rescaling of few units).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from evalkit.errors import UserError
from evalkit.stats.arrays import NEGLIGIBLE, FloatArray
from evalkit.stats.clusters import Clusters
from evalkit.stats.scores import Scores, ratio

_BLOCK = 2_000_000  # counts that are held at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How often to draw, and which numbers.

    Attributes:
        replicates: of the bootstrap, and swaps of the randomisation test. 9,999 makes the 2.5th
            percentile the 250th of them.
        seed: of the random numbers; the same seed draws the same.
    """

    replicates: int = 9_999
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what says nothing."""
        if self.replicates < 99:
            raise UserError(f"replicates: {self.replicates}", "at least 99; 9,999 is usual")

    def blocks(self, width: int) -> Iterator[slice]:
        """The replicates in blocks, each of them with so many numbers, that fit the memory."""
        rows = max(1, _BLOCK // width)
        for start in range(0, self.replicates, rows):
            yield slice(start, min(start + rows, self.replicates))


def replicate(methods: Sequence[Scores], clusters: Clusters, sampling: Sampling) -> FloatArray:
    """Figures of methods on the same resampled clusters, and on resampled seeds.

    Methods with equally many seeds are taken to have the same ones, and get the same draws. So does
    every other call with this sampling and these clusters, whichever methods it is about: figures,
    differences and decisions rest on the same resamples.

    Returns:
        Shape (methods, replicates); NaN where a replicate's sum below is 0.
    """
    above, below = (
        np.concatenate([clusters.sums(rows) for rows in part]).T
        for part in (
            [method.numerator for method in methods],
            [method.denominator for method in methods],
        )
    )
    blanks = np.concatenate([np.full(method.seeds, method.blank) for method in methods])
    figures = np.empty((sampling.replicates, len(blanks)))
    generator = np.random.default_rng([sampling.seed, 0])
    for rows in sampling.blocks(clusters.unit_count):
        counts = draw(generator, rows.stop - rows.start, clusters.unit_count)
        figures[rows] = ratio(counts @ above, counts @ below, blanks)
    ends = np.cumsum([method.seeds for method in methods])
    each = [(end - method.seeds, end) for method, end in zip(methods, ends, strict=True)]
    return np.stack([_over_seeds(figures[:, start:end], sampling) for start, end in each])


def draw(generator: np.random.Generator, rows: int, units: int) -> FloatArray:
    """How often each unit is drawn when as many are drawn with replacement: (rows, units)."""
    drawn = generator.integers(0, units, size=(rows, units))
    drawn += np.arange(rows)[:, None] * units
    counts = np.bincount(drawn.ravel(), minlength=rows * units)
    return counts.reshape(rows, units).astype(np.float64)


def _over_seeds(figures: FloatArray, sampling: Sampling) -> FloatArray:
    """The mean over resampled seeds: shape (replicates, seeds) to (replicates,).

    Few things drawn from themselves vary too little, by (S-1)/S; their deviations make up for it.
    """
    seeds = figures.shape[1]
    if seeds == 1:
        return figures[:, 0]
    generator = np.random.default_rng([sampling.seed, 1, seeds])
    shares = draw(generator, len(figures), seeds) / seeds
    shares = 1 / seeds + (shares - 1 / seeds) * sqrt(seeds / (seeds - 1))
    return np.asarray((figures * shares).sum(axis=1))


def jackknife(scores: Scores, clusters: Clusters) -> FloatArray:
    """The figure without each unit of resampling; NaN where that is undefined. Shape (units,)."""
    above, below = (
        rows.sum(axis=1, keepdims=True) - clusters.sums(rows)
        for rows in (scores.numerator, scores.denominator)
    )
    return np.asarray(ratio(above, below, scores.blank).mean(axis=0))


def jackknife_error(values: FloatArray) -> float:
    """The standard error that leaving each unit out once shows."""
    deviations = values - values.mean()
    return sqrt((len(values) - 1) / len(values) * float(deviations @ deviations))


def acceleration(values: FloatArray) -> float:
    """How fast the standard error changes with the figure, from the jackknife; NaN if nothing does.

    Source: Efron and Tibshirani (1993), equation 14.15.
    """
    deviations = values.mean() - values
    scale = float((deviations**2).sum()) ** 1.5
    return float((deviations**3).sum()) / (6 * scale) if scale > 0 else np.nan


def half_width(level: float, freedom: float = inf) -> float:
    """How many standard errors an interval reaches to either side: 1.96 for 0.95.

    Few clusters need more, as Student's t does. Percentiles further out make up for it.

    Source: Hesterberg (2015), What teachers should know about the bootstrap, The American
    Statistician 69, section 4.2.
    """
    return float(student.ppf((1 + level) / 2, freedom))


def percentile(replicates: FloatArray, width: float) -> tuple[float, float]:
    """The interval between the percentiles of the replicates that a normal one would have.

    Args:
        replicates: of the figure.
        width: how many standard errors to either side; see ``half_width``.
    """
    return _quantiles(replicates, norm.cdf([-width, width]))


def bca(
    replicates: FloatArray, value: float, leave_one_out: FloatArray, width: float
) -> tuple[float, float] | None:
    """The bias-corrected and accelerated interval.

    Args:
        replicates: of the figure.
        value: the figure.
        leave_one_out: what the jackknife gave.
        width: how many standard errors to either side; see ``half_width``.

    Returns:
        None where it is degenerate: no replicate lies on one side of the figure, no unit changes
        the figure, or the correction is so large that the interval does not hold the figure.

    Source: Efron and Tibshirani (1993), equations 14.9 and 14.14; ties count half.
    """
    slack = NEGLIGIBLE * max(1.0, abs(value))  # rounding decides on no tie
    below = (np.mean(replicates < value - slack) + np.mean(replicates <= value + slack)) / 2
    bias = float(norm.ppf(below))
    speed = acceleration(leave_one_out)
    if not isfinite(bias) or not isfinite(speed):
        return None
    shifted = bias + np.array([-width, width])
    scale = 1 - speed * shifted
    if (scale <= 0).any():
        return None
    low, high = _quantiles(replicates, norm.cdf(bias + shifted / scale))
    return (low, high) if low <= value <= high and low < high else None


def _quantiles(replicates: FloatArray, shares: FloatArray) -> tuple[float, float]:
    """Quantiles of which the k-th of R replicates is that of k/(R+1)."""
    low, high = np.quantile(replicates, shares, method="weibull")
    return float(low), float(high)
