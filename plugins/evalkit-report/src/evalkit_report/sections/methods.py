"""The table of all methods: figures with intervals, verdicts, ratings, outcomes, cost, time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from evalkit_report.figures import (
    NOTHING,
    amount,
    counted,
    duration,
    figure,
    interval,
    p_value,
    percent,
    signed,
)
from evalkit_report.forms import form_of, inner, number_of, numbers_of, rows_of, text_of, texts_of
from evalkit_report.model import CellView, Form, Material
from evalkit_report.sections.leads import Lead, lead_of
from evalkit_report.sections.scale import Bar, Scale, bar_of, scale_of
from evalkit_report.sections.verdict import best_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What stands in a place of a table.

    Attributes:
        text: what it shows.
        order: by which it is sorted; None is always last.
        note: small print below.
    """

    text: str = NOTHING
    order: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the table: its heading, what it means, a field for each method."""

    heading: str
    meaning: str
    fields: tuple[Field, ...]


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
        rows: the methods, the best first; those without a figure last.
        columns: the further columns, their fields in the order of the rows.
        scale: of the bars; None if there are none.
        notes: how the figures were made.
    """

    metric: str
    better: str
    baseline: str
    rows: tuple[MethodRow, ...]
    columns: tuple[Column, ...]
    scale: Scale | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of a method: its row of the analysis, its cells, what it costs."""

    name: str
    number: int
    row: Form
    cells: tuple[CellView, ...]
    costs: Form

    @property
    def value(self) -> float | None:
        return number_of(self.row.get("value"))


def methods_of(material: Material) -> Methods:
    """The table of all methods."""
    analysis = material.analysis or {}
    known = _ordered(_known(material, analysis), lower=analysis.get("direction") == "lower")
    ends = [number_of(one.row.get(key)) for one in known for key in ("value", "low", "high")]
    positive = all(end is None or end >= 0 for end in ends)
    scale = scale_of(ends, anchor=0.0 if positive else None)
    return Methods(
        metric=text_of(analysis.get("metric")),
        better=f"{text_of(analysis.get('direction')) or 'higher'} is better",
        baseline=text_of(analysis.get("baseline")),
        rows=tuple(_row(one, analysis, scale, known) for one in known),
        columns=tuple(_columns(known, analysis)),
        scale=scale,
        notes=texts_of(analysis.get("notes")),
    )


def _known(material: Material, analysis: Form) -> list[_Known]:
    rows = {text_of(row.get("method")): row for row in rows_of(analysis.get("methods"))}
    return [
        _Known(
            name=name,
            number=number,
            row=rows.get(name, {}),
            cells=tuple(cell for cell in material.cells if cell.method == name),
            costs=form_of(inner(analysis, "costs", name)),
        )
        for number, name in enumerate(material.methods)
    ]


def _ordered(known: list[_Known], *, lower: bool) -> list[_Known]:
    sign = 1 if lower else -1
    return sorted(known, key=lambda one: (one.value is None, sign * (one.value or 0.0)))


def _row(one: _Known, analysis: Form, scale: Scale | None, known: Sequence[_Known]) -> MethodRow:
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


def _spread(one: _Known, low: float | None, high: float | None) -> str:
    """The interval, or why there is none; the notes below the table say it at length."""
    found = interval(low, high)
    why = text_of(one.row.get("undefined")).removeprefix("undefined, because ").split(": ")[0]
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


def _status(one: _Known) -> str:
    found = {text_of(cell.form.get("status")) for cell in one.cells}
    return next((status for status in ("failed", "pending") if status in found), "done")


def _reasons(one: _Known) -> Iterator[str]:
    for cell in one.cells:
        failure = inner(cell.form, "failure", "reason")
        if failure:
            yield f"{cell.key}: {text_of(failure)}"
        elif cell.form.get("status") == "pending":
            yield f"{cell.key}: not run"


def _columns(known: Sequence[_Known], analysis: Form) -> Iterator[Column]:
    """The columns in which anything is known."""
    for heading, meaning, field_of in _readers(known, text_of(analysis.get("currency"))):
        fields = tuple(map(field_of, known))
        if any(field.text != NOTHING for field in fields):
            yield Column(heading=heading, meaning=meaning, fields=fields)


Reader = tuple[str, str, Callable[[_Known], Field]]


def _readers(known: Sequence[_Known], currency: str) -> Iterator[Reader]:
    for name in dict.fromkeys(key for one in known for key in form_of(one.row.get("others"))):
        yield name, "mean over the seeds", partial(_other, name=name)
    yield "unreadable", "answers of which not everything could be read", _unreadable
    yield "failed", "answers that could not be had", _failed
    yield "tokens / answer", "prompt and generated tokens", _tokens
    yield f"cost / 1,000 {currency}".strip(), "of answers that did not fail", _cost
    yield "to adapt", "cost, or time where no price is known", _adapting
    yield "s / answer", "seconds of the batch, divided by its answers", _seconds
    yield "p50 s", "half of the requests were answered within", partial(_latency, name="p50")
    yield "p95 s", "95 of 100 requests were answered within", partial(_latency, name="p95")
    for name in dict.fromkeys(key for one in known for key in form_of(one.row.get("ratings"))):
        meaning = "* the judge failed its audit; ? it had none"
        yield name, meaning, partial(_rating, name=name)
    yield "examples", "evaluated; sources; seeds", _sizes


def _number(value: float | None, text: str, note: str = "") -> Field:
    return Field() if value is None else Field(text=text, order=value, note=note)


def _other(one: _Known, name: str) -> Field:
    value = number_of(inner(one.row, "others", name))
    return _number(value, figure(value))


def _rating(one: _Known, name: str) -> Field:
    """A standing is a text: the rating, and in brackets how sure it is."""
    text = text_of(inner(one.row, "ratings", name))
    head, _, tail = text.partition(" ")
    try:
        order = float(head.rstrip("*?"))
    except ValueError:
        return Field(text=text or NOTHING)
    return Field(text=head, order=order, note=tail)


def _unreadable(one: _Known) -> Field:
    share = number_of(one.row.get("unreadable"))
    return _number(share, percent(share))


def _failed(one: _Known) -> Field:
    number = number_of(one.row.get("failed"))
    return _number(number, f"{number:,.0f}") if number else Field()


def _tokens(one: _Known) -> Field:
    serving = numbers_of(one.costs.get("serving"))
    if not {"prompt_tokens", "completion_tokens"} <= serving.keys():
        return Field()
    prompt, completion = serving["prompt_tokens"], serving["completion_tokens"]
    total = prompt + completion
    return _number(total, amount(total), f"{amount(prompt)} + {amount(completion)}")


def _cost(one: _Known) -> Field:
    value = number_of(one.row.get("cost_per_1000"))
    return _number(value, amount(value))


def _adapting(one: _Known) -> Field:
    adapting = numbers_of(one.costs.get("adaptation"))
    total, seconds = adapting.get("total"), adapting.get("seconds")
    examples = int(adapting.get("training_examples", 0))
    note = counted(examples, "example") if examples else ""
    if total is not None:
        return _number(total, amount(total), note)
    return _number(seconds, duration(seconds), note)


def _seconds(one: _Known) -> Field:
    value = number_of(inner(one.costs, "serving", "seconds"))
    return _number(value, amount(value))


def _latency(one: _Known, name: str) -> Field:
    found = next((row for row in rows_of(one.row.get("latency")) if row.get(name)), {})
    if "value" in texts_of(inner(found, name, "infinite")):
        return Field(text="never")
    value = number_of(inner(found, name, "value"))
    ends = interval(number_of(inner(found, name, "low")), number_of(inner(found, name, "high")))
    return _number(value, amount(value), ends)


def _sizes(one: _Known) -> Field:
    known: Mapping[str, float] = numbers_of(one.row)
    examples = int(known.get("examples", 0))
    if not examples:
        return Field()
    note = f"{counted(int(known.get('clusters', 0)), 'source')}, "
    note += counted(int(known.get("seeds", 0)), "seed")
    return Field(text=f"{examples:,}", order=examples, note=note)
