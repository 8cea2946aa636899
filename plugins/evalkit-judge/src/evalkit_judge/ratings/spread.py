"""How far the ratings of a group may be off: errors, intervals and ranks, in Elo."""

from dataclasses import dataclass

import numpy as np

from evalkit_judge.ratings.bootstrap import bootstrap
from evalkit_judge.ratings.elo import BASE, NO_SPREAD
from evalkit_judge.ratings.likelihood import Fit, Likelihood
from evalkit_judge.ratings.sandwich import sandwich
from evalkit_judge.ratings.units import Flags, Floats

_PERCENT = (2.5, 97.5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """The spread of the ratings. Numbers are NaN where they are undefined.

    Attributes:
        covariance: ``[contestants, contestants]``.
        se: standard errors.
        bounds: of the intervals, ``[2, contestants]``.
        ranks: the best and the worst, ``[2, contestants]``.
        regularised: which replicates needed the prior.
    """

    covariance: Floats
    se: Floats
    bounds: Floats
    ranks: Floats
    regularised: Flags


def spread(
    likelihood: Likelihood, fit: Fit, to_elo: Floats, *, replicates: int, seed: int
) -> Spread:
    """The spread of ``1500 + to_elo @ theta``; a row of 0 in `to_elo` is the anchor's.

    It is undefined if all examples say the same: nothing then shows how others would differ.
    """
    size = likelihood.size
    covariance = np.full((size, size), np.nan)
    bounds = np.full((2, size), np.nan)
    regularised = np.full(replicates, fit.unbounded.any())
    if len(likelihood.sample.examples) > 1:
        covariance = to_elo @ sandwich(likelihood, fit) @ to_elo.T
        if replicates:
            drawn = bootstrap(likelihood, fit.at, replicates=replicates, seed=seed)
            bounds = np.percentile(BASE + drawn.theta @ to_elo.T, _PERCENT, axis=0)
            regularised = drawn.regularised
    se = np.sqrt(np.maximum(np.diag(covariance), 0))
    anchored = ~to_elo.any(axis=1)
    se[(se < NO_SPREAD) & ~anchored] = np.nan
    bounds[:, (bounds[1] - bounds[0] < NO_SPREAD) & ~anchored] = np.nan
    return Spread(
        covariance=covariance, se=se, bounds=bounds, ranks=ranks(bounds), regularised=regularised
    )


def ranks(bounds: Floats) -> Floats:
    """The best and the worst rank ``[2, contestants]`` that intervals allow, from 1.

    Whoever's interval lies wholly above comes before, whoever's lies wholly below comes after.
    All are NaN if a bound is.
    """
    low, high = bounds
    size = len(low)
    if np.isnan(bounds).any():
        return np.full((2, size), np.nan)
    best = 1 + (low[None, :] > high[:, None]).sum(axis=1)
    worst = size - (high[None, :] < low[:, None]).sum(axis=1)
    return np.stack([best, worst]).astype(np.float64)
