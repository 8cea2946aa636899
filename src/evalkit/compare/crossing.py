"""Where one learning curve overtakes another, and how sure that is. Pure.

Between measured sizes a curve is a straight line over the logarithm of the size; beyond them
nothing is said. A curve overtakes another at the last size at which it is not ahead, if it is ahead
from there to the end of the range that both share. The same is asked of every joint resample: one
in which it is ahead throughout counts as overtaking below the range, one in which it is not ahead
at the end as above it, so that an end of the interval may lie outside the range, where it is not
known.

Where the interval of a difference would be by Student's t, as there are few clusters or few seeds,
that of a crossing is too. It then reaches from the last size at which the interval of the
difference shows the curve behind to the last one at which it does not show it ahead: these are the
sizes at which the t test finds no difference.

Sources: for the interval, Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13
(percentiles); Fieller (1954), Some problems in interval estimation, JRSS B 16 (where a line with an
error passes 0).
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from evalkit.compare.gaps import Curve, shared_range, spreads_of_gap
from evalkit.stats.arrays import NEGLIGIBLE, FloatArray
from evalkit.stats.bootstrap import half_width
from evalkit.stats.clusters import Clusters
from evalkit.stats.difference import LEVEL
from evalkit.stats.spread import Spread

_STEPS = 32  # from one measured size to the next; between two of them the interval is taken as even
_TAIL = 0.025  # of the 95% interval, on each side


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Where one curve overtakes another.

    Attributes:
        ahead: the curve that is ahead at the end of the shared range.
        behind: the other one.
        within: the shared range of sizes.
        size: the size at which it overtakes; None if it is ahead in all of the range.
        low: lower end of the 95% interval of that size; None if it lies below the range.
        high: its upper end; None if it lies above the range.
        interval: how it was found: ``percentile`` or ``t``.
        share: share of resamples in which it overtakes within the range.
        throughout: share of resamples in which it is ahead in all of the range.
    """

    ahead: str
    behind: str
    within: tuple[float, float]
    size: float | None
    low: float | None
    high: float | None
    interval: str
    share: float
    throughout: float

    def told(self, by: str) -> str:
        """It in words, for sizes that are called so."""
        low, high = self.within
        where = f"{low:g} to {high:g} {by}"
        start = f"below {low:g}" if self.low is None else f"{self.low:.3g}"
        end = f"above {high:g}" if self.high is None else f"{self.high:.3g}"
        ends = f"[95%{' by t' if self.interval == 't' else ''}: {start} to {end}]"
        if self.size is None:
            sure = f"as in {self.throughout:.0%} of resamples"
            throughout = f"{self.ahead} is ahead of {self.behind} throughout {where}, {sure}"
            return f"{throughout}; it overtakes {ends}"
        found = f"{self.ahead} overtakes {self.behind} at {self.size:.3g} {by} {ends}"
        return f"{found}, within {where} in {self.share:.0%} of resamples"


def crossing_of(
    first: Curve, second: Curve, *, few: bool = False, clusters: Clusters | None = None
) -> Crossing | str:
    """Where the curve that is ahead at the end overtakes the other; or why that is undefined.

    Args:
        first: one curve.
        second: another one.
        few: whether there are so few clusters that the interval is by t, and that resamples which
            are all the same show nothing.
        clusters: which examples of the tables vary together; None where there are no tables.
    """
    within = shared_range(first, second)
    if isinstance(within, str):
        return within
    low, high = within
    measured = [size for curve in (first, second) for size in curve.sizes if low <= size <= high]
    sizes = np.unique([low, high, *measured])
    (own, own_drawn), (other, other_drawn) = first.at(sizes), second.at(sizes)
    gap, drawn = own - other, own_drawn - other_drawn
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    if not len(drawn):
        return "resamples leave a figure undefined"
    if few and (np.ptp(drawn, axis=0) < NEGLIGIBLE).all():
        return "all resamples are the same: nothing shows how far it may vary"
    if gap[-1] == 0:
        return f"both are level at {high:g}, the end of the range that they share"
    sign = 1 if gap[-1] > 0 else -1
    size = float(_overtaking(sign * gap[None], sizes)[0])
    places = np.sort(_overtaking(sign * drawn, sizes))
    ahead, behind = (first, second) if sign > 0 else (second, first)
    by_t = None if clusters is None else _by_t(ahead, behind, sizes, clusters, few=few)
    if isinstance(by_t, str):
        return by_t
    start, end = by_t or _interval(places)
    return Crossing(
        ahead=ahead.name,
        behind=behind.name,
        within=within,
        size=size if isfinite(size) else None,
        low=None if start < low else min(start, high),
        high=None if end > high else max(end, low),
        interval="t" if by_t else "percentile",
        share=float(np.isfinite(places).mean()),
        throughout=float(np.isneginf(places).mean()),
    )


def _overtaking(gaps: FloatArray, sizes: FloatArray) -> FloatArray:
    """The last size at which each row is not above 0.

    Args:
        gaps: shape (rows, sizes).
        sizes: growing.

    Returns:
        Shape (rows,): minus infinity where a row is above 0 throughout, infinity where it is not
        at the end.
    """
    behind = gaps <= 0
    last = gaps.shape[1] - 1
    place = np.minimum(last - np.argmax(behind[:, ::-1], axis=1), last - 1)
    rows = np.arange(len(gaps))
    before, after = gaps[rows, place], gaps[rows, place + 1]
    part = np.divide(-before, after - before, out=np.zeros_like(before), where=after > before)
    part = np.clip(part, 0.0, 1.0)  # it is no part where the row never comes to be above 0
    logs = np.log(sizes)
    found = np.exp(logs[place] + part * (logs[place + 1] - logs[place]))
    found = np.clip(found, sizes[place], sizes[place + 1])  # a size is not its logarithm's exp
    found = np.where(behind.any(axis=1), found, -np.inf)
    return np.where(behind[:, -1], np.inf, found)


def _interval(ordered: FloatArray) -> tuple[float, float]:
    """Its ends, each a replicate, as there is nothing between a size and infinity."""
    count = len(ordered)
    rank = max(1, int((count + 1) * _TAIL + 1e-9))  # the 250th of 9,999, whatever rounding does
    return float(ordered[rank - 1]), float(ordered[count - rank])


def _by_t(
    ahead: Curve, behind: Curve, sizes: FloatArray, clusters: Clusters, *, few: bool
) -> tuple[float, float] | str | None:
    """Its ends by t, or why there are none; None where that of a difference is by resamples.

    Args:
        ahead: the curve that is ahead at the end.
        behind: the other one.
        sizes: the measured ones, growing.
        clusters: of the examples.
        few: whether there are few clusters.
    """
    spreads = spreads_of_gap(ahead, behind, sizes, clusters)
    if not few and not any(one.crossed for one in spreads if isinstance(one, Spread)):
        return None
    logs = np.interp(
        np.arange((len(sizes) - 1) * _STEPS + 1) / _STEPS, range(len(sizes)), np.log(sizes)
    )
    fine = np.clip(np.exp(logs), sizes[0], sizes[-1])
    reaches = []
    for one in spreads_of_gap(ahead, behind, fine, clusters):
        if isinstance(one, str):
            return one.removeprefix("undefined, because ")
        reaches.append(half_width(LEVEL, one.freedom) * one.error)
    gap = ahead.values @ ahead.weights(fine) - behind.values @ behind.weights(fine)
    start, end = _overtaking(gap + np.outer([1, -1], reaches), fine)
    return float(start), float(end)
