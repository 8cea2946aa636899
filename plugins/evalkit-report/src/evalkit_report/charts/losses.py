"""Loss curves of trained cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isfinite
from typing import Any, Final

from evalkit_report.charts.drafts import Draft, looks_of
from evalkit_report.charts.layers import Row, axes, bands, paths, symbol, symbols
from evalkit_report.charts.looks import Frame, Looks
from evalkit_report.charts.margin import Label, heading, labelled, room
from evalkit_report.charts.scales import SPAN, Scale, linear, logarithmic
from evalkit_report.charts.words import number, short_names, shown
from evalkit_report.figures import counted
from evalkit_report.model import CellView, Material

MOST: Final = 150
"""A curve of more points than these is drawn by means."""
WIDE: Final = 4
"""Pixels that such a mean stands for."""
LINES: Final = 12
"""How many curves a chart shows."""
_MARGIN: Final = 200
_SAID: Final = 4

Loss = tuple[float, float]
"""A step, and the loss in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The loss of a trained cell.

    Attributes:
        method: its method.
        name: that, with its seed where there are several.
        losses: those that are numbers, by their steps; at least one.
        undefined: in how many steps the loss was no number.
    """

    method: str
    name: str
    losses: tuple[Loss, ...]
    undefined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Neighbouring steps: where they are drawn, the mean of their losses, the range of these."""

    x: float
    mean: float
    low: float
    high: float


def loss_charts(material: Material) -> list[Draft]:
    """A chart for each dozen of trained cells."""
    found = list(_trainings(material))
    parts = [found[start : start + LINES] for start in range(0, len(found), LINES)]
    looks = looks_of(material)
    return [_draft(part, looks, place, len(parts)) for place, part in enumerate(parts, start=1)]


def _trainings(material: Material) -> Iterator[Training]:
    trained = [(cell, losses) for cell in material.cells if (losses := list(_losses(cell)))]
    methods = [cell.method for cell, _ in trained]
    for cell, losses in trained:
        known = tuple(sorted((step, loss) for step, loss in losses if loss is not None))
        several = methods.count(cell.method) > 1
        name = f"{cell.method}, seed {cell.form.get('seed')}" if several else cell.method
        if known:
            missing = len(losses) - len(known)
            yield Training(method=cell.method, name=name, losses=known, undefined=missing)


def _losses(cell: CellView) -> Iterator[tuple[float, float | None]]:
    """Step and loss; None where it was no number."""
    for pair in (cell.form.get("report") or {}).get("loss") or ():
        if isinstance(pair, list | tuple) and len(pair) == 2 and _is_number(pair[0]):
            yield float(pair[0]), float(pair[1]) if _is_number(pair[1]) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def stretches(losses: Sequence[Loss], across: Scale) -> list[Stretch]:
    """The points of a curve; of a long one its means over stretches of equal width.

    So peaks are not drawn at random: the range of each stretch is kept beside its mean.
    """
    if len(losses) <= MOST:
        return [Stretch(x=across.at(x), mean=y, low=y, high=y) for x, y in losses]
    parts = groupby(losses, key=lambda one: across.at(one[0]) // WIDE)
    return [_stretch(list(part), across) for _, part in parts]


def _stretch(part: Sequence[Loss], across: Scale) -> Stretch:
    values = [loss for _, loss in part]
    return Stretch(
        x=sum(across.at(step) for step, _ in part) / len(part),
        mean=sum(values) / len(values),
        low=min(values),
        high=max(values),
    )


def _draft(found: Sequence[Training], looks: Looks, part: int, parts: int) -> Draft:
    which = f", part {part} of {parts}" if parts > 1 else ""
    return Draft(
        name=f"losses-{part}" if parts > 1 else "losses",
        title=f"Loss while training{which}",
        summary=_summary(found),
        spec=_spec(found, looks),
        headings=("method", "logged steps", "first loss", "lowest loss", "last loss"),
        rows=tuple(_row(one) for one in found),
        notes=tuple(_notes(found)),
    )


def _spec(found: Sequence[Training], looks: Looks) -> Mapping[str, Any]:
    frame = Frame(height=room(len(found)), left=52, right=_MARGIN, top=32, bottom=46)
    across = _across(found, frame.across)
    drawn = [(one, stretches(one.losses, across)) for one in found]
    extremes = [end for _, parts in drawn for s in parts for end in (s.low, s.high)]
    up = linear(extremes, frame.height, upright=True)
    ends = [(one, across.at(one.losses[-1][0]), up.at(one.losses[-1][1])) for one in found]
    short = short_names([one.name for one in found], _MARGIN - 40)
    labels = [
        Label(text=short[one.name], look=looks.of(one.method), x=x, y=y) for one, x, y in ends
    ]
    long = [(one, parts) for one, parts in drawn if len(one.losses) > MOST]
    return frame.spec(
        [
            axes(across, up, title="step, log axis" if across.log else "step"),
            heading("loss", frame.left),
            bands(list(_points(long, up, looks)), opacity=0.16),
            paths(list(_points(drawn, up, looks)), width=1.6),
            symbols([symbol(looks.of(one.method), x, y, _says(one)) for one, x, y in ends]),
            *labelled(labels, frame.across, frame.height),
        ]
    )


def _across(found: Sequence[Training], length: float) -> Scale:
    """A log axis if one training is much longer than another; else equal steps."""
    firsts, lasts = ([one.losses[end][0] for one in found] for end in (0, -1))
    if min(firsts) > 0 and max(lasts) > SPAN * min(lasts):
        return logarithmic([*firsts, *lasts], length, room=44)
    return linear([*firsts, *lasts], length)


def _points(
    drawn: Sequence[tuple[Training, Sequence[Stretch]]], up: Scale, looks: Looks
) -> Iterator[Row]:
    for line, (one, parts) in enumerate(drawn):
        stroke = looks.of(one.method).colour
        for part in parts:
            ends = {"low": up.at(part.low), "high": up.at(part.high)}
            yield {"x": part.x, "y": up.at(part.mean), **ends, "line": line, "stroke": stroke}


def _says(one: Training) -> str:
    last = number(one.losses[-1][1])
    return f"{shown(one.name)}: last loss {last}, {counted(len(one.losses), 'logged step')}"


def _row(one: Training) -> tuple[str, ...]:
    losses = [loss for _, loss in one.losses]
    figures = (losses[0], min(losses), losses[-1])
    return (one.name, f"{len(losses) + one.undefined:,}", *(number(loss) for loss in figures))


def _summary(found: Sequence[Training]) -> str:
    said = [
        f"{one.name}: from {number(one.losses[0][1])} to {number(one.losses[-1][1])}"
        for one in found[:_SAID]
    ]
    more = f"; and {len(found) - _SAID} more" if len(found) > _SAID else ""
    return f"The training loss at each logged step. {'; '.join(said)}{more}."


def _notes(found: Sequence[Training]) -> Iterator[str]:
    if any(len(one.losses) > MOST for one in found):
        yield "Long curves are drawn by means of neighbouring steps; the band holds all of these."
    for one in found:
        if one.undefined:
            yield f"{one.name}: the loss was no number in {counted(one.undefined, 'step')}."
