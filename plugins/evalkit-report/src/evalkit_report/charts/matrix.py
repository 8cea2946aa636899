"""The win matrix of a comparison: which share of the points each contestant got from each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.contests import Contest, contests_of
from evalkit_report.charts.drafts import Draft, looks_of
from evalkit_report.charts.layers import Row, boxes, notes, texts
from evalkit_report.charts.looks import LINE, Frame, Looks
from evalkit_report.charts.words import shortened, shown
from evalkit_report.figures import counted
from evalkit_report.model import Material

_LEFT: Final = 190
_SLANT: Final = 96
"""Pixels above the columns for their slanted names."""
_TWO_LINES: Final = 34
"""The least width of a cell whose number of units has room below the share."""
_BINS: Final = ((0.35, 0.62), (0.2, 0.4), (0.05, 0.18))
"""How far from one half a share is at least, and how strong its colour is then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A pair of contestants.

    Attributes:
        row: number of the one whose points are counted.
        column: number of the other one.
        points: what it got: 1 for each unit won, one half for each tie.
        units: how many units were judged.
    """

    row: int
    column: int
    points: float
    units: float

    @property
    def share(self) -> float:
        """The share of the points that it got."""
        return self.points / self.units


def matrix_charts(material: Material) -> list[Draft]:
    """A chart for each comparison and seed that tells who won against whom."""
    looks = looks_of(material)
    drafts = [_draft(contest, looks) for contest in contests_of(material)]
    return [draft for draft in drafts if draft is not None]


def _draft(contest: Contest, looks: Looks) -> Draft | None:
    cells = list(_cells(contest))
    if not cells:
        return None
    names = [one.name for one in contest.contestants]
    blank = len(cells) < len(names) * (len(names) - 1)
    doubt = (f"{contest.doubt}.",) if contest.doubt else ()
    return Draft(
        name=f"wins-{contest.slug}",
        title=f"Who wins against whom: {contest.title}",
        summary=_summary(cells, names),
        spec=_spec(cells, names, looks),
        headings=("contestant", "against", "share of points", "units"),
        rows=tuple(
            (names[c.row], names[c.column], f"{c.share:.1%}", f"{c.units:g}") for c in cells
        ),
        notes=(
            *doubt,
            "Read along a row: the share of the points that it got from each other contestant; "
            "a tie gives half a point to both. The small number counts judged units.",
            *(("Blank cells are pairs that were never compared.",) if blank else ()),
        ),
    )


def _cells(contest: Contest) -> Iterator[Cell]:
    """The pairs that were compared, in the order of the standings."""
    details = contest.form.get("details") or {}
    points, names = details.get("points"), details.get("contestants")
    if (
        not points
        or not names
        or list(names) != [o["contestant"] for o in contest.form["standings"]]
    ):
        return
    for row, first in enumerate(contest.order):
        for column, second in enumerate(contest.order):
            got, lost = points[first][second], points[second][first]
            if row != column and got + lost > 0:
                yield Cell(row=row, column=column, points=got, units=got + lost)


def _spec(cells: Sequence[Cell], names: Sequence[str], looks: Looks) -> Mapping[str, Any]:
    count = len(names)
    wide = min(64.0, (720 - _LEFT - _SLANT) / count)
    high = min(38.0, max(24.0, wide * 0.8))
    two = wide >= _TWO_LINES
    frame = Frame(height=high * count, left=_LEFT, right=530 - wide * count, top=_SLANT, bottom=10)
    short = looks.short(_LEFT - 18, more=names)
    slanted = [shortened(shown(name), 112, 11) for name in names]
    middle = [(place + 0.5) * wide for place in range(count)]
    level = [(place + 0.5) * high for place in range(count)]
    inside = [(cell, middle[cell.column], level[cell.row]) for cell in cells]
    lift = 6 if two else 0
    layers = [
        boxes([_none(place, wide, high) for place in range(count)], says=False),
        boxes([_box(cell, wide, high, names) for cell in cells], strokeWidth=1, cornerRadius=2),
        texts(
            [{"x": x, "y": y - lift, "text": f"{100 * c.share:.0f}%"} for c, x, y in inside],
            align="center",
            size=12 if two else 10,
        ),
        texts(
            [{"x": -10, "y": y, "text": short[n]} for n, y in zip(names, level, strict=True)],
            align="right",
        ),
        notes(
            [{"x": x, "y": -10, "text": t} for x, t in zip(middle, slanted, strict=True)], angle=-38
        ),
    ]
    if two:
        units = [{"x": x, "y": y + 8, "text": f"{c.units:g}"} for c, x, y in inside]
        layers.append(texts(units, align="center", size=10))
    return frame.spec(layers)


def _none(place: int, wide: float, high: float) -> Row:
    """The cell of a contestant and itself."""
    edge = {"fill": LINE, "stroke": "none", "opacity": 0.35}
    return {**_corners(place, place, wide, high), **edge}


def _box(cell: Cell, wide: float, high: float, names: Sequence[str]) -> Row:
    away = abs(cell.share - 0.5)
    opacity = next((strong for least, strong in _BINS if away >= least), 0.0)
    first, second = (shown(names[place]) for place in (cell.row, cell.column))
    says = f"{first} got {cell.share:.0%} of the points against {second}"
    return {
        **_corners(cell.row, cell.column, wide, high),
        "fill": "var(--c1)" if cell.share > 0.5 else "var(--c2)",
        "stroke": LINE,
        "opacity": opacity,
        "says": f"{says}, {counted(round(cell.units), 'unit')}",
    }


def _corners(row: int, column: int, wide: float, high: float) -> Row:
    left, top = column * wide + 1, row * high + 1
    return {"x": left, "y": top, "x2": left + wide - 2, "y2": top + high - 2}


def _summary(cells: Sequence[Cell], names: Sequence[str]) -> str:
    most = max(cells, key=lambda cell: (cell.share, cell.units))
    first, second = (shown(names[place]) for place in (most.row, most.column))
    clear = f"The clearest pair: {first} got {most.share:.0%} of the points against {second}"
    units = [cell.units for cell in cells]
    return f"{clear}. Each pair was judged on {min(units):g} to {max(units):g} units."
