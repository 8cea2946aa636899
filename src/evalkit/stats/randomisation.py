"""The paired randomisation test: what if the names of two methods were swapped at random?

Were there no difference, either method could have given either answer. Swapping what both scored
in a cluster, for each cluster by the toss of a coin, shows which differences come about by chance.

Sources: Noreen (1989), Computer-intensive Methods for Testing Hypotheses; Yeh (2000), More
accurate tests for the statistical significance of result differences, COLING; Phipson and Smyth
(2010), Permutation p-values should never be zero, SAGMB 9 (the 1 that is added).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from evalkit.errors import UserError
from evalkit.stats.arrays import NEGLIGIBLE, FloatArray
from evalkit.stats.bootstrap import Sampling
from evalkit.stats.clusters import Clusters
from evalkit.stats.scores import Scores, ratio

EXACT_UP_TO: Final = 14
"""With so many clusters all swaps are tried, 16,384 of them; with more, some are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Significance:
    """What a test of the null hypothesis, that there is no difference, has found.

    Attributes:
        p: probability of a difference at least as large by chance, in (0, 1].
        method: how it was found, in words.
    """

    p: float
    method: str


def randomisation_tests(
    pairs: Sequence[tuple[Scores, Scores]],
    clusters: Clusters,
    sampling: Sampling,
    stretch: Sequence[float],
) -> list[Significance | None]:
    """Two-sided tests of several pairs of methods, by the same swaps.

    Args:
        pairs: the methods; with several seeds, what a cluster scored is the mean over them.
        clusters: of the examples, which are swapped together.
        sampling: how many swaps to draw where there are too many to try them all.
        stretch: for each pair, by how much its difference varies more than swaps show, as they
            take the units of resampling for independent; 1 where these are clusters.

    Returns:
        None where swaps lead to a figure that is undefined.
    """
    if not pairs:
        return []
    sums = [_Sums.of(one, other, clusters) for one, other in pairs]
    observed = np.array([pair.observed for pair in sums])
    above = np.stack([pair.above for pair in sums], axis=1)
    below = np.stack([pair.below for pair in sums], axis=1)
    least = np.abs(observed) - NEGLIGIBLE
    reached = np.zeros(len(pairs))
    exact = clusters.unit_count <= EXACT_UP_TO
    tries = 0
    for swaps in _all(clusters.unit_count) if exact else _drawn(clusters.unit_count, sampling):
        moved = zip(sums, (swaps @ above).T, (swaps @ below).T, strict=True)
        found = np.array([pair.difference(up, down) for pair, up, down in moved])
        reached += _reached(np.abs(found) * np.asarray(stretch)[:, None], least)
        tries += len(swaps)
    if exact:
        name, p = "exact randomisation", reached / tries
    else:
        name, p = "approximate randomisation", (1 + reached) / (1 + tries)
    return [None if np.isnan(one) else Significance(p=float(one), method=name) for one in p]


def _reached(sizes: FloatArray, least: FloatArray) -> FloatArray:
    """How many differences are as large as the least; NaN where one is undefined."""
    undefined = np.isnan(sizes).any(axis=1)
    return np.where(undefined, np.nan, (sizes >= least[:, None]).sum(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sums:
    """What a pair of methods scored: totals, and what swapping each unit moves between them."""

    totals: FloatArray
    above: FloatArray
    below: FloatArray
    blanks: tuple[float, float]

    @classmethod
    def of(cls, one: Scores, other: Scores, clusters: Clusters) -> "_Sums":
        if one.examples != other.examples:
            raise UserError(
                f"scores of {one.examples} and of {other.examples} examples",
                "paired comparisons need both methods on the same examples",
            )
        units = clusters.sums(np.stack([*one.without_seeds(), *other.without_seeds()]))
        return cls(
            totals=units.sum(axis=1),
            above=units[2] - units[0],
            below=units[3] - units[1],
            blanks=(one.blank, other.blank),
        )

    @property
    def observed(self) -> float:
        nothing = np.zeros(1)
        return float(self.difference(nothing, nothing)[0])

    def difference(self, above: FloatArray, below: FloatArray) -> FloatArray:
        """The second method less the first, after so much has moved from it to the first."""
        first = ratio(self.totals[0] + above, self.totals[1] + below, self.blanks[0])
        second = ratio(self.totals[2] - above, self.totals[3] - below, self.blanks[1])
        return second - first


def _all(units: int) -> Iterator[FloatArray]:
    """Every way to swap units: shape (2^units, units)."""
    yield ((np.arange(2**units)[:, None] >> np.arange(units)) & 1).astype(np.float64)


def _drawn(units: int, sampling: Sampling) -> Iterator[FloatArray]:
    """Random ways to swap units, in blocks of shape (swaps, units)."""
    generator = np.random.default_rng([sampling.seed, 2])
    for rows in sampling.blocks(units):
        size = (rows.stop - rows.start, units)
        yield generator.integers(0, 2, size=size, dtype=np.int8).astype(np.float64)
