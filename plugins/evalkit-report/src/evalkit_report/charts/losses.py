"""Loss curves of trained cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from evalkit_report.charts.drafts import Draft, looks_of
from evalkit_report.charts.layers import Row, axes, paths, symbol, symbols
from evalkit_report.charts.looks import Frame, Looks
from evalkit_report.charts.margin import Label, heading, labelled, room
from evalkit_report.charts.scales import Scale, linear, logarithmic
from evalkit_report.charts.words import number, short_names, shown
from evalkit_report.figures import counted
from evalkit_report.model import CellView, Material

MOST: Final = 300
"""How many points of a curve are drawn."""
LINES: Final = 12
"""How many curves a chart shows."""
_FAR: Final = 8
_MARGIN: Final = 196

Loss = tuple[float, float]
"""A step, and the loss in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The loss of a trained cell.

    Attributes:
        method: its method.
        name: that, with its seed where there are several.
        losses: what is drawn.
        steps: how many losses there are.
        undefined: in how many steps the loss was no number.
    """

    method: str
    name: str
    losses: tuple[Loss, ...]
    steps: int
    undefined: int


def loss_charts(material: Material) -> list[Draft]:
    """A chart for each dozen of trained cells."""
    found = list(_trainings(material))
    looks = looks_of(material)
    parts = list(_dozens(found))
    return [_draft(part, looks, number, len(parts)) for number, part in enumerate(parts, start=1)]


def _dozens(found: Sequence[Training]) -> Iterator[Sequence[Training]]:
    for start in range(0, len(found), LINES):
        yield found[start : start + LINES]


def _trainings(material: Material) -> Iterator[Training]:
    cells = [(cell, list(_losses(cell))) for cell in material.cells]
    seeds: dict[str, int] = {}
    for cell, losses in cells:
        seeds[cell.method] = seeds.get(cell.method, 0) + bool(losses)
    for cell, losses in cells:
        known = [(step, loss) for step, loss in losses if loss is not None]
        if known:
            several = seeds[cell.method] > 1
            name = f"{cell.method}, seed {cell.form.get('seed')}" if several else cell.method
            yield Training(
                method=cell.method,
                name=name,
                losses=tuple(thinned(known)),
                steps=len(losses),
                undefined=len(losses) - len(known),
            )


def _losses(cell: CellView) -> Iterator[tuple[float, float | None]]:
    """Step and loss; None where it was no number."""
    for pair in (cell.form.get("report") or {}).get("loss") or ():
        if isinstance(pair, list | tuple) and len(pair) == 2 and _is_number(pair[0]):
            yield float(pair[0]), float(pair[1]) if _is_number(pair[1]) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def thinned(losses: Sequence[Loss], most: int = MOST) -> list[Loss]:
    """At most so many points that look like all of them.

    The steps are cut into equal parts; of each the lowest and the highest loss are kept, so that
    no peak disappears, and of all the first and the last.
    """
    if len(losses) <= most:
        return list(losses)
    parts = (most - 2) // 2
    inner = losses[1:-1]
    kept = [losses[0]]
    for number in range(parts):
        part = inner[len(inner) * number // parts : len(inner) * (number + 1) // parts]
        ends = {min(part, key=lambda one: one[1]), max(part, key=lambda one: one[1])}
        kept.extend(sorted(ends))
    return [*kept, losses[-1]]


def _draft(found: Sequence[Training], looks: Looks, part: int, parts: int) -> Draft:
    which = f", part {number_} of {parts}" if parts > 1 else ""
    return Draft(
        name="losses" if parts == 1 else f"losses-{number_}",
        title=f"Loss while training{which}",
        summary=_summary(found),
        spec=_spec(found, looks),
        headings=("method", "steps", "first loss", "lowest loss", "last loss"),
        rows=tuple(_row(one) for one in found),
        notes=tuple(_notes(found)),
    )


def _spec(found: Sequence[Training], looks: Looks) -> Mapping[str, Any]:
    height = room(len(found))
    frame = Frame(height=height, left=52, right=_MARGIN, top=32, bottom=46)
    across, log = _across(found, frame.across)
    up = linear([loss for one in found for _, loss in one.losses], height, upright=True, zero=True)
    ends = [(one, across.at(one.losses[-1][0]), up.at(one.losses[-1][1])) for one in found]
    short = short_names([one.name for one in found], _MARGIN - 44)
    labels = [
        Label(text=short[one.name], look=looks.of(one.method), x=x, y=y) for one, x, y in ends
    ]
    return frame.spec(
        [
            axes(across, up, title="step, log axis" if log else "step"),
            heading("loss", frame.left),
            paths(list(_lines(found, across, up, looks)), width=1.6),
            symbols([symbol(looks.of(one.method), x, y, _says(one)) for one, x, y in ends]),
            *labelled(labels, frame.across, height),
        ]
    )


def _across(found: Sequence[Training], length: float) -> tuple[Scale, bool]:
    """A log axis if one training is much longer than another; else equal steps."""
    lasts = [one.losses[-1][0] for one in found]
    firsts = [one.losses[0][0] for one in found]
    if min(firsts) > 0 and max(lasts) > _FAR * min(lasts):
        return logarithmic([*firsts, *lasts], length, room=44), True
    return linear([*firsts, *lasts], length), False


def _lines(found: Sequence[Training], across: Scale, up: Scale, looks: Looks) -> Iterator[Row]:
    for number_, one in enumerate(found):
        for step, loss in one.losses:
            stroke = looks.of(one.method).colour
            yield {"x": across.at(step), "y": up.at(loss), "line": number_, "stroke": stroke}


def _says(one: Training) -> str:
    last = number(one.losses[-1][1])
    return f"{shown(one.name)}: last loss {last} after {counted(one.steps, 'logged step')}"


def _row(one: Training) -> tuple[str, ...]:
    losses = [loss for _, loss in one.losses]
    figures = (losses[0], min(losses), losses[-1])
    return (one.name, f"{one.steps:,}", *(number(loss) for loss in figures))


def _summary(found: Sequence[Training]) -> str:
    said = [
        f"{shown(one.name)}: from {number(one.losses[0][1])} to {number(one.losses[-1][1])}"
        for one in found
    ]
    return f"The training loss at each logged step. {'; '.join(said)}."


def _notes(found: Sequence[Training]) -> Iterator[str]:
    if any(one.steps - one.undefined > MOST for one in found):
        yield (
            f"Long curves are drawn by {MOST} points: of each stretch the lowest and the highest loss."
        )
    for one in found:
        if one.undefined:
            yield f"{one.name}: the loss was no number in {counted(one.undefined, 'step')}."
