"""Quality against what it takes: points, the Pareto front, labels that stand free of each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.drafts import Draft, Figure, Metric
from evalkit_report.charts.layers import (
    Layer,
    Row,
    axes,
    notes,
    paths,
    rules,
    symbol,
    symbols,
    texts,
)
from evalkit_report.charts.looks import INK, MUTED, Frame, Looks
from evalkit_report.charts.margin import heading
from evalkit_report.charts.placing import Box, place_labels
from evalkit_report.charts.scales import Scale, linear, logarithmic, worth_a_log
from evalkit_report.charts.words import bracket, number, short_names, shown, width
from evalkit_report.figures import NOTHING, amount

_HEIGHT: Final = 340
_LABEL: Final = 150
_FRONT: Final = "filled, joined by the line: no other method has both a better score and less"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A method in the plot.

    Attributes:
        method: its name.
        figure: its quality; it has a value.
        takes: what it takes, of which less is better.
        least: where a bar towards it begins, such as the median before p95; None for no bar.
        label: its name, where a method has several spots; empty otherwise.
    """

    method: str
    figure: Figure
    takes: float
    least: float | None = None
    label: str = ""

    @property
    def name(self) -> str:
        """What it is called in the plot."""
        return self.label or self.method

    @property
    def value(self) -> float:
        """Its quality."""
        return self.figure.value or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What a plot is about.

    Attributes:
        name: of the chart.
        title: of the chart.
        what: what the methods take, as a noun with its unit, such as "tokens per answer".
        heading: that in the table.
        notes: what to know of it.
    """

    name: str
    title: str
    what: str
    notes: tuple[str, ...] = ()


def front_of(spots: Sequence[Spot], *, higher_is_better: bool) -> list[Spot]:
    """The spots that none other is at least as good as in both and better in one, by what they take."""
    sign = 1 if higher_is_better else -1
    found = [
        spot
        for spot in spots
        if not any(_dominates(other, spot, sign) for other in spots if other is not spot)
    ]
    return sorted(found, key=lambda spot: (spot.takes, spot.value))


def _dominates(one: Spot, other: Spot, sign: int) -> bool:
    as_good = one.takes <= other.takes and sign * one.value >= sign * other.value
    return as_good and (one.takes < other.takes or one.value != other.value)


def scatter(plot: Plot, spots: Sequence[Spot], metric: Metric, looks: Looks) -> Draft | None:
    """The chart; None if there is nothing to compare."""
    if len(spots) < 2:
        return None
    front = front_of(spots, higher_is_better=metric.higher_is_better)
    return Draft(
        name=plot.name,
        title=plot.title,
        summary=_summary(plot, front, metric),
        spec=_spec(plot, spots, front, metric=metric, looks=looks),
        headings=("method", metric.name, "95% interval", plot.what, "on the Pareto front"),
        rows=tuple(_row(spot, spot in front, metric) for spot in spots),
        notes=plot.notes,
    )


def _spec(
    plot: Plot, spots: Sequence[Spot], front: Sequence[Spot], *, metric: Metric, looks: Looks
) -> Mapping[str, Any]:
    frame = Frame(height=_HEIGHT, left=52, right=20, top=46, bottom=46)
    taken = [end for s in spots for end in (s.takes, s.least) if end is not None]
    log = worth_a_log(taken)
    across = logarithmic(taken, frame.across) if log else linear(taken, frame.across)
    up = linear([end for s in spots for end in s.figure.ends], _HEIGHT, upright=True)
    rows = [
        _symbol(plot, s, across, up, metric=metric, looks=looks, filled=s in front) for s in spots
    ]
    bars = [_bar(s, across, up, looks) for s in spots if s.figure.low is not None]
    reaches = [_reach(s, across, up, looks) for s in spots if s.least is not None]
    line = [
        {"x": across.at(s.takes), "y": up.at(s.value), "line": 0, "stroke": MUTED} for s in front
    ]
    return frame.spec(
        [
            axes(across, up, title=plot.what + (", log axis" if log else "")),
            heading(metric.axis, frame.left),
            notes([{"x": frame.across, "y": -34, "text": _FRONT}], align="right"),
            paths(line, width=1.5, interpolate="step-after"),
            rules(bars, width=1.5, opacity=0.55),
            rules(reaches, width=1.5, dash=(2, 2)),
            *_labels(spots, rows, [*bars, *reaches], frame),
            symbols(rows, size=84),
        ]
    )


def _symbol(  # noqa: PLR0913 (all but the first four by keyword)
    plot: Plot,
    spot: Spot,
    across: Scale,
    up: Scale,
    *,
    metric: Metric,
    looks: Looks,
    filled: bool,
) -> Row:
    front = ", on the Pareto front" if filled else ""
    says = f"{metric.says(shown(spot.name), spot.figure)}; {amount(spot.takes)} {plot.what}{front}"
    x, y = across.at(spot.takes), up.at(spot.value)
    return symbol(looks.of(spot.method), x, y, says, filled=filled)


def _bar(spot: Spot, across: Scale, up: Scale, looks: Looks) -> Row:
    low, high = spot.figure.low or 0.0, spot.figure.high or 0.0
    stroke = looks.of(spot.method).colour
    return {"x": across.at(spot.takes), "y": up.at(low), "y2": up.at(high), "stroke": stroke}


def _reach(spot: Spot, across: Scale, up: Scale, looks: Looks) -> Row:
    least = spot.takes if spot.least is None else spot.least
    stroke = looks.of(spot.method).colour
    return {
        "x": across.at(least),
        "x2": across.at(spot.takes),
        "y": up.at(spot.value),
        "stroke": stroke,
    }


def _labels(
    spots: Sequence[Spot], rows: Sequence[Row], lines: Sequence[Row], frame: Frame
) -> list[Layer]:
    """The names beside the symbols, and a thin line to those that found no place close by."""
    short = short_names(list(dict.fromkeys(spot.name for spot in spots)), _LABEL, 12)
    names = [short[spot.name] for spot in spots]
    points = [(row["x"], row["y"]) for row in rows]
    area = Box(left=4, top=2, right=frame.across + frame.right - 4, bottom=frame.height - 2)
    avoid = [_box(line) for line in lines]
    places = place_labels(points, [width(n) + 2 for n in names], area, avoid=avoid)
    written = [{"x": p.x + 1, "y": p.y, "text": n} for p, n in zip(places, names, strict=True)]
    leads = [
        {"x": x, "y": y, "x2": min(max(x, p.x), p.x + width(n)), "y2": p.y, "stroke": INK}
        for (x, y), p, n in zip(points, places, names, strict=True)
        if p.far > 16
    ]
    return [rules(leads, width=0.7, opacity=0.6), texts(written)]


def _box(line: Row) -> Box:
    x, y = line["x"], line["y"]
    x2, y2 = line.get("x2", x), line.get("y2", y)
    return Box(left=min(x, x2) - 2, top=min(y, y2) - 2, right=max(x, x2) + 2, bottom=max(y, y2) + 2)


def _row(spot: Spot, on_front: bool, metric: Metric) -> tuple[str, ...]:
    found = spot.figure
    ends = bracket(found.low, found.high, metric.decimals) or found.why or NOTHING
    front = "yes" if on_front else "no"
    return (spot.name, number(found.value, metric.decimals), ends, amount(spot.takes), front)


def _summary(plot: Plot, front: Sequence[Spot], metric: Metric) -> str:
    said = [
        f"{shown(s.name)} ({number(s.value, metric.decimals)} at {amount(s.takes)})" for s in front
    ]
    return f"{metric.name} against {plot.what}. On the Pareto front: {', '.join(said)}."
