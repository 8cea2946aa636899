"""The table of all methods: figures with intervals, verdicts, ratings, outcomes, cost, time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit_report.figures import figure, interval, p_value, signed
from evalkit_report.forms import form_of, inner, number_of, reason_of, rows_of, text_of, texts_of
from evalkit_report.model import Form, Material
from evalkit_report.sections.columns import Column, Field, Known, columns_of
from evalkit_report.sections.leads import Lead, lead_of
from evalkit_report.sections.scale import Bar, Scale, bar_of, scale_of
from evalkit_report.sections.verdict import best_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRow:
    """A method.

    Attributes:
        name: the method.
        number: its place among all methods, which decides on colour and shape.
        tags: what it is: the baseline, the best, the one to take.
        score: its figure, with the interval as the note, or why there is none.
        bar: the same, drawn.
        difference: how it stands against the baseline.
        verdict: on that; empty if there is none.
        status: ``done``, ``failed`` or ``pending``: the worst of its cells.
        reasons: why cells of it are missing.
    """

    name: str
    number: int
    tags: tuple[str, ...]
    score: Field
    bar: Bar | None
    difference: Field
    verdict: str
    status: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """All methods, and what else is known of each.

    Attributes:
        metric: the primary metric; empty without an analysis.
        better: which way is better.
        baseline: what the others are compared with.
        marked: whether its figure is drawn beside those of the others.
        rows: the methods, the best first; those without a figure last.
        columns: the further columns, their fields in the order of the rows.
        scale: of the bars; None if there are none.
        notes: how the figures were made.
    """

    metric: str
    better: str
    baseline: str
    marked: bool
    rows: tuple[MethodRow, ...]
    columns: tuple[Column, ...]
    scale: Scale | None
    notes: tuple[str, ...]


def methods_of(material: Material) -> Methods:
    """The table of all methods."""
    analysis = material.analysis or {}
    known = _ordered(_known(material, analysis), lower=analysis.get("direction") == "lower")
    ends = [number_of(one.row.get(key)) for one in known for key in ("value", "low", "high")]
    positive = all(end is None or end >= 0 for end in ends)
    scale = scale_of(ends, anchor=0.0 if positive else None)
    baseline = text_of(analysis.get("baseline"))
    return Methods(
        metric=text_of(analysis.get("metric")),
        better=f"{text_of(analysis.get('direction')) or 'higher'} is better",
        baseline=baseline,
        marked=any(one.name == baseline and one.value is not None for one in known),
        rows=tuple(_row(one, analysis, scale, known) for one in known),
        columns=tuple(columns_of(known, analysis)),
        scale=scale,
        notes=texts_of(analysis.get("notes")),
    )


def _known(material: Material, analysis: Form) -> list[Known]:
    rows = {text_of(row.get("method")): row for row in rows_of(analysis.get("methods"))}
    return [
        Known(
            name=name,
            number=number,
            row=rows.get(name, {}),
            cells=tuple(cell for cell in material.cells if cell.method == name),
            costs=form_of(inner(analysis, "costs", name)),
        )
        for number, name in enumerate(material.methods)
    ]


def _ordered(known: list[Known], *, lower: bool) -> list[Known]:
    sign = 1 if lower else -1
    return sorted(known, key=lambda one: (one.value is None, sign * (one.value or 0.0)))


def _row(one: Known, analysis: Form, scale: Scale | None, known: Sequence[Known]) -> MethodRow:
    baseline = text_of(analysis.get("baseline"))
    base = next((other.value for other in known if other.name == baseline), None)
    low, high = number_of(one.row.get("low")), number_of(one.row.get("high"))
    lead = lead_of(analysis, one.name, baseline)
    return MethodRow(
        name=one.name,
        number=one.number,
        tags=tuple(_tags(one.name, analysis)),
        score=Field(text=figure(one.value), order=one.value, note=_spread(one, low, high)),
        bar=bar_of(scale, (one.value, low, high), base),
        difference=_difference(lead),
        verdict=lead.verdict if lead else "",
        status=_status(one),
        reasons=tuple(dict.fromkeys(_reasons(one))),
    )


def _spread(one: Known, low: float | None, high: float | None) -> str:
    """The interval, or why there is none; the notes below the table say it at length."""
    found = interval(low, high)
    why = reason_of(one.row.get("undefined")).split(": ")[0]
    if found or not why:
        return found
    return why if one.value is None else f"no interval: {why}"


def _tags(name: str, analysis: Form) -> Iterator[str]:
    if name and name == best_of(analysis):
        yield "best figure"
    if name == inner(analysis, "recommendation", "recommended"):
        yield "advised"
    if name == analysis.get("baseline"):
        yield "baseline"


def _difference(lead: Lead | None) -> Field:
    if lead is None or lead.value is None:
        return Field()
    ends = interval(lead.low, lead.high, sign=True)
    note = ", ".join(part for part in (ends, p_value(lead.p)) if part)
    return Field(text=signed(lead.value), order=lead.value, note=note)


def _status(one: Known) -> str:
    found = {text_of(cell.form.get("status")) for cell in one.cells}
    return next((status for status in ("failed", "pending") if status in found), "done")


def _reasons(one: Known) -> Iterator[str]:
    for cell in one.cells:
        failure = inner(cell.form, "failure", "reason")
        if failure:
            yield f"{cell.key}: {text_of(failure)}"
        elif cell.form.get("status") == "pending":
            yield f"{cell.key}: not run"
