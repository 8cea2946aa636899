"""How much a figure would vary with other examples and other seeds.

Seeds are crossed with examples: every seed answers all of them. The variance of a mean over both
is ``s²/S + e²/n + r²/(S n)``, with the components of seeds, examples and their interaction. Each
is estimated from mean squares, and none is less than 0. The mean squares of examples and of the
interaction respect the clusters.

Sources: Searle, Casella, McCulloch (1992), Variance Components, chapter 4; Satterthwaite (1946),
An approximate distribution of estimates of variance components, Biometrics Bulletin 2; Cameron,
Gelbach, Miller (2011), Robust inference with multiway clustering, JBES 29.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from evalkit.stats.arrays import NEGLIGIBLE, FloatArray, spans
from evalkit.stats.clusters import Clusters, independent


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Variance components of a table of seeds and examples, none less than 0.

    Attributes:
        seeds: variance between seeds, over ever more examples.
        examples: variance between examples, over ever more seeds.
        interaction: what is left; the noise of one answer.
    """

    seeds: float
    examples: float
    interaction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The variance of a figure, and where it comes from.

    Attributes:
        of_examples: the part that more examples make smaller.
        of_seeds: the part that only more seeds make smaller; None where it is not estimated.
        freedom: degrees of freedom of the standard error.
        design_effect: variance by clusters over that of independent examples; None if that is 0.
        stretch: standard error by examples over that which resampling shows.
        crossed: whether seeds make a difference, so that they count as drawn at random.
        notes: what a reader has to know.
    """

    of_examples: float
    of_seeds: float | None
    freedom: float
    design_effect: float | None
    stretch: float
    crossed: bool
    notes: tuple[str, ...] = ()

    @property
    def error(self) -> float:
        """The standard error."""
        return sqrt(self.of_examples + (self.of_seeds or 0.0))


def components(table: FloatArray, clusters: Clusters | None = None) -> Components:
    """Variance components.

    Args:
        table: shape (seeds, examples), at least two of each.
        clusters: of the examples; None means that they are independent.

    Source: Searle, Casella, McCulloch (1992), section 4.3, with estimates below 0 taken as 0.
    """
    seeds, examples = table.shape
    squares = _Squares.of(table, clusters or independent(examples))
    return Components(
        seeds=seeds * squares.seed_part,
        examples=examples * max(0.0, squares.examples - squares.interaction),
        interaction=seeds * examples * squares.interaction,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Squares:
    """Mean squares of a table, each as the variance of the grand mean that it would mean alone."""

    examples: float
    seeds: float
    interaction: float

    @classmethod
    def of(cls, table: FloatArray, clusters: Clusters) -> "_Squares":
        count = len(table)
        means = table.mean(axis=1)
        mean = table.mean(axis=0, keepdims=True)
        examples = float(clusters.variance(mean)[0])
        if count == 1:
            return cls(examples=examples, seeds=0.0, interaction=0.0)
        rest = float(clusters.variance(table - mean).sum()) / (count * (count - 1))
        return cls(
            examples=examples, seeds=float(means.var(ddof=1)) / count, interaction=max(0.0, rest)
        )

    @property
    def seed_part(self) -> float:
        return max(0.0, self.seeds - self.interaction)


def spread_of(tables: Sequence[FloatArray], clusters: Clusters) -> Spread | str:
    """The spread of a sum of means, each over a table of its own seeds and the same examples.

    Args:
        tables: each of shape (its seeds, examples): one for a figure, or for a difference by seed;
            two for the difference of methods that have seeds of their own, the second negated.
        clusters: of the examples.

    Returns:
        The reason where it is undefined.
    """
    mean = np.sum([table.mean(axis=0) for table in tables], axis=0)[None]
    crossed = any(len(table) > 1 and spans(table - table[0]) for table in tables)
    reason = _undefined(mean, clusters, crossed=crossed)
    if reason:
        return reason
    notes = []
    alone = float(independent(clusters.examples).variance(mean)[0])
    together = float(clusters.variance(mean)[0])
    if clusters.overlapping and together <= 0:
        together = alone
        notes.append("examples that share a source vary against each other: taken as independent")
    squares = [_Squares.of(table, clusters) for table in tables]
    of_examples = max(together, sum(one.interaction for one in squares))
    of_seeds = sum(one.seed_part for one in squares)
    if of_examples + of_seeds <= (NEGLIGIBLE * max(1.0, float(np.abs(mean).max()))) ** 2:
        return "undefined, because all clusters give the same: nothing shows how far it may vary"
    shown = float((clusters.sums(mean - mean.mean()) ** 2).sum()) / clusters.examples**2
    if any(len(table) == 1 for table in tables):
        where = " where there is one seed" if crossed else ""
        notes.append(f"seed variance not estimated{where}")
    return Spread(
        of_examples=of_examples,
        of_seeds=of_seeds if max(map(len, tables)) > 1 else None,
        freedom=_freedom(tables, squares, of_examples, clusters.count),
        design_effect=together / alone if alone > 0 else None,
        stretch=sqrt(of_examples / shown) if shown > 0 else 1.0,
        crossed=crossed,
        notes=tuple(notes),
    )


def _undefined(mean: FloatArray, clusters: Clusters, *, crossed: bool) -> str:
    if clusters.examples == 1:
        return "undefined, because there is one example only"
    if clusters.count <= 1:
        return "undefined, because all examples share a source: there is one cluster only"
    if not spans(mean) and not crossed:
        return "undefined, because all examples give the same: nothing shows how far it may vary"
    return ""


def _freedom(
    tables: Sequence[FloatArray], squares: Sequence[_Squares], of_examples: float, count: float
) -> float:
    """Degrees of freedom, by Satterthwaite where seeds add to the variance.

    An estimate of variance with few degrees of freedom counts by its square over these.
    """
    total, doubt = of_examples, of_examples**2 / (count - 1)
    for table, one in zip(tables, squares, strict=True):
        if one.seed_part > 0:
            total += one.seed_part
            doubt += one.seeds**2 / (len(table) - 1)
            doubt += one.interaction**2 / ((len(table) - 1) * (count - 1))
    return total**2 / doubt if doubt > 0 else inf
