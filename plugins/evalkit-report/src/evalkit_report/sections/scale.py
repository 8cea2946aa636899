"""Intervals drawn as bars on a common scale."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A line from one figure to another, drawn from 0% to 100% of the width.

    Attributes:
        low: the figure at its left end.
        high: the figure at its right end, more than that.
    """

    low: float
    high: float

    def at(self, value: float | None) -> float | None:
        """Where a figure lies, in percent of the width."""
        if value is None:
            return None
        return round(100 * (value - self.low) / (self.high - self.low), 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """An interval on a scale, in percent of its width; what is unknown is None.

    Attributes:
        value: the figure.
        low: lower end of its interval.
        high: upper end.
        mark: what it is compared with.
    """

    value: float | None
    low: float | None
    high: float | None
    mark: float | None

    @property
    def width(self) -> float | None:
        """Length of the interval."""
        return None if self.low is None or self.high is None else round(self.high - self.low, 2)


def scale_of(figures: Iterable[float | None], anchor: float | None = None) -> Scale | None:
    """A scale that holds all figures, and the anchor; None if there are none."""
    known = [one for one in (*figures, anchor) if one is not None]
    if not known or known == [anchor]:
        return None
    low, high = min(known), max(known)
    step = _step(high - low or abs(high) or 1.0)
    ends = floor(low / step) * step, ceil(high / step) * step
    if ends[0] == ends[1]:
        ends = (ends[0] - (low != anchor) * step, ends[1] + step)
    return Scale(low=low if low == anchor else ends[0], high=ends[1])


def _step(span: float) -> float:
    """A hundredth to a tenth of a span, a power of ten: the ends of scales are round figures."""
    return float(10.0 ** (floor(log10(span)) - 1))


def bar_of(
    scale: Scale | None,
    figures: tuple[float | None, float | None, float | None],
    mark: float | None,
) -> Bar | None:
    """A figure with the ends of its interval on a scale; None if there is nothing to draw."""
    if scale is None or figures[0] is None:
        return None
    value, low, high = map(scale.at, figures)
    return Bar(value=value, low=low, high=high, mark=scale.at(mark))
