"""From how many answers on a method pays that is dearer to adapt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.drafts import Draft, about_hours, looks_of
from evalkit_report.charts.layers import Row, axes, keys, rules, symbol, symbols, texts
from evalkit_report.charts.looks import GRID, Frame, Looks
from evalkit_report.charts.scales import Scale, logarithmic
from evalkit_report.charts.words import number, short_names, shown
from evalkit_report.figures import NOTHING
from evalkit_report.model import Material

_STEP: Final = 30
_LEFT: Final = 300
_NAME: Final = 124
_SAID: Final = 3
_VIEWS: Final = {"paid": "by what is paid", "with_errors": "with what bad answers cost"}


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
    def says(self) -> str:
        """It as a sentence."""
        ends = "" if self.low is None else f", 95% interval {number(self.low, 0)} to {self.end}"
        pays = f"{shown(self.method)} pays from {number(self.answers, 0)} answers on{ends}"
        return f"{pays}, compared with {shown(self.against)}, {_VIEWS[self.view]}"

    @property
    def end(self) -> str:
        """The upper end of the interval, as text."""
        return "no end" if self.high is None else number(self.high, 0)


def break_even_charts(material: Material) -> list[Draft]:
    """One chart, if there is such a number of any pair."""
    found = list(_volumes(material))
    if not found:
        return []
    return [
        Draft(
            name="break-even",
            title="From how many answers on the dearer training pays",
            summary=_summary(found),
            spec=_spec(found, looks_of(material)),
            headings=("dearer to adapt", "compared with", "counted", "answers", "95% interval"),
            rows=tuple(_row(one) for one in found),
            notes=(*_notes(found), *about_hours(material)),
        )
    ]


def _volumes(material: Material) -> Iterator[Volume]:
    for one in (material.analysis or {}).get("break_evens") or ():
        for view in _VIEWS:
            form = one.get(view)
            if form is not None and form["answers"]:
                yield Volume(
                    method=one["dearer_to_adapt"],
                    against=one["cheaper_to_adapt"],
                    view=view,
                    answers=form["answers"],
                    low=form["low"],
                    high=form["high"],
                    why=form["undefined"] or "",
                )


def _summary(found: Sequence[Volume]) -> str:
    more = f" {len(found) - _SAID} more are in the table." if len(found) > _SAID else ""
    return ". ".join(one.says for one in found[:_SAID]) + f".{more}"


def _notes(found: Sequence[Volume]) -> Iterator[str]:
    if len({one.view for one in found}) > 1:
        yield "Filled: by what is paid. Hollow: with what bad answers cost."
    if any(one.low is not None and one.high is None for one in found):
        yield "A bar that ends in an arrow has no upper end: the dearer one may never pay."
    if any(one.low is None for one in found):
        yield "A point without a bar has no interval; the table says why."


def _spec(found: Sequence[Volume], looks: Looks) -> Mapping[str, Any]:
    frame = Frame(height=_STEP * len(found), left=_LEFT, right=96, top=8, bottom=44)
    ends = [end for one in found for end in (one.answers, one.low, one.high) if end is not None]
    across = logarithmic([max(end, 1.0) for end in ends], frame.across, room=72)
    rows = [(one, _STEP * (place + 0.5)) for place, one in enumerate(found)]
    short = short_names([name for one in found for name in (one.method, one.against)], _NAME, 11)
    pairs = [
        {"x": -14, "y": y, "text": f"{short[one.method]} over {short[one.against]}"}
        for one, y in rows
    ]
    open_ended = [(one, y) for one, y in rows if one.low is not None and one.high is None]
    return frame.spec(
        [
            axes(across, None, title="answers, log axis"),
            rules([_row_line(frame, y) for _, y in rows], width=1),
            rules([_bar(one, y, across, looks) for one, y in rows if one.low is not None]),
            keys([_arrow(one, y, across, looks) for one, y in open_ended]),
            symbols([_symbol(one, y, across, looks) for one, y in rows]),
            texts(pairs, align="right", size=11),
            texts(
                [
                    {"x": frame.across + 12, "y": y, "text": number(one.answers, 0)}
                    for one, y in rows
                ]
            ),
        ]
    )


def _row_line(frame: Frame, y: float) -> Row:
    return {"x": 0, "x2": frame.across, "y": y, "stroke": GRID}


def _bar(one: Volume, y: float, across: Scale, looks: Looks) -> Row:
    first = across.at(max(one.low or 1.0, 1.0))
    last = across.length - 4 if one.high is None else across.at(max(one.high, 1.0))
    return {"x": first, "x2": last, "y": y, "stroke": looks.of(one.method).colour}


def _arrow(one: Volume, y: float, across: Scale, looks: Looks) -> Row:
    look = looks.of(one.method)
    return {**symbol(look, across.length - 4, y, ""), "shape": "triangle-right"}


def _symbol(one: Volume, y: float, across: Scale, looks: Looks) -> Row:
    x = across.at(max(one.answers, 1.0))
    return symbol(looks.of(one.method), x, y, one.says, filled=one.view == "paid")


def _row(one: Volume) -> tuple[str, ...]:
    ends = one.why or NOTHING
    if one.low is not None:
        ends = f"[{number(one.low, 0)}, {one.end}]"
    return (one.method, one.against, _VIEWS[one.view], number(one.answers, 0), ends)
