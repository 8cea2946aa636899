"""Labels in the right margin of a plot: one line each, joined to what they name. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit_report.charts.layers import Layer, Row, keys, notes, paths, symbol, texts
from evalkit_report.charts.looks import Look
from evalkit_report.charts.placing import spread

GAP = 16
"""Pixels from one label to the next."""
LEAD = 24
"""Pixels for the lines that join labels to what they name."""
INDENT = 10
"""Pixels for the symbol before the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label of something that ends at a pixel.

    Attributes:
        text: short enough for the margin.
        look: whose symbol stands before it.
        x: where what it names ends.
        y: likewise.
        filled: whether the symbol is filled.
    """

    text: str
    look: Look
    x: float
    y: float
    filled: bool = True


def room(labels: int) -> float:
    """The least height of a plot with so many labels."""
    return max(280.0, labels * GAP + 8)


def labelled(labels: Sequence[Label], edge: float, height: float) -> list[Layer]:
    """Labels at the right of a plot that ends at `edge`, with lines that lead to them."""
    places = spread([label.y for label in labels], GAP, 4, height - 4)
    leads: list[Row] = []
    for number, (label, y) in enumerate(zip(labels, places, strict=True)):
        bends = [(label.x + 6, label.y), (edge + 4, label.y), (edge + LEAD - 8, y)]
        ways = [(max(x, label.x + 6), at) for x, at in bends]
        leads += [{"x": x, "y": at, "line": number, "stroke": label.look.colour} for x, at in ways]
    marks = [
        symbol(label.look, edge + LEAD, y, "", filled=label.filled)
        for label, y in zip(labels, places, strict=True)
    ]
    names = [
        {"x": edge + LEAD + INDENT, "y": y, "text": label.text}
        for label, y in zip(labels, places, strict=True)
    ]
    lead = paths(leads, width=1, strokeDash=[1, 3], opacity=0.9)
    return [lead, keys(marks), texts(names)]


def heading(text: str, left: float) -> Layer:
    """What the axis upwards shows, above the plot."""
    return notes([{"x": -left + 4, "y": -16, "text": text}])
