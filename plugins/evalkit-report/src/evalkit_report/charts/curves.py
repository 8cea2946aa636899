"""Learning curves: score against the number of training examples, or of demos."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.drafts import (
    Draft,
    Figure,
    Metric,
    figures_of,
    looks_of,
    metric_of,
    without,
)
from evalkit_report.charts.layers import Row, axes, paths, rules, symbol, symbols
from evalkit_report.charts.looks import Frame, Looks
from evalkit_report.charts.margin import Label, heading, labelled, room
from evalkit_report.charts.scales import Scale, linear, linear_at, logarithmic, worth_a_log
from evalkit_report.charts.words import bracket, number, short_names, shown, slug
from evalkit_report.figures import NOTHING, counted
from evalkit_report.model import CellView, Form, Material

_MARGIN: Final = 206
_LABEL: Final = 160
_LANE: Final = 13
_APART: Final = 5
"""Pixels between the points of curves at the same size."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
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
    def curves(self) -> dict[str, list[Point]]:
        """Name of a curve -> its points by their size."""
        found: dict[str, list[Point]] = {}
        for point in self.points:
            if point.curve:
                found.setdefault(point.curve, []).append(point)
        return found


def curve_charts(material: Material) -> list[Draft]:
    """A chart for each kind of size by which there is a curve."""
    curves = (material.analysis or {}).get("curves") or ()
    kinds = dict.fromkeys(str(curve["by"]) for curve in curves)
    drafts = [_draft(material, by, [one for one in curves if one["by"] == by]) for by in kinds]
    return [draft for draft in drafts if draft is not None]


def _draft(material: Material, by: str, curves: Sequence[Form]) -> Draft | None:
    points = [*_on_curves(curves), *_alone(material, by, curves)]
    drawn = [point for point in points if point.figure.value is not None]
    if not any(point.curve for point in drawn):
        return None
    chart = _sorted_out(by, drawn)
    metric = metric_of(material)
    missing = {p.method: p.figure.why or "no figure" for p in points if p.figure.value is None}
    return Draft(
        name=f"curves-{slug(by)}",
        title=f"Score against number of {by}",
        summary=_summary(curves, metric, by),
        spec=_spec(chart, metric, looks_of(material)),
        headings=("method", "curve", by, metric.name, "95% interval"),
        rows=tuple(_row(point, metric) for point in points),
        notes=(*_notes(chart), *without(missing)),
    )


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
            yield Point(
                method=figure.method, size=one["size"], figure=figure, curve=str(curve["curve"])
            )


def _alone(material: Material, by: str, curves: Sequence[Form]) -> Iterator[Point]:
    """Methods that are part of no curve, with their size, where that is known."""
    members = {one["method"] for curve in curves for one in curve["points"]}
    for method, figure in figures_of(material).items():
        cells = [cell for cell in material.cells if cell.method == method]
        sizes = [_size(cell, by) for cell in cells]
        known = [size for size in sizes if size is not None]
        if method not in members and known:
            yield Point(method=method, size=sum(known) / len(known), figure=figure)


def _size(cell: CellView, by: str) -> float | None:
    size: Any = cell.form.get("train_size")
    if by == "demos":
        shown = ((cell.form.get("fairness") or {}).get("demos")) or {}
        size = (cell.form.get("report") or {}).get("demos", shown.get("most"))
    return float(size) if isinstance(size, int | float) else None


def _sorted_out(by: str, drawn: Sequence[Point]) -> Chart:
    """Which points have a place on the axis, and which kind of axis it is."""
    sized = [point for point in drawn if point.size > 0]
    log = worth_a_log(point.size for point in sized)
    on_axis = sized if log else [point for point in drawn if point.size > 0 or point.curve]
    levels = [point for point in drawn if point not in on_axis]
    return Chart(by=by, points=tuple(on_axis), levels=tuple(levels), log=log)


def _spec(chart: Chart, metric: Metric, looks: Looks) -> Mapping[str, Any]:
    height = room(len(chart.curves) + len(chart.levels) + _single(chart))
    lanes = _LANE * len(chart.levels)
    frame = Frame(height=height, left=52, right=_MARGIN, top=32, bottom=46)
    plot = frame.across - lanes
    across = _across(chart, plot)
    drawn = [*chart.points, *chart.levels]
    up = linear([end for p in drawn for end in p.figure.ends], height, upright=True)
    places = _places(chart, across, plot)
    ends = [(point, places[point.method], up) for point in drawn]
    return frame.spec(
        [
            axes(across, up, title=f"number of {chart.by}{', log axis' if chart.log else ''}"),
            heading(metric.axis, frame.left),
            rules(
                [_level(p, places[p.method], up, looks) for p in chart.levels],
                width=1.2,
                dash=(5, 4),
            ),
            rules(
                [_bar(*end, looks) for end in ends if end[0].figure.low is not None], opacity=0.75
            ),
            paths(_lines(chart, places, up, looks)),
            symbols([_symbol(point, places, up, metric, looks, chart.by) for point in drawn]),
            *labelled(_labels(chart, places, up, looks), frame.across, height),
        ]
    )


