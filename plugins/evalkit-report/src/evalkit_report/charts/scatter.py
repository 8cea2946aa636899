"""Quality against what it takes: points, the Pareto front, labels that stand free of each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from evalkit_report.charts.drafts import Draft, Metric
from evalkit_report.charts.front import Spot, front_of
from evalkit_report.charts.layers import (
    Layer,
    Row,
    axes,
    clear_texts,
    notes,
    rules,
    symbol,
    symbols,
)
from evalkit_report.charts.looks import INK, MUTED, Frame, Looks
from evalkit_report.charts.margin import heading
from evalkit_report.charts.placing import Box, place_labels
from evalkit_report.charts.scales import Scale, linear, logarithmic, worth_a_log
from evalkit_report.charts.words import bracket, number, short_names, shown, width
from evalkit_report.figures import NOTHING, amount

_HEIGHT: Final = 340
_LABEL: Final = 176
_FAR: Final = 16
"""A label further from its symbol than these pixels is joined to it by a line."""
_FRONT: Final = "filled and joined: the Pareto front, where nothing scores better for less"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What a plot is about.

    Attributes:
        name: of the chart.
        title: of the chart.
        what: what the methods take, with its unit, such as "tokens per answer".
        notes: what to know of it.
        ranked: whether what the methods take can be compared; without that there is no front.
    """

    name: str
    title: str
    what: str
    notes: tuple[str, ...] = ()
    ranked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Both axes, and how methods look."""

    across: Scale
    up: Scale
    looks: Looks

    def at(self, spot: Spot) -> tuple[float, float]:
        """The pixels of a spot."""
        return self.across.at(spot.takes), self.up.at(spot.value)


def scatter(plot: Plot, spots: Sequence[Spot], metric: Metric, looks: Looks) -> Draft | None:
    """The chart; None if there is nothing to compare."""
    if len(spots) < 2:
        return None
    front = front_of(spots, higher_is_better=metric.higher_is_better) if plot.ranked else []
    return Draft(
        name=plot.name,
        title=plot.title,
        summary=_summary(plot, front, metric),
        spec=_spec(plot, spots, front, metric=metric, looks=looks),
        headings=("method", metric.name, "95% interval", plot.what, "on the Pareto front"),
        rows=tuple(_row(spot, metric, front) for spot in spots),
        notes=plot.notes,
    )


def _spec(
    plot: Plot, spots: Sequence[Spot], front: Sequence[Spot], *, metric: Metric, looks: Looks
) -> Mapping[str, Any]:
    frame = Frame(height=_HEIGHT, left=52, right=28, top=46, bottom=46)
    ground = _ground(spots, frame, looks)
    rows = [_symbol(s, plot, metric, ground=ground, on_front=s in front) for s in spots]
    bars = [_bar(spot, ground) for spot in spots if spot.figure.low is not None]
    reaches = [_reach(spot, ground) for spot in spots if spot.least is not None]
    steps = list(_steps(front, ground))
    log = ", log axis" if ground.across.log else ""
    return frame.spec(
        [
            axes(ground.across, ground.up, title=plot.what + log),
            heading(metric.axis, frame.left),
            notes([{"x": frame.across, "y": -34, "text": _FRONT}] if front else [], align="right"),
            rules(steps, width=1.5, strokeCap="round"),
            rules(bars, width=1.5, opacity=0.55),
            rules(reaches, width=1.5, dash=(2, 2)),
            *_labels(spots, rows, [*bars, *reaches, *steps], frame),
            symbols(rows, size=84),
        ]
    )


def _ground(spots: Sequence[Spot], frame: Frame, looks: Looks) -> Ground:
    taken = [end for s in spots for end in (s.takes, s.least) if end is not None]
    log = worth_a_log(taken)
    across = logarithmic(taken, frame.across) if log else linear(taken, frame.across, zero=True)
    up = linear([end for s in spots for end in s.figure.ends], frame.height, upright=True)
    return Ground(across=across, up=up, looks=looks)


def _symbol(spot: Spot, plot: Plot, metric: Metric, *, ground: Ground, on_front: bool) -> Row:
    says = f"{metric.says(shown(spot.name), spot.figure)}, {amount(spot.takes)} {plot.what}"
    said = f"{says}, on the Pareto front" if on_front else says
    return symbol(ground.looks.of(spot.method), *ground.at(spot), said, filled=on_front)


def _bar(spot: Spot, ground: Ground) -> Row:
    low, high = (ground.up.at(end or 0.0) for end in (spot.figure.low, spot.figure.high))
    stroke = ground.looks.of(spot.method).colour
    return {"x": ground.at(spot)[0], "y": low, "y2": high, "stroke": stroke}


def _reach(spot: Spot, ground: Ground) -> Row:
    x, y = ground.at(spot)
    least = ground.across.at(spot.takes if spot.least is None else spot.least)
    return {"x": least, "x2": x, "y": y, "stroke": ground.looks.of(spot.method).colour}


def _steps(front: Sequence[Spot], ground: Ground) -> list[Row]:
    """The front as steps: the score stays until the next one is paid for."""
    found = []
    for one, other in pairwise(front):
        (x, y), (next_x, next_y) = ground.at(one), ground.at(other)
        found.append({"x": x, "x2": next_x, "y": y, "y2": y, "stroke": MUTED})
        found.append({"x": next_x, "x2": next_x, "y": y, "y2": next_y, "stroke": MUTED})
    return found


def _labels(
    spots: Sequence[Spot], rows: Sequence[Row], lines: Sequence[Row], frame: Frame
) -> list[Layer]:
    """The names beside the symbols, and a thin line to those that found no place close by."""
    short = short_names([spot.name for spot in spots], _LABEL)
    names = [short[spot.name] for spot in spots]
    points = [(row["x"], row["y"]) for row in rows]
    area = Box(left=4, top=-4, right=frame.across + frame.right - 4, bottom=frame.height + 8)
    wide = [width(name) + 2 for name in names]
    places = place_labels(points, wide, area, avoid=[_box(line) for line in lines])
    leads = [
        {"x": x, "y": y, "x2": min(max(x, at.x), at.x + own), "y2": at.y, "stroke": INK}
        for (x, y), at, own in zip(points, places, wide, strict=True)
        if at.far > _FAR
    ]
    written = [{"x": at.x + 1, "y": at.y, "text": n} for at, n in zip(places, names, strict=True)]
    return [rules(leads, width=0.7, opacity=0.6), *clear_texts(written)]


def _box(line: Row) -> Box:
    x, y = line["x"], line["y"]
    x2, y2 = line.get("x2", x), line.get("y2", y)
    return Box(left=min(x, x2) - 2, top=min(y, y2) - 2, right=max(x, x2) + 2, bottom=max(y, y2) + 2)


def _row(spot: Spot, metric: Metric, front: Sequence[Spot]) -> tuple[str, ...]:
    found = spot.figure
    ends = bracket(found.low, found.high, metric.decimals) or found.why or NOTHING
    on_front = ("yes" if spot in front else "no") if front else NOTHING
    return (spot.name, number(found.value, metric.decimals), ends, amount(spot.takes), on_front)


def _summary(plot: Plot, front: Sequence[Spot], metric: Metric) -> str:
    said = [f"{s.name} ({number(s.value, metric.decimals)} at {amount(s.takes)})" for s in front]
    told = f" On the Pareto front: {', '.join(said)}." if said else ""
    return f"{metric.name} against {plot.what}.{told}"
