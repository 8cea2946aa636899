"""What adapting takes beside what serving takes: as money, or as time where prices are unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.drafts import Draft, about_hours, looks_of, without
from evalkit_report.charts.layers import Row, boxes, keys, notes, rules, symbol, texts
from evalkit_report.charts.looks import LINE, Frame, Looks
from evalkit_report.charts.words import shown
from evalkit_report.figures import amount
from evalkit_report.model import Form, Material

_STEP: Final = 24
_LEFT: Final = 200
_BETWEEN: Final = 20
_WRITTEN: Final = 62
"""Pixels for the figure after the longest bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of bars.

    Attributes:
        what: what it shows, with its unit.
        found: method -> how much.
        left: where it begins, in pixels.
        reach: how long its longest bar is.
    """

    what: str
    found: Mapping[str, float]
    left: float
    reach: float

    @property
    def most(self) -> str:
        """The method with the longest bar."""
        return max(self.found, key=lambda name: self.found[name])

    def length(self, value: float) -> float:
        """How long the bar of a value is; that of 0 can just be seen."""
        return max(1.0, self.reach * value / (self.found[self.most] or 1.0))


def beside_charts(material: Material) -> list[Draft]:
    """One chart, where anything is known of both."""
    analysis = material.analysis or {}
    costs = analysis.get("costs") or {}
    money = any(_money(one) is not None for one in costs.values())
    found = {name: _money(one) if money else _time(one) for name, one in costs.items()}
    known = {name: own for name, own in found.items() if own is not None}
    if not known:
        return []
    unit = (analysis.get("currency") or "cost") if money else "seconds"
    missing = {
        name: _why(costs[name]) if money else "its times are not known"
        for name, own in found.items()
        if own is None
    }
    time = "Prices are not known. Times are those of the machine of the run, answers in batches."
    notes_of_unit = about_hours(material) if money else (time,)
    columns = _columns(known, str(unit))
    return [
        Draft(
            name="costs",
            title="Adapting beside serving",
            summary=_summary(columns),
            spec=_spec(columns, list(known), looks_of(material)),
            headings=("method", *(column.what for column in columns)),
            rows=tuple((name, *(amount(value) for value in own)) for name, own in known.items()),
            notes=(*notes_of_unit, *without(missing)),
        )
    ]


def _money(one: Form) -> tuple[float, float] | None:
    once, each = one["adaptation"]["total"], one["serving"]["per_1000"]
    return None if once is None or each is None else (once, each)


def _time(one: Form) -> tuple[float, float] | None:
    once, each = one["adaptation"]["seconds"], one["serving"]["seconds"]
    return None if once is None or each is None else (once, 1000 * each)


def _why(one: Form) -> str:
    reason = one["adaptation"]["undefined"] or one["serving"]["undefined"]
    return reason or "what it takes is not known"


def _columns(known: Mapping[str, tuple[float, float]], unit: str) -> list[Column]:
    wide = (Frame(height=0, left=_LEFT).across - _BETWEEN) / 2
    return [
        Column(
            what=what,
            found={name: own[place] for name, own in known.items()},
            left=place * (wide + _BETWEEN),
            reach=wide - _WRITTEN,
        )
        for place, what in enumerate(
            (f"adapting, {unit} once", f"serving, {unit} per 1,000 answers")
        )
    ]


def _summary(columns: Sequence[Column]) -> str:
    said = [f"{one.what}, {one.most} with {amount(one.found[one.most])}" for one in columns]
    return (
        f"What each method takes before its first answer, and to answer. Most: {'; '.join(said)}."
    )


def _spec(columns: Sequence[Column], methods: Sequence[str], looks: Looks) -> Mapping[str, Any]:
    frame = Frame(height=_STEP * len(methods), left=_LEFT, right=12, top=30, bottom=8)
    short = looks.short(_LEFT - 40, more=methods)
    level = {name: _STEP * (place + 0.5) for place, name in enumerate(methods)}
    bars = [_bar(column, name, level[name], looks) for column in columns for name in methods]
    written = [{"x": bar["x2"] + 6, "y": bar["y"] + 7, "text": bar["text"]} for bar in bars]
    feet = [
        {"x": one.left, "y": -6, "y2": frame.height, "x2": one.left, "stroke": LINE}
        for one in columns
    ]
    names = [{"x": -26, "y": level[name], "text": short[name]} for name in methods]
    return frame.spec(
        [
            rules(feet, width=1),
            boxes(bars, strokeWidth=0),
            texts(written, size=11),
            keys([symbol(looks.of(name), -14, level[name], "") for name in methods]),
            texts(names, align="right"),
            notes([{"x": one.left, "y": -16, "text": one.what} for one in columns]),
        ]
    )


def _bar(column: Column, name: str, y: float, looks: Looks) -> Row:
    value = column.found[name]
    return {
        "x": column.left,
        "x2": column.left + column.length(value),
        "y": y - 7,
        "y2": y + 7,
        "fill": looks.of(name).colour,
        "stroke": "none",
        "opacity": 0.85,
        "text": amount(value),
        "says": f"{shown(name)}: {column.what}: {amount(value)}",
    }
