"""Quality against cost: which methods are worth a look, and which one to take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import UserError
from evalkit.stats.arrays import FloatArray, finite

SURE: Final = 0.95
"""The probability with which a cheaper method must be as good as the best to be recommended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Which method to take.

    Attributes:
        best: index of the method with the best figure; of several, the cheapest.
        chosen: index of the cheapest method that is as good for all that matters; None if the best
            is not the cheapest and no cheaper equivalent was demonstrated.
        as_good: for each method the probability that it is worse than the best by less than the
            meaningful difference.
    """

    best: int
    chosen: int | None
    as_good: tuple[float, ...]


def front(costs: ArrayLike, figures: ArrayLike) -> NDArray[np.bool_]:
    """Which methods are not dominated: no other costs no more, is no worse, and differs.

    Args:
        costs: of the methods; shape (methods,) or (methods, replicates).
        figures: higher is better; likewise.

    Returns:
        The broader of both shapes. Methods that are the same in both are both kept.

    Raises:
        UserError: a number is not finite.
    """
    paid, reached = _together(costs, figures)
    dominated = np.zeros(paid.shape, dtype=bool)
    for cost, figure in zip(paid, reached, strict=True):
        no_worse = (cost <= paid) & (figure >= reached)
        dominated |= no_worse & ((cost < paid) | (figure > reached))
    return ~dominated


def front_shares(costs: ArrayLike, figures: ArrayLike) -> FloatArray:
    """The share of joint replicates in which each method is not dominated. Shape (methods,).

    Args:
        costs: shape (methods,) or (methods, replicates).
        figures: replicates of the methods on the same draws, shape (methods, replicates).
    """
    return np.asarray(np.atleast_2d(front(costs, figures)).mean(axis=1))


def recommend(
    costs: Sequence[float], values: Sequence[float], replicates: ArrayLike, meaningful: float
) -> Recommendation:
    """The cheapest method that is not worse than the best by a meaningful difference.

    Args:
        costs: of the methods.
        values: their figures, higher is better.
        replicates: of the figures on the same draws, shape (methods, replicates).
        meaningful: the minimum meaningful difference, more than 0.

    Raises:
        UserError: a number is not finite, shapes differ, or no difference is meaningful.
    """
    paid, reached = _together(costs, values)
    drawn = finite(replicates, "replicates of figures")
    if drawn.ndim != 2 or len(drawn) != len(paid) or not meaningful > 0:
        raise UserError(
            f"recommendation: {len(paid)} methods, replicates of shape {drawn.shape}, "
            f"meaningful difference {meaningful}",
            "a row of replicates for each method, and a difference above 0",
        )
    best = int(np.lexsort((paid, -reached))[0])
    as_good = (drawn[best] - drawn < meaningful).mean(axis=1)
    good = np.flatnonzero(as_good >= SURE)
    chosen = int(good[np.argmin(paid[good])])
    demonstrated = paid[chosen] < paid[best] or paid[best] <= paid.min()
    return Recommendation(
        best=best,
        chosen=chosen if demonstrated else None,
        as_good=tuple(as_good.tolist()),
    )


def _together(costs: ArrayLike, figures: ArrayLike) -> tuple[FloatArray, FloatArray]:
    paid, reached = finite(costs, "costs of methods"), finite(figures, "figures of methods")
    if paid.ndim < reached.ndim:
        paid = paid[:, None]
    elif reached.ndim < paid.ndim:
        reached = reached[:, None]
    if len(paid) != len(reached):
        raise UserError(
            f"costs of {len(paid)} methods, figures of {len(reached)}", "one of each for a method"
        )
    paid, reached = np.broadcast_arrays(paid, reached)
    return paid, reached
