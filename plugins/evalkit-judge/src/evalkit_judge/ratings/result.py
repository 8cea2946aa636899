"""What rating gives."""

from dataclasses import dataclass, field
from typing import TypeAlias

from evalkit_judge.ratings.elo import NO_SPREAD
from evalkit_judge.ratings.units import Floats

Numbers: TypeAlias = tuple[float | None, ...]
Ranks: TypeAlias = tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFit:
    """How a model fits a group.

    Attributes:
        log_likelihood: natural logarithm, without the prior. Ties as halves make it a
            quasi-likelihood, which cannot be compared with Davidson's.
        nu: Davidson's parameter, at least 0: the greater, the more ties; None for Bradley-Terry,
            and where there are no ties or nothing else.
        regularised: whether a prior was needed.
        examples: on how many it rests; those of one source count as one.
    """

    log_likelihood: float
    nu: float | None
    regularised: bool
    examples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Ratings of all contestants. Tuples have one value for each, None where it is undefined.

    Attributes:
        elo: ratings; None for a contestant that met nobody.
        groups: indices of contestants that are linked by comparisons; ratings of different
            groups cannot be compared. Each has the mean 1500, or the anchor has 1500.
        regularised: whether a prior was needed to keep ratings finite.
        se: standard errors in Elo, by the sandwich clustered by example.
        low: lower bounds of the 95% intervals, by the bootstrap over examples.
        high: upper bounds.
        rank_low: best rank within the group that the intervals allow, from 1.
        rank_high: worst rank.
        reasons: why a rating or its error is undefined; None where both are known.
        prior_share: share of replicates that needed the prior; None without replicates.
        fits: one for each group of two or more, in their order.
        covariance: of the ratings, in Elo squared ``[contestants, contestants]``; NaN where
            undefined.
    """

    elo: Numbers
    groups: tuple[tuple[int, ...], ...]
    regularised: bool
    se: Numbers
    low: Numbers
    high: Numbers
    rank_low: Ranks
    rank_high: Ranks
    reasons: tuple[str | None, ...]
    prior_share: float | None
    fits: tuple[GroupFit, ...]
    covariance: Floats = field(compare=False, repr=False)

    def difference(self, i: int, j: int) -> tuple[float | None, float | None]:
        """How far i is above j in Elo, and the standard error of that.

        The error is that of the contrast: the ratings' own errors depend on each other. None and
        None for contestants of different groups; no error where the examples show none.
        """
        first, second = self.elo[i], self.elo[j]
        if first is None or second is None or not any({i, j} <= set(g) for g in self.groups):
            return None, None
        if i == j:
            return 0.0, 0.0
        v = self.covariance
        variance = float(v[i, i] + v[j, j] - 2 * v[i, j])
        return first - second, variance**0.5 if variance > NO_SPREAD**2 else None
