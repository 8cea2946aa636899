"""Two learning curves, and how much the gap between them may vary at any size. Pure."""

from dataclasses import dataclass

import numpy as np

from evalkit.stats.arrays import FloatArray
from evalkit.stats.clusters import Clusters
from evalkit.stats.estimate import NO_DENOMINATOR
from evalkit.stats.spread import Spread, spread_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A learning curve, better upwards.

    Attributes:
        name: what it is called.
        sizes: the measured sizes, growing, more than 0; none means that it is flat everywhere.
        values: the figure at each size, or the one figure of a flat curve.
        replicates: of these figures, resampled jointly with those of all other curves; of shape
            (figures, replicates).
        tables: for each figure what the examples add to it, a row for each seed; better upwards.
            None of them: where only replicates are known.
    """

    name: str
    sizes: tuple[float, ...]
    values: FloatArray
    replicates: FloatArray
    tables: tuple[FloatArray, ...] = ()

    def weights(self, sizes: FloatArray) -> FloatArray:
        """How much each figure counts at sizes within its range: shape (figures, sizes)."""
        if not self.sizes:
            return np.ones((1, len(sizes)))
        own, unit = np.log(self.sizes), np.eye(len(self.sizes))
        return np.stack([np.interp(np.log(sizes), own, row) for row in unit])

    def at(self, sizes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The figures at sizes within its range, and replicates of shape (replicates, sizes)."""
        weights = self.weights(sizes)
        return self.values @ weights, self.replicates.T @ weights


def shared_range(first: Curve, second: Curve) -> tuple[float, float] | str:
    """The range of sizes that both have, or why there is none."""
    ranges = [(curve.sizes[0], curve.sizes[-1]) for curve in (first, second) if curve.sizes]
    low, high = max(start for start, _ in ranges), min(end for _, end in ranges)
    if low < high:
        return low, high
    texts = " and ".join(f"{start:g} to {end:g}" for start, end in ranges)
    return f"the measured ranges do not overlap: {texts}"


def spreads_of_gap(
    first: Curve, second: Curve, sizes: FloatArray, clusters: Clusters
) -> list[Spread | str]:
    """How much the difference of two curves may vary at each size; or why that is undefined.

    Figures of equally many seeds are taken to have the same ones, as those of a difference are.
    """
    if not first.tables or not second.tables:
        return [NO_DENOMINATOR] * len(sizes)
    tables = [*first.tables, *second.tables]
    weights = np.concatenate([first.weights(sizes), -second.weights(sizes)])
    return [spread_of(_by_seeds(tables, column), clusters) for column in weights.T]


def _by_seeds(tables: list[FloatArray], weights: FloatArray) -> list[FloatArray]:
    """The weighted sum of the tables of each number of seeds."""
    found: dict[int, FloatArray] = {}
    for weight, table in zip(weights, tables, strict=True):
        found[len(table)] = found.get(len(table), np.zeros(1)) + weight * table
    return list(found.values())
