"""Training cost beside serving cost, and from how many answers on the dearer training pays."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.drafts import Draft, looks_of, without
from evalkit_report.charts.layers import (
    Row,
    axes,
    boxes,
    keys,
    notes,
    rules,
    symbol,
    symbols,
    texts,
)
from evalkit_report.charts.looks import GRID, LINE, Frame, Looks
from evalkit_report.charts.scales import Scale, logarithmic
from evalkit_report.charts.words import number, short_names, shown
from evalkit_report.figures import NOTHING, amount
from evalkit_report.model import Form, Material

_STEP: Final = 24
_LEFT: Final = 190
_VIEWS: Final = {"paid": "by what is paid", "with_errors": "with what bad answers cost"}


def price_charts(material: Material) -> list[Draft]:
    """The charts that the known costs allow."""
    return [one for one in (_beside(material), _break_evens(material)) if one is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a method takes: once, and for each 1,000 answers."""

    method: str
    once: float
    each: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """In what it is counted: as money or as time."""

    once: str
    each: str
    money: bool


def _beside(material: Material) -> Draft | None:
    analysis = material.analysis or {}
    costs = analysis.get("costs") or {}
    currency = analysis.get("currency")
    money = any(_money(one) is not None for one in costs.values())
    found = {name: _money(one) if money else _time(one) for name, one in costs.items()}
    bars = [Bar(method=name, once=own[0], each=own[1]) for name, own in found.items() if own]
    if not bars:
        return None
    cash = currency or "cost"
    unit = Unit(
        once=f"adapting, {cash} once" if money else "adapting, seconds once",
        each=f"serving, {cash} per 1,000 answers"
        if money
        else "serving, seconds per 1,000 answers",
        money=money,
    )
    missing = {name: _why(costs[name]) for name, own in found.items() if own is None}
    time = "Times were measured on the machine of the run, answers in batches."
    return Draft(
        name="costs",
        title="Adapting beside serving",
        summary=_summary(bars, unit),
        spec=_bars(bars, unit, looks_of(material)),
        headings=("method", unit.once, unit.each),
        rows=tuple((bar.method, amount(bar.once), amount(bar.each)) for bar in bars),
        notes=(*(() if money else (time,)), *without(missing)),
    )


def _money(one: Form) -> tuple[float, float] | None:
    once, each = one["adaptation"]["total"], one["serving"]["per_1000"]
    return None if once is None or each is None else (once, each)


def _time(one: Form) -> tuple[float, float] | None:
    once, each = one["adaptation"]["seconds"], one["serving"]["seconds"]
    return None if once is None or each is None else (once, 1000 * each)


def _why(one: Form) -> str:
    reason = one["adaptation"]["undefined"] or one["serving"]["undefined"]
    return reason or "what it takes is not known"


def _summary(bars: Sequence[Bar], unit: Unit) -> str:
    dear = max(bars, key=lambda bar: bar.once)
    slow = max(bars, key=lambda bar: bar.each)
    return (
        f"What each method takes before its first answer, and for 1,000 answers. Most for "
        f"{unit.once}: {shown(dear.method)} with {amount(dear.once)}; most for {unit.each}: "
        f"{shown(slow.method)} with {amount(slow.each)}."
    )


def _bars(bars: Sequence[Bar], unit: Unit, looks: Looks) -> Mapping[str, Any]:
    """Two columns of bars, each with a scale of its own that begins at 0."""
    frame = Frame(height=_STEP * len(bars), left=_LEFT, right=12, top=30, bottom=8)
    column = (frame.across - 20) / 2
    reach = column - 62
    short = looks.short(_LEFT - 36)
    level = {bar.method: _STEP * (place + 0.5) for place, bar in enumerate(bars)}
    columns = [
        (0.0, unit.once, {bar.method: bar.once for bar in bars}),
        (column + 20, unit.each, {bar.method: bar.each for bar in bars}),
    ]
    rows = [
        _bar(
            name,
            value,
            (left, reach * value / (max(found.values()) or 1)),
            level[name],
            looks=looks,
            what=what,
        )
        for left, what, found in columns
        for name, value in found.items()
    ]
    written = [
        {"x": row["x2"] + 6, "y": (row["y"] + row["y2"]) / 2, "text": row["text"]} for row in rows
    ]
    marks = [symbol(looks.of(bar.method), -14, level[bar.method], "") for bar in bars]
    return frame.spec(
        [
            rules(
                [
                    {"x": left, "y": -6, "y2": frame.height, "stroke": LINE}
                    for left, _, _ in columns
                ],
                width=1,
            ),
            boxes(rows, strokeWidth=0, cornerRadiusEnd=2),
            texts(written, size=11),
            keys(marks),
            texts(
                [{"x": -26, "y": level[b.method], "text": short[b.method]} for b in bars],
                align="right",
            ),
            notes([{"x": left, "y": -16, "text": what} for left, what, _ in columns]),
        ]
    )


