"""Where one learning curve overtakes another, and how sure that is. Pure.

Between measured sizes a curve is a straight line over the logarithm of the size; beyond them
nothing is said. A curve overtakes another at the last size at which it is not ahead, if it is ahead
from there to the end of the range that both share. The same is asked of every joint resample: one
in which it is ahead throughout counts as overtaking below the range, one in which it is not ahead
at the end as above it, so that an end of the interval may lie outside the range, where it is not
known.

Source: for the interval, Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13
(percentiles).
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from evalkit.stats.arrays import NEGLIGIBLE, FloatArray

_TAIL = 0.025  # of the 95% interval, on each side


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A learning curve, better upwards.

    Attributes:
        name: what it is called.
        sizes: the measured sizes, growing, more than 0; none means that it is flat everywhere.
        values: the figure at each size, or the one figure of a flat curve.
        replicates: of these figures, resampled jointly with those of all other curves; of shape
            (figures, replicates).
    """

    name: str
    sizes: tuple[float, ...]
    values: FloatArray
    replicates: FloatArray

    def at(self, sizes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The figures at sizes within its range, and replicates of shape (replicates, sizes)."""
        if not self.sizes:
            weights = np.ones((1, len(sizes)))
        else:
            own, unit = np.log(self.sizes), np.eye(len(self.sizes))
            weights = np.stack([np.interp(np.log(sizes), own, row) for row in unit])
        return self.values @ weights, self.replicates.T @ weights


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
        share: share of resamples in which it overtakes within the range.
        throughout: share of resamples in which it is ahead in all of the range.
    """

    ahead: str
    behind: str
    within: tuple[float, float]
    size: float | None
    low: float | None
    high: float | None
    share: float
    throughout: float

    def told(self, by: str) -> str:
        """It in words, for sizes that are called so."""
        low, high = self.within
        where = f"{low:g} to {high:g} {by}"
        if self.size is None:
            sure = f"as in {self.throughout:.0%} of resamples"
            return f"{self.ahead} is ahead of {self.behind} throughout {where}, {sure}"
        start = f"below {low:g}" if self.low is None else f"{self.low:.3g}"
        end = f"above {high:g}" if self.high is None else f"{self.high:.3g}"
        found = f"{self.ahead} overtakes {self.behind} at {self.size:.3g} {by}"
        return f"{found} [95%: {start} to {end}], within {where} in {self.share:.0%} of resamples"


def crossing_of(first: Curve, second: Curve, *, few: bool = False) -> Crossing | str:
    """Where the curve that is ahead at the end overtakes the other; or why that is undefined.

    Args:
        first: one curve.
        second: another one.
        few: whether there are so few clusters that resamples which are all the same show nothing.
    """
    within = _shared_range(first, second)
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
    start, end = _interval(places)
    return Crossing(
        ahead=(first if sign > 0 else second).name,
        behind=(second if sign > 0 else first).name,
        within=within,
        size=size if isfinite(size) else None,
        low=None if start < low else min(start, high),
        high=None if end > high else max(end, low),
        share=float(np.isfinite(places).mean()),
        throughout=float(np.isneginf(places).mean()),
    )


def _shared_range(first: Curve, second: Curve) -> tuple[float, float] | str:
    """The range of sizes that both have, or why there is none."""
    ranges = [(curve.sizes[0], curve.sizes[-1]) for curve in (first, second) if curve.sizes]
    low, high = max(start for start, _ in ranges), min(end for _, end in ranges)
    if low < high:
        return low, high
    texts = " and ".join(f"{start:g} to {end:g}" for start, end in ranges)
    return f"the measured ranges do not overlap: {texts}"


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
