"""How far each pair of contestants is apart, how surely, and whether that matters.

The error is that of the difference, by the joint covariance of the ratings; the interval and the
test are Student's, with the examples less one as degrees of freedom (Cameron and Miller, "A
practitioner's guide to cluster-robust inference", Journal of Human Resources 50, 2015, section VI).
All pairs are told: a comparison does not know with which method a suite compares the others, and
the best rated one is known only when it was picked by the same verdicts.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from scipy.stats import t

from evalkit import Contrast, Interval, holm, verdict_of
from evalkit_judge.ratings import ALL_ALIKE, Ratings

_LEVEL, _NARROW = 0.95, 0.90


def contrasts(
    rated: Ratings, names: Sequence[str], *, meaningful: float, validated: float | None
) -> tuple[Contrast, ...]:
    """Every pair of contestants, the later one against the earlier one.

    Args:
        rated: the ratings.
        names: of the contestants.
        meaningful: the least difference in Elo that matters.
        validated: whether the judges can be trusted, as a Standing says it.
    """
    found = [
        _contrast(rated, names, (i, j), meaningful) for j, i in combinations(range(len(names)), 2)
    ]
    adjusted = holm([one.p for one in found])
    return tuple(
        replace(one, p_adjusted=p, validated=validated)
        for one, p in zip(found, adjusted, strict=True)
    )


def _contrast(
    rated: Ratings, names: Sequence[str], pair: tuple[int, int], meaningful: float
) -> Contrast:
    i, j = pair
    known = Contrast(contestant=names[i], against=names[j])
    difference, se = rated.difference(i, j)
    if difference is None or se is None:
        why = _why(rated, names, pair)
        return replace(known, difference=difference, undefined=why)
    freedom = _freedom(rated, i)
    wide, narrow = (_interval(difference, se, freedom, level) for level in (_LEVEL, _NARROW))
    return replace(
        known,
        difference=difference,
        se=se,
        low=wide.low,
        high=wide.high,
        p=float(2 * t.sf(abs(difference) / se, freedom)),
        verdict=verdict_of(wide, narrow, meaningful),
    )


def _freedom(rated: Ratings, i: int) -> int:
    """Degrees of freedom of the errors in the group of a contestant that met somebody."""
    linked = [group for group in rated.groups if len(group) > 1]
    pairs = zip(linked, rated.fits, strict=True)
    return next(fit.examples - 1 for group, fit in pairs if i in group)


def _interval(difference: float, se: float, freedom: int, level: float) -> Interval:
    half = float(se * t.isf((1 - level) / 2, freedom))
    return Interval(low=difference - half, high=difference + half, level=level, method="t")


def _why(rated: Ratings, names: Sequence[str], pair: tuple[int, int]) -> str:
    """Why a difference or its error is undefined."""
    for one in pair:
        if rated.elo[one] is None:
            return f"{names[one]} has no rating: {rated.reasons[one]}"
    if not any(set(pair) <= set(group) for group in rated.groups):
        return "no verdicts link the two"
    return next((why for one in pair if (why := rated.reasons[one])), ALL_ALIKE)