def _bar(
    name: str, value: float, ends: tuple[float, float], y: float, *, looks: Looks, what: str
) -> Row:
    left, length = ends
    look = looks.of(name)
    return {
        "x": left,
        "x2": left + max(length, 1.0),
        "y": y - 7,
        "y2": y + 7,
        "fill": look.colour,
        "stroke": "none",
        "opacity": 0.85,
        "text": amount(value),
        "says": f"{look.name}: {what}: {amount(value)}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """From how many answers on one method is cheaper than another.

    Attributes:
        method: the one that is dearer to adapt.
        against: the other one.
        view: a key of `_VIEWS`.
        answers: the number.
        low: the lower end of its 95% interval; None if that is not known.
        high: the upper end; None if there is none, or it is not known.
        why: what is undefined; empty if nothing is.
    """

    method: str
    against: str
    view: str
    answers: float
    low: float | None
    high: float | None
    why: str

    @property
    def name(self) -> str:
        """Both methods."""
        return f"{shown(self.method)} over {shown(self.against)}"

    def says(self) -> str:
        """It as a sentence."""
        ends = "" if self.low is None else f", 95% interval {number(self.low, 0)} to {self.end}"
        return f"{self.name}: pays from {number(self.answers, 0)} answers on{ends}, {_VIEWS[self.view]}"

    @property
    def end(self) -> str:
        """The upper end of the interval, as text."""
        return "no end" if self.high is None else number(self.high, 0)


def _break_evens(material: Material) -> Draft | None:
    found = list(_volumes(material))
    if not found:
        return None
    open_ends = any(one.low is not None and one.high is None for one in found)
    several = len({one.view for one in found}) > 1
    note = "Filled: by what is paid. Hollow: with what bad answers cost."
    arrow = "A bar that ends in an arrow has no upper end: the dearer one may never pay."
    return Draft(
        name="break-even",
        title="From how many answers on the dearer training pays",
        summary=". ".join(one.says() for one in found) + ".",
        spec=_volumes_spec(found, looks_of(material)),
        headings=(
            "dearer to adapt",
            "compared with",
            "how it is counted",
            "answers",
            "95% interval",
        ),
        rows=tuple(_volume_row(one) for one in found),
        notes=(*((note,) if several else ()), *((arrow,) if open_ends else ())),
    )


def _volumes(material: Material) -> Iterator[Volume]:
    for one in (material.analysis or {}).get("break_evens") or ():
        for view in _VIEWS:
            shown = one.get(view)
            if shown is not None and shown["answers"]:
                yield Volume(
                    method=one["dearer_to_adapt"],
                    against=one["cheaper_to_adapt"],
                    view=view,
                    answers=shown["answers"],
                    low=shown["low"],
                    high=shown["high"],
                    why=shown["undefined"] or "",
                )


def _volumes_spec(found: Sequence[Volume], looks: Looks) -> Mapping[str, Any]:
    frame = Frame(height=30 * len(found), left=8, right=96, top=8, bottom=44)
    edge = 236.0
    ends = [max(e, 1.0) for one in found for e in (one.answers, one.low, one.high) if e is not None]
    inner = logarithmic(ends, frame.across - edge, room=64)
    level = [30 * (place + 0.5) for place in range(len(found))]
    rows = list(zip(found, level, strict=True))
    frame = Frame(height=frame.height, left=8 + edge, right=96, top=8, bottom=44)
    pairs = short_names(
        list(dict.fromkeys(n for o in found for n in (o.method, o.against))), 108, 11
    )
    names = [
        {"x": -12, "y": y, "text": f"{pairs[o.method]} over {pairs[o.against]}"} for o, y in rows
    ]
    written = [{"x": frame.across + 12, "y": y, "text": number(one.answers, 0)} for one, y in rows]
    bars = [_reach(one, y, inner, looks) for one, y in rows if one.low is not None]
    arrows = [
        {**bar, "shape": "triangle-right", "fill": bar["stroke"], "x": bar["x2"]}
        for bar, (one, _) in zip(bars, [r for r in rows if r[0].low is not None], strict=True)
        if one.high is None
    ]
    return frame.spec(
        [
            axes(inner, None, title="answers, log axis"),
            rules([{"x": 0, "x2": frame.across, "y": y, "stroke": GRID} for y in level], width=1),
            rules(bars),
            keys(arrows),
            symbols([_volume_symbol(one, y, inner, looks) for one, y in rows], size=84),
            texts(names, align="right", size=11),
            texts(written),
        ]
    )


def _reach(one: Volume, y: float, across: Scale, looks: Looks) -> Row:
    last = across.length - 4 if one.high is None else across.at(max(one.high, 1.0))
    first = across.at(max(one.low or 1.0, 1.0))
    return {"x": first, "x2": last, "y": y, "stroke": looks.of(one.method).colour}


def _volume_symbol(one: Volume, y: float, across: Scale, looks: Looks) -> Row:
    filled = one.view == "paid"
    return symbol(looks.of(one.method), across.at(one.answers), y, one.says(), filled=filled)


def _volume_row(one: Volume) -> tuple[str, ...]:
    ends = one.why or NOTHING
    if one.low is not None:
        ends = f"[{number(one.low, 0)}, {one.end}]"
    return (one.method, one.against, _VIEWS[one.view], number(one.answers, 0), ends)
