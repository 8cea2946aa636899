"""How many decided units it takes to tell two contestants apart.

Source: the normal approximation of the test that a share is one half (Fleiss, "Statistical
Methods for Rates and Proportions", 1981, chapter 3): two-sided at 5%, with a power of 80%.
"""

import math

from scipy.optimize import brentq
from scipy.stats import norm

_ALPHA, _POWER = 0.05, 0.80
_CLOSEST, _FARTHEST = 0.5001, 0.95
"""Shares between which the approximation is used: 0.07 and 512 Elo."""


def decisive_units(share: float) -> int:
    """Units without ties that show that a contestant wins this share of them.

    Args:
        share: other than one half, within (0, 1).
    """
    return math.ceil(_needed(share))


def detectable_elo(units: float) -> float | None:
    """The least difference in Elo that so many decided units show; None if they are too few."""
    if units < _needed(_FARTHEST):
        return None
    if units >= _needed(_CLOSEST):
        return elo_of(_CLOSEST)
    return elo_of(brentq(lambda share: _needed(share) - units, _CLOSEST, _FARTHEST))


def elo_of(share: float) -> float:
    """The difference in Elo at which this share of the units is won."""
    return 400 * math.log10(share / (1 - share))


def _needed(share: float) -> float:
    spread = math.sqrt(share * (1 - share))
    wanted = norm.isf(_ALPHA / 2) * 0.5 + norm.isf(1 - _POWER) * spread
    return float((wanted / (share - 0.5)) ** 2)
