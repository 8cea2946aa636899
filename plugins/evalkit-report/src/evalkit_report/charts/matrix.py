"""The win matrix of a comparison: which share of the points each contestant got from each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.contests import Contest, contests_of
from evalkit_report.charts.drafts import Draft, looks_of
from evalkit_report.charts.layers import Layer, Row, boxes, notes, texts
from evalkit_report.charts.looks import LINE, WIDTH, Frame, Looks
from evalkit_report.charts.words import shown, width
from evalkit_report.figures import counted, percent
from evalkit_report.model import Material

_LEFT: Final = 196
_SLANT: Final = -48
"""Degrees by which the names above the columns are turned."""
_RISE: Final = 0.75
"""Pixels upwards for each pixel of such a name."""
_LONGEST: Final = 110
"""Pixels that it has at most."""
_TWO_LINES: Final = 28
"""The least width of a cell whose number of units has room below the share."""
_OVERHANG: Final = 76
"""Pixels right of the last column for its name."""
_BINS: Final = ((0.35, 0.52), (0.2, 0.34), (0.05, 0.16))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The cells of the drawing, in pixels.

    Attributes:
        count: of rows and of columns.
        wide: the width of a cell.
        high: its height.
    """

    count: int
    wide: float
    high: float

    @property
    def two_lines(self) -> bool:
        """Whether there is room for the number of units below the share."""
        return self.wide >= _TWO_LINES

    def middle(self, row: int, column: int) -> tuple[float, float]:
        """The middle of a cell."""
        return (column + 0.5) * self.wide, (row + 0.5) * self.high

    def corners(self, row: int, column: int) -> Row:
        """The corners of a cell."""
        x, y = self.middle(row, column)
        across, down = self.wide / 2 - 1, self.high / 2 - 1
        return {"x": x - across, "x2": x + across, "y": y - down, "y2": y + down}


def _grid(count: int) -> Grid:
    wide = min(64.0, (WIDTH - _LEFT - _OVERHANG) / count)
    least = 30.0 if wide >= _TWO_LINES else 22.0
    return Grid(count=count, wide=wide, high=min(38.0, max(least, 0.8 * wide)))


def _spec(cells: Sequence[Cell], names: Sequence[str], looks: Looks) -> Mapping[str, Any]:
    grid = _grid(len(names))
    right = WIDTH - _LEFT - grid.wide * grid.count
    columns = looks.short(_LONGEST, 11, more=names)
    top = 24 + _RISE * max(width(columns[name], 11) for name in names)
    frame = Frame(height=grid.high * grid.count, left=_LEFT, right=right, top=top, bottom=10)
    own = {"fill": LINE, "stroke": "none", "opacity": 0.35}
    same = [{**grid.corners(place, place), **own} for place in range(grid.count)]
    return frame.spec(
        [
            boxes(same, says=False),
            boxes([_box(cell, grid, names) for cell in cells], strokeWidth=1),
            *_figures(cells, grid),
            *_names(names, grid, looks.short(_LEFT - 16, more=names), columns),
        ]
    )


def _figures(cells: Sequence[Cell], grid: Grid) -> list[Layer]:
    """The share in each cell, and below it the number of units where there is room."""
    lift = 6 if grid.two_lines else 0
    shares, units = [], []
    for cell in cells:
        x, y = grid.middle(cell.row, cell.column)
        shares.append({"x": x, "y": y - lift, "text": percent(cell.share)})
        units.append({"x": x, "y": y + 8, "text": f"{cell.units:g}"})
    layers = [texts(shares, align="center", size=12 if grid.wide > 40 else 10)]
    if grid.two_lines:
        layers.append(texts(units, align="center", size=9))
    return layers


def _names(
    names: Sequence[str], grid: Grid, rows: Mapping[str, str], columns: Mapping[str, str]
) -> list[Layer]:
    """The contestants at the left, and slanted above the columns."""
    middles = [grid.middle(place, place) for place in range(grid.count)]
    left = [{"x": -10, "y": y, "text": rows[n]} for n, (_, y) in zip(names, middles, strict=True)]
    above = [
        {"x": x, "y": -10, "text": columns[n]} for n, (x, _) in zip(names, middles, strict=True)
    ]
    return [texts(left, align="right"), notes(above, angle=_SLANT)]


def _box(cell: Cell, grid: Grid, names: Sequence[str]) -> Row:
    away = abs(cell.share - 0.5)
    opacity = next((strong for least, strong in _BINS if away >= least), 0.0)
    first, second = (shown(names[place]) for place in (cell.row, cell.column))
    says = f"{first} got {percent(cell.share)} of the points against {second}"
    return {
        **grid.corners(cell.row, cell.column),
        "fill": "var(--c1)" if cell.share > 0.5 else "var(--c2)",
        "stroke": LINE,
        "opacity": opacity,
        "says": f"{says}, {counted(round(cell.units), 'unit')}",
    }


def _summary(cells: Sequence[Cell], names: Sequence[str]) -> str:
    most = max(cells, key=lambda cell: (cell.share, cell.units))
    first, second = names[most.row], names[most.column]
    clear = f"The clearest pair: {first} got {percent(most.share)} of the points against {second}"
    least, most_units = min(cell.units for cell in cells), max(cell.units for cell in cells)
    units = f"{least:g}" if least == most_units else f"{least:g} to {most_units:g}"
    return f"{clear}. Each pair was judged on {units} units."