def _single(chart: Chart) -> int:
    return sum(1 for point in chart.points if not point.curve)


def _across(chart: Chart, length: float) -> Scale:
    sizes = [point.size for point in chart.points]
    if chart.log:
        return logarithmic(sizes, length, own=sizes, room=44)
    return linear_at(sizes, length, own=sizes)


def _places(chart: Chart, across: Scale, plot: float) -> dict[str, float]:
    """Method -> its pixel across; curves stand a little apart, levels in lanes beside the plot."""
    groups = [*chart.curves, ""]
    middle = (len(chart.curves) - 1) / 2
    apart = {curve: _APART * (rank - middle) for rank, curve in enumerate(groups)}
    found = {p.method: across.at(p.size) + apart[p.curve] for p in chart.points}
    lanes = {p.method: plot + _LANE * (rank + 0.5) for rank, p in enumerate(chart.levels)}
    return {**found, **lanes}


def _level(point: Point, x: float, up: Scale, looks: Looks) -> Row:
    y = up.at(point.figure.value or 0.0)
    return {"x": 0, "x2": x, "y": y, "stroke": looks.of(point.method).colour}


def _bar(point: Point, x: float, up: Scale, looks: Looks) -> Row:
    low, high = point.figure.low or 0.0, point.figure.high or 0.0
    return {"x": x, "y": up.at(low), "y2": up.at(high), "stroke": looks.of(point.method).colour}


def _lines(chart: Chart, places: Mapping[str, float], up: Scale, looks: Looks) -> list[Row]:
    """Each curve in the colour of its largest point."""
    return [
        {
            "x": places[p.method],
            "y": up.at(p.figure.value or 0.0),
            "line": curve,
            "stroke": looks.of(points[-1].method).colour,
        }
        for curve, points in chart.curves.items()
        for p in points
    ]


def _symbol(
    point: Point,
    places: Mapping[str, float],
    up: Scale,
    metric: Metric,
    looks: Looks,
    by: str,
) -> Row:
    look = looks.of(point.method)
    says = f"{metric.says(look.name, point.figure)}, {_sized(point.size, by)}"
    return symbol(look, places[point.method], up.at(point.figure.value or 0.0), says)


def _sized(size: float, by: str) -> str:
    one = by.removesuffix("s")
    return counted(int(size), one) if size == int(size) else f"{size:g} {by}"


def _labels(chart: Chart, places: Mapping[str, float], up: Scale, looks: Looks) -> list[Label]:
    """A label for each curve at its largest point, for each level, and for each point alone."""
    ends = {curve: points[-1] for curve, points in chart.curves.items()}
    singles = {p.method: p for p in (*chart.points, *chart.levels) if not p.curve}
    zeros = {p.method: p for p in chart.levels if p.curve}
    named = {**{f"curve {name}": p for name, p in ends.items()}, **singles, **zeros}
    texts = short_names([name.removeprefix("curve ") for name in named], _LABEL)
    return [
        Label(
            text=texts[name.removeprefix("curve ")],
            look=looks.of(point.method),
            x=places[point.method],
            y=up.at(point.figure.value or 0.0),
        )
        for name, point in named.items()
    ]


def _row(point: Point, metric: Metric) -> tuple[str, ...]:
    found = point.figure
    return (
        point.method,
        point.curve or NOTHING,
        f"{point.size:,g}",
        number(found.value, metric.decimals),
        bracket(found.low, found.high, metric.decimals) or found.why or NOTHING,
    )


def _summary(curves: Sequence[Form], metric: Metric, by: str) -> str:
    steps = [f"{shown(one['curve'])}: {one['last_step']['text']}" for one in curves]
    said = "; ".join(steps)
    return f"{metric.name} with 95% intervals over the number of {by}. {said}."


def _notes(chart: Chart) -> tuple[str, ...]:
    found = []
    zeros = [p.method for p in chart.levels if p.curve]
    if chart.levels:
        found.append(
            f"A dashed line marks a method that uses no {chart.by}; its interval stands at the right end."
        )
    if zeros:
        found.append(f"A log axis has no place for size 0: {', '.join(zeros)} stands as a line.")
    if any(p.figure.low is None for p in (*chart.points, *chart.levels)):
        found.append("A point without a bar has no interval; the table says why.")
    return tuple(found)
