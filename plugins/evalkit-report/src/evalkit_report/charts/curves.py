"""Learning curves: score against the number of training examples, or of demos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.drafts import Draft, Metric, looks_of, metric_of, without
from evalkit_report.charts.layers import Row, axes, paths, rules, symbol, symbols
from evalkit_report.charts.looks import Frame, Looks
from evalkit_report.charts.margin import Label, heading, labelled, room
from evalkit_report.charts.scales import Scale, linear, linear_at, logarithmic
from evalkit_report.charts.sizes import Layout, Point, layout_of, points_of
from evalkit_report.charts.words import bracket, number, short_names, shown, slug
from evalkit_report.figures import NOTHING, counted
from evalkit_report.model import Form, Material

_MARGIN: Final = 224
_LABEL: Final = 184
_LANE: Final = 13
"""Pixels across for each method that is the same at every size."""
_APART: Final = 7.0
"""Pixels between points of the same size, if there are few."""
_CROWD: Final = 36.0
"""Pixels that many of them have together."""


def curve_charts(material: Material) -> list[Draft]:
    """A chart for each kind of size by which there is a curve."""
    curves = (material.analysis or {}).get("curves") or ()
    kinds = dict.fromkeys(str(curve["by"]) for curve in curves)
    drafts = [_draft(material, by, [one for one in curves if one["by"] == by]) for by in kinds]
    return [draft for draft in drafts if draft is not None]


def _draft(material: Material, by: str, curves: Sequence[Form]) -> Draft | None:
    points = points_of(material, by, curves)
    layout = layout_of(by, points)
    if not layout.curves:
        return None
    metric = metric_of(material)
    missing = {p.method: p.figure.why or "no figure" for p in points if p.figure.value is None}
    return Draft(
        name=f"curves-{slug(by)}",
        title=f"Score against number of {by}",
        summary=_summary(curves, metric, by),
        spec=_spec(layout, metric, looks_of(material)),
        headings=("method", "curve", by, metric.name, "95% interval"),
        rows=tuple(_row(point, metric) for point in points),
        notes=(*_notes(layout), *without(missing)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the points stand.

    Attributes:
        across: the axis of sizes.
        up: the axis of the score.
        places: method -> its pixel across.
    """

    across: Scale
    up: Scale
    places: Mapping[str, float]

    def at(self, point: Point) -> tuple[float, float]:
        """The pixels of a point."""
        return self.places[point.method], self.up.at(point.value)


def _spec(layout: Layout, metric: Metric, looks: Looks) -> Mapping[str, Any]:
    alone = sum(1 for point in layout.points if not point.curve)
    height = room(len(layout.curves) + len(layout.levels) + alone)
    frame = Frame(height=height, left=52, right=_MARGIN, top=32, bottom=46)
    ground = _ground(layout, frame)
    title = f"number of {layout.by}{', log axis' if layout.log else ''}"
    bars = [_bar(p, ground, looks) for p in layout.drawn if p.figure.low is not None]
    levels = [_level(point, ground, looks) for point in layout.levels]
    return frame.spec(
        [
            axes(ground.across, ground.up, title=title),
            heading(metric.axis, frame.left),
            rules(levels, width=1.2, dash=(5, 4)),
            rules(bars, opacity=0.75),
            paths(_lines(layout, ground, looks)),
            symbols([_symbol(p, ground, metric, looks=looks, by=layout.by) for p in layout.drawn]),
            *labelled(_labels(layout, ground, looks), frame.across, height),
        ]
    )


def _ground(layout: Layout, frame: Frame) -> Ground:
    """The axes; what is the same at every size has lanes of its own beside the plot."""
    plot = frame.across - _LANE * len(layout.levels)
    sizes = [point.size for point in layout.points]
    if layout.log:
        across = logarithmic(sizes, plot, own=sizes, room=38)
    else:
        across = linear_at(sizes, plot, own=sizes)
    ends = [end for point in layout.drawn for end in point.figure.ends]
    lanes = {p.method: plot + _LANE * (rank + 0.5) for rank, p in enumerate(layout.levels)}
    places = {p.method: across.at(p.size) + _aside(p, layout.points) for p in layout.points}
    up = linear(ends, frame.height, upright=True)
    return Ground(across=across, up=up, places={**places, **lanes})


def _aside(point: Point, points: Sequence[Point]) -> float:
    """How far a point stands aside, so that none of the same size covers another one's bar."""
    same = [other.method for other in points if other.size == point.size]
    step = min(_APART, _CROWD / max(1, len(same) - 1))
    return step * (same.index(point.method) - (len(same) - 1) / 2)


def _level(point: Point, ground: Ground, looks: Looks) -> Row:
    x, y = ground.at(point)
    return {"x": 0, "x2": x, "y": y, "stroke": looks.of(point.method).colour}


def _bar(point: Point, ground: Ground, looks: Looks) -> Row:
    low, high = (ground.up.at(end or 0.0) for end in (point.figure.low, point.figure.high))
    x = ground.places[point.method]
    return {"x": x, "y": low, "y2": high, "stroke": looks.of(point.method).colour}


def _lines(layout: Layout, ground: Ground, looks: Looks) -> list[Row]:
    """Each curve in the colour of its largest point."""
    return [
        {
            "x": ground.at(point)[0],
            "y": ground.at(point)[1],
            "line": curve,
            "stroke": looks.of(points[-1].method).colour,
        }
        for curve, points in layout.curves.items()
        for point in points
    ]


def _symbol(point: Point, ground: Ground, metric: Metric, *, looks: Looks, by: str) -> Row:
    whole = point.size == int(point.size)
    size = counted(int(point.size), by.removesuffix("s")) if whole else f"{point.size:g} {by}"
    says = f"{metric.says(shown(point.method), point.figure)}, {size}"
    return symbol(looks.of(point.method), *ground.at(point), says)


def _labels(layout: Layout, ground: Ground, looks: Looks) -> list[Label]:
    """A label for each curve at its largest point, for each level, and for each point alone."""
    ends = [(curve, points[-1]) for curve, points in layout.curves.items()]
    alone = [(point.method, point) for point in layout.points if not point.curve]
    named = [*ends, *alone, *((point.method, point) for point in layout.levels)]
    short = short_names([name for name, _ in named], _LABEL)
    places = [(name, looks.of(point.method), ground.at(point)) for name, point in named]
    return [Label(text=short[name], look=look, x=at[0], y=at[1]) for name, look, at in places]


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
    said = "; ".join(f"{one['curve']}: {one['last_step']['text']}" for one in curves)
    return f"{metric.name} with 95% intervals over the number of {by}. {said}."


def _notes(layout: Layout) -> tuple[str, ...]:
    found = []
    if any(not point.curve for point in layout.levels):
        found.append(
            f"A dashed line is a method that uses no {layout.by}: it is the same at every size. "
            "Its interval stands at its right end."
        )
    zeros = [point.method for point in layout.levels if point.curve]
    if zeros:
        found.append(
            f"A log axis has no place for size 0: {', '.join(zeros)} stands as a dashed line."
        )
    if any(point.figure.low is None for point in layout.drawn):
        found.append("A point without a bar has no interval; the table says why.")
    return tuple(found)
