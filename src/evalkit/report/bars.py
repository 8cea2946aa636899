"""Figures with their intervals as plain text: a bar for each, all of them on one scale. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from evalkit.report.printable import printable
from evalkit.report.widths import padded, width_of

_SHORTEST: Final = 16
_LONGEST: Final = 48
_INDENT: Final = "    "
_GAP: Final = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A figure with its interval.

    Attributes:
        name: whose figure it is.
        text: the figure and its interval as text.
        value: the figure.
        ends: of the interval, the lower one first; None if there is none.
    """

    name: str
    text: str
    value: float
    ends: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Figures that are shown on one scale.

    Attributes:
        title: what the figures are.
        rows: at least one of them.
    """

    title: str
    rows: tuple[Bar, ...]

    @property
    def scale(self) -> tuple[float, float]:
        """The least and the greatest number among figures and intervals."""
        numbers = [number for row in self.rows for number in (row.value, *(row.ends or ()))]
        return min(numbers), max(numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What bars are drawn with: lower end, line, upper end, figure."""

    low: str = "├"
    line: str = "─"
    high: str = "┤"
    value: str = "●"


ASCII: Final = Signs(low="|", line="-", high="|", value="o")


def bar_lines(bars: Bars, width: int, signs: Signs) -> Iterator[tuple[str, str]]:
    """Title, bars and scale as lines, each in two parts: a text, and what is drawn behind it.

    Bars stand beside their figures where that fits into `width`, else below. They are left out
    where neither does, or where all numbers are the same.
    """
    labels = _labels(bars.rows)
    start = max(map(width_of, labels)) + len(_GAP)
    low, high = bars.scale
    ends = f"{low:.3f}", f"{high:.3f}"
    least = max(_SHORTEST, len(ends[0]) + len(_GAP) + len(ends[1]))
    beside = width - start >= least
    before = " " * start if beside else _INDENT
    length = min(_LONGEST, width - len(before))
    yield f"  {bars.title}", ""
    for row, label in zip(bars.rows, labels, strict=True):
        drawn = _drawn(row, bars.scale, length, signs) if length >= least and low < high else ""
        if drawn and beside:
            yield padded(label, start), drawn
        else:
            yield label, ""
            yield from [(_INDENT, drawn)] if drawn else []
    if length >= least and low < high:
        yield before + ends[0] + ends[1].rjust(length - len(ends[0])), ""


def _labels(rows: Sequence[Bar]) -> list[str]:
    """Names and figures, in two columns."""
    names = [printable(row.name) for row in rows]
    width = max(map(width_of, names))
    pairs = zip(names, rows, strict=True)
    return [f"{_INDENT}{padded(name, width)}{_GAP}{row.text}" for name, row in pairs]


def _drawn(row: Bar, scale: tuple[float, float], length: int, signs: Signs) -> str:
    """The bar of one figure: ``├──●────┤``, or ``●`` alone without an interval."""
    low, high = scale

    def place(number: float) -> int:
        return round((number - low) / (high - low) * (length - 1))

    cells = [" "] * length
    if row.ends is not None:
        first, last = map(place, row.ends)
        cells[first : last + 1] = signs.line * (last + 1 - first)
        cells[first], cells[last] = signs.low, signs.high
    cells[place(row.value)] = signs.value
    return "".join(cells).rstrip()
