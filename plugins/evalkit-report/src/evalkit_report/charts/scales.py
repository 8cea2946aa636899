"""Where values stand on an axis, and which of them are marked there. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any, Final

SPAN: Final = 8.0
"""From this ratio of the largest to the least value on, a log axis shows more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """An axis.

    Attributes:
        low: the value at its beginning.
        high: the value at its end.
        length: in pixels.
        log: whether equal ratios, not equal differences, have equal lengths.
        upright: whether it runs upwards; pixels are counted from the top.
        ticks: the values that are marked.
    """

    low: float
    high: float
    length: float
    log: bool = False
    upright: bool = False
    ticks: tuple[float, ...] = ()

    def at(self, value: float) -> float:
        """The pixel of a value; of one outside as well."""
        low, high, own = (log10(v) if self.log else v for v in (self.low, self.high, value))
        share = (own - low) / (high - low)
        return self.length * (1 - share if self.upright else share)

    def value(self, pixel: float) -> float:
        """The value at a pixel."""
        share = pixel / self.length
        share = 1 - share if self.upright else share
        low, high = (log10(v) if self.log else v for v in (self.low, self.high))
        own = low + share * (high - low)
        return 10**own if self.log else own

    def form(self) -> dict[str, Any]:
        """As Vega-Lite wants it."""
        form = {"type": "log", "base": 10} if self.log else {"type": "linear", "zero": False}
        ends = [self.length, 0] if self.upright else [0, self.length]
        return {**form, "domain": [self.low, self.high], "range": ends, "nice": False}

    @property
    def decimals(self) -> int:
        """How many decimals tell the ticks of a linear axis apart."""
        if len(self.ticks) < 2:
            return 1
        step = self.ticks[1] - self.ticks[0]
        return max(0, ceil(-log10(step) - 1e-9))


def worth_a_log(values: Iterable[float]) -> bool:
    """Whether the values are all above 0 and far apart."""
    known = list(values)
    return bool(known) and min(known) > 0 and max(known) > SPAN * min(known)


def linear(
    values: Sequence[float],
    length: float,
    *,
    upright: bool = False,
    zero: bool | None = None,
    steps: float | None = None,
) -> Scale:
    """An axis with equal steps that shows all values.

    Args:
        values: what it has to show; at least one.
        length: in pixels.
        upright: whether it runs upwards.
        zero: whether it shows 0; if not said, where 0 is near.
        steps: about how many there are; if not said, one for 70 pixels.
    """
    low, high = min(values), max(values)
    near = low >= 0 and low <= 0.4 * high
    if zero or (zero is None and near):
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = (low - abs(low) * 0.1, high + abs(high) * 0.1) if low else (0.0, 1.0)
    step = _step((high - low) / (steps or max(2.0, length / 70)))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    ticks = tuple(round(step * k, 12) for k in range(first, last + 1))
    return Scale(low=ticks[0], high=ticks[-1], length=length, upright=upright, ticks=ticks)


def logarithmic(
    values: Sequence[float], length: float, *, own: Sequence[float] = (), room: float = 60
) -> Scale:
    """An axis with equal ratios.

    Args:
        values: what it has to show, all above 0.
        length: in pixels.
        own: the ticks to choose from; if there are none, 1, 2, 5, 10 and so on.
        room: pixels that the text of a tick needs.
    """
    low, high = min(values), max(values)
    edge = max((high / low) ** 0.05, 1.08)
    scale = Scale(low=low / edge, high=high * edge, length=length, log=True)
    wanted = own or _decades(scale, room)
    return Scale(
        low=scale.low, high=scale.high, length=length, log=True, ticks=_apart(wanted, scale, room)
    )


def linear_at(values: Sequence[float], length: float, *, own: Sequence[float]) -> Scale:
    """An axis with equal steps, marked at values of its own where there is room."""
    low, high = min(values), max(values)
    edge = 0.06 * (high - low) or 0.5
    scale = Scale(low=low - edge, high=high + edge, length=length)
    ticks = _apart(own, scale, 44)
    return Scale(low=scale.low, high=scale.high, length=length, ticks=ticks)


def _step(rough: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough))
    return next(k * power for k in (1.0, 2.0, 5.0, 10.0) if k * power >= rough * 0.999)


def _decades(scale: Scale, room: float) -> list[float]:
    """1, 2, 5, 10 ... within the axis, or powers of ten only where these are close."""
    powers = range(floor(log10(scale.low)), ceil(log10(scale.high)) + 1)
    decade = scale.length / (log10(scale.high) - log10(scale.low))
    factors: tuple[int, ...] = (1,)
    if decade > 3.4 * room:
        factors = (1, 2, 5)
    elif decade > 2.2 * room:
        factors = (1, 3)
    found = [k * 10.0**power for power in powers for k in factors]
    inside = [v for v in found if scale.low <= v <= scale.high]
    if len(inside) > 1:
        return inside
    finer = [k * 10.0**power for power in powers for k in range(1, 10)]
    return [v for v in finer if scale.low <= v <= scale.high]


def _apart(values: Sequence[float], scale: Scale, room: float) -> tuple[float, ...]:
    """Values that stand far enough from each other; the first and the last come first."""
    inside = sorted({v for v in values if scale.low <= v <= scale.high})
    chosen: list[float] = []
    for value in [*inside[-1:], *inside]:
        if all(abs(scale.at(value) - scale.at(other)) >= room for other in chosen):
            chosen.append(value)
    return tuple(sorted(chosen))
