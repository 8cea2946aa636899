"""The further columns of the table of methods: what is known of each beside its figure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from evalkit_report.figures import NOTHING, amount, counted, duration, figure, interval, percent
from evalkit_report.forms import form_of, inner, number_of, numbers_of, rows_of, text_of, texts_of
from evalkit_report.model import CellView, Form


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
class Known:
    """What is known of a method: its row of the analysis, its cells, what it costs."""

    name: str
    number: int
    row: Form
    cells: tuple[CellView, ...]
    costs: Form

    @property
    def value(self) -> float | None:
        """Its figure."""
        return number_of(self.row.get("value"))


def columns_of(known: Sequence[Known], analysis: Form) -> Iterator[Column]:
    """The columns in which anything is known."""
    for heading, meaning, field_of in _readers(known, text_of(analysis.get("currency"))):
        fields = tuple(map(field_of, known))
        if any(field.text != NOTHING for field in fields):
            yield Column(heading=heading, meaning=meaning, fields=fields)


Reader = tuple[str, str, Callable[[Known], Field]]


def _readers(known: Sequence[Known], currency: str) -> Iterator[Reader]:
    for name in dict.fromkeys(key for one in known for key in form_of(one.row.get("others"))):
        yield name, "mean over the seeds", partial(_other, name=name)
    yield "unreadable", "answers of which not everything could be read", _unreadable
    if any(number_of(one.row.get("failed")) for one in known):
        yield "failed", "answers that could not be had", _failed
    yield "tokens / answer", "prompt and generated tokens", _tokens
    meaning = "of answers that did not fail; busy: the share of time that a device is in use"
    yield f"cost / 1,000 {currency}".strip(), meaning, _cost
    yield "to adapt", "cost, or time where no price is known", _adapting
    yield "s / answer", "seconds of the batch, divided by its answers", _seconds
    yield "p50 s", "half of the requests were answered within", partial(_latency, name="p50")
    yield "p95 s", "95 of 100 requests were answered within", partial(_latency, name="p95")
    for name in dict.fromkeys(key for one in known for key in form_of(one.row.get("ratings"))):
        meaning = "mean over the seeds; * the judge failed its audit; ? no audit settled it"
        yield name, meaning, partial(_rating, name=name)
    yield "examples", "evaluated; sources; seeds", _sizes


def _number(value: float | None, text: str, note: str = "") -> Field:
    return Field() if value is None else Field(text=text, order=value, note=note)


def _other(one: Known, name: str) -> Field:
    value = number_of(inner(one.row, "others", name))
    return _number(value, figure(value))


def _rating(one: Known, name: str) -> Field:
    """A standing is a text: the rating, and in brackets how sure it is."""
    text = text_of(inner(one.row, "ratings", name))
    head, _, tail = text.partition(" ")
    try:
        order = float(head.rstrip("*?").replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return Field(text=text or NOTHING)
    return Field(text=head, order=order, note=tail)


def _unreadable(one: Known) -> Field:
    share = number_of(one.row.get("unreadable"))
    return _number(share, percent(share))


def _failed(one: Known) -> Field:
    number = number_of(one.row.get("failed"))
    return _number(number, f"{number or 0:,.0f}")


def _tokens(one: Known) -> Field:
    serving = numbers_of(one.costs.get("serving"))
    if not {"prompt_tokens", "completion_tokens"} <= serving.keys():
        return Field()
    prompt, completion = serving["prompt_tokens"], serving["completion_tokens"]
    total = prompt + completion
    return _number(total, amount(total), f"{amount(prompt)} + {amount(completion)}")


def _cost(one: Known) -> Field:
    value = number_of(one.row.get("cost_per_1000"))
    share = number_of(inner(one.costs, "serving", "utilisation"))
    return _number(value, amount(value), "" if share is None else f"{percent(share)} busy")


def _adapting(one: Known) -> Field:
    adapting = numbers_of(one.costs.get("adaptation"))
    total, seconds = adapting.get("total"), adapting.get("seconds")
    examples = int(adapting.get("training_examples", 0))
    note = counted(examples, "example") if examples else ""
    if total is not None:
        return _number(total, amount(total), note)
    return _number(seconds, duration(seconds), note)


def _seconds(one: Known) -> Field:
    value = number_of(inner(one.costs, "serving", "seconds"))
    return _number(value, amount(value))


def _latency(one: Known, name: str) -> Field:
    found = next((row for row in rows_of(one.row.get("latency")) if row.get(name)), {})
    if "value" in texts_of(inner(found, name, "infinite")):
        return Field(text="never")
    value = number_of(inner(found, name, "value"))
    ends = interval(number_of(inner(found, name, "low")), number_of(inner(found, name, "high")))
    return _number(value, amount(value), ends)


def _sizes(one: Known) -> Field:
    known = numbers_of(one.row)
    examples = int(known.get("examples", 0))
    if not examples:
        return Field()
    note = f"{counted(int(known.get('clusters', 0)), 'source')}, "
    note += counted(int(known.get("seeds", 0)), "seed")
    return Field(text=f"{examples:,}", order=examples, note=note)
