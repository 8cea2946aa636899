"""What learning curves are made of: methods with their sizes. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit_report.charts.drafts import Figure, figures_of
from evalkit_report.charts.scales import worth_a_log
from evalkit_report.model import CellView, Form, Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A method in the chart.

    Attributes:
        method: its name.
        size: how many training examples or demos it uses.
        figure: its figure.
        curve: the curve that it is part of; empty if it is none.
    """

    method: str
    size: float
    figure: Figure
    curve: str = ""

    @property
    def value(self) -> float:
        """Its figure's value; only points that have one are drawn."""
        return self.figure.value or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What one chart shows.

    Attributes:
        by: ``training examples`` or ``demos``.
        points: those with a place on the axis of sizes, curve by curve.
        levels: those that are the same at every size, or of size 0 beside a log axis.
        log: whether the axis of sizes is logarithmic.
    """

    by: str
    points: tuple[Point, ...]
    levels: tuple[Point, ...]
    log: bool

    @property
    def drawn(self) -> tuple[Point, ...]:
        """All of them."""
        return (*self.points, *self.levels)

    @property
    def curves(self) -> dict[str, list[Point]]:
        """Name of a curve -> its points by their size."""
        found: dict[str, list[Point]] = {}
        for point in self.points:
            if point.curve:
                found.setdefault(point.curve, []).append(point)
        return found


def points_of(material: Material, by: str, curves: Sequence[Form]) -> list[Point]:
    """The points of the curves over one kind of size, then the methods that are part of none."""
    return [*_on_curves(curves), *_alone(material, by, curves)]


def layout_of(by: str, points: Sequence[Point]) -> Layout:
    """Which points have a place on the axis, and which kind of axis it is."""
    known = [point for point in points if point.figure.value is not None]
    sized = [point for point in known if point.size > 0]
    log = worth_a_log(point.size for point in sized)
    on_axis = sized if log else [point for point in known if point.size > 0 or point.curve]
    levels = tuple(point for point in known if point not in on_axis)
    return Layout(by=by, points=tuple(on_axis), levels=levels, log=log)


def _on_curves(curves: Sequence[Form]) -> Iterator[Point]:
    for curve in curves:
        for one in curve["points"]:
            figure = Figure(
                method=one["method"],
                value=one["value"],
                low=one["low"],
                high=one["high"],
                why=one["undefined"] or "",
            )
            name = str(curve["curve"])
            yield Point(method=figure.method, size=one["size"], figure=figure, curve=name)


def _alone(material: Material, by: str, curves: Sequence[Form]) -> Iterator[Point]:
    """Methods that are part of no curve, with their size, where that is known."""
    members = {one["method"] for curve in curves for one in curve["points"]}
    for method, figure in figures_of(material).items():
        sizes = [_size(cell, by) for cell in material.cells if cell.method == method]
        known = [size for size in sizes if size is not None]
        if method not in members and known:
            yield Point(method=method, size=sum(known) / len(known), figure=figure)


def _size(cell: CellView, by: str) -> float | None:
    size: Any = cell.form.get("train_size")
    if by == "demos":
        told = ((cell.form.get("fairness") or {}).get("demos")) or {}
        size = (cell.form.get("report") or {}).get("demos", told.get("most"))
    return float(size) if isinstance(size, int | float) else None
