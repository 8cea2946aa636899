"""Comparisons beside their judge's audit: standings, what was checked, what to know."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from evalkit_report.figures import NOTHING, amount, figure, percent
from evalkit_report.forms import form_of, inner, number_of, numbers_of, rows_of, text_of, texts_of
from evalkit_report.model import CellView, Form, Material
from evalkit_report.sections.columns import Field
from evalkit_report.sections.warnings import validation_of

_NOT_COLUMNS: Final = frozenset(
    ("low", "high", "se", "rank_low", "rank_high", "validated", "failure_rate")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check of a judge: what it found, what is asked for, how it ended."""

    name: str
    value: str
    threshold: str
    units: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The audit of a judge: its state, the checks, and remarks."""

    judge: str
    state: str
    checks: tuple[Check, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A contestant: its name, the number of its method (None if it is no method), its figures."""

    name: str
    number: int | None
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A comparison.

    Attributes:
        name: in the suite, with the seed and the run where there are several.
        failure: why there are no standings; empty if there are.
        validation: ``passed``, ``failed``, ``open``; empty where no judge is audited.
        headings: of the standings.
        standings: the contestants, the best first.
        audits: of its judges.
        notes: what to know of it.
    """

    name: str
    failure: str
    validation: str
    headings: tuple[str, ...]
    standings: tuple[Ranked, ...]
    audits: tuple[Audit, ...]
    notes: tuple[str, ...]


def judged_of(material: Material) -> tuple[Judged, ...]:
    """The comparisons of all runs."""
    numbers = {name: number for number, name in enumerate(material.methods)}
    found = []
    for run in material.runs:
        cells = {text_of(cell.form.get("id")): cell for cell in material.cells if cell.run is run}
        whose = f", {text_of(inner(run.results, 'run', 'id'))}" if len(material.runs) > 1 else ""
        forms = rows_of(run.results.get("comparisons"))
        names = [text_of(form.get("name")) for form in forms]
        for form in forms:
            several = names.count(text_of(form.get("name"))) > 1
            seed = f", seed {text_of(form.get('seed'))}" if several else ""
            found.append(_judged(form, cells, numbers, suffix=seed + whose))
    return tuple(found)


def _judged(
    form: Form, cells: dict[str, CellView], numbers: dict[str, int], *, suffix: str
) -> Judged:
    headline = text_of(form.get("headline"))
    standings = rows_of(form.get("standings"))
    columns = _columns(headline, standings)
    decimals = int(number_of(form.get("decimals")) or 0)
    ordered = sorted(standings, key=lambda row: _rank(row, headline))
    return Judged(
        name=text_of(form.get("name")) + suffix,
        failure=text_of(inner(form, "failure", "reason")),
        validation=validation_of(form),
        headings=tuple(name.replace("_", " ") for name in columns),
        standings=tuple(_ranked(row, columns, decimals, cells, numbers) for row in ordered),
        audits=tuple(_audits(form)),
        notes=texts_of(form.get("notes")),
    )


def _rank(row: Form, headline: str) -> tuple[bool, float]:
    """The highest first; what is undefined last."""
    value = number_of(inner(row, "values", headline))
    return value is None, -(value or 0.0)


def _columns(headline: str, standings: Sequence[Form]) -> list[str]:
    """The headline first, then the counts; what belongs to the headline stands below it."""
    given = dict.fromkeys(key for row in standings for key in form_of(row.get("values")))
    first = [headline] if headline in given else []
    return first + [name for name in given if name not in (headline, *_NOT_COLUMNS)]


def _ranked(
    row: Form,
    columns: list[str],
    decimals: int,
    cells: dict[str, CellView],
    numbers: dict[str, int],
) -> Ranked:
    contestant, values = text_of(row.get("contestant")), numbers_of(row.get("values"))
    cell = cells.get(contestant)
    name = cell.method if cell else contestant
    fields = [_field(column, values, decimals, first=column == columns[0]) for column in columns]
    return Ranked(name=name, number=numbers.get(name) if cell else None, fields=tuple(fields))


def _field(column: str, values: dict[str, float], decimals: int, *, first: bool) -> Field:
    value = values.get(column)
    if value is None:
        return Field()
    if not first:
        return Field(text=amount(value), order=value)
    return Field(text=figure(value, decimals), order=value, note=", ".join(_spread(values)))


def _spread(values: dict[str, float]) -> Iterator[str]:
    if {"low", "high"} <= values.keys():
        yield f"{values['low']:.0f} to {values['high']:.0f}"
    if {"rank_low", "rank_high"} <= values.keys():
        low, high = values["rank_low"], values["rank_high"]
        yield f"rank {low:.0f}" if low == high else f"rank {low:.0f} to {high:.0f}"


def _audits(form: Form) -> Iterator[Audit]:
    for judge, audit in form_of(inner(form, "details", "audit")).items():
        yield Audit(
            judge=judge,
            state=text_of(inner(audit, "state")) or "unknown",
            checks=tuple(_check(row) for row in rows_of(inner(audit, "checks"))),
            remarks=tuple(_remarks(form_of(audit))),
        )


def _check(row: Form) -> Check:
    units = number_of(row.get("units"))
    return Check(
        name=text_of(row.get("name")),
        value=figure(number_of(row.get("value"))),
        threshold=figure(number_of(row.get("threshold"))),
        units=NOTHING if units is None else f"{units:,.0f}",
        state=text_of(row.get("state")) or "unknown",
    )


def _remarks(audit: Form) -> Iterator[str]:
    found = numbers_of(audit.get("position"))
    if {"consistent", "first", "second"} <= found.keys():
        total = found["consistent"] + found["first"] + found["second"]
        yield (
            f"{found['consistent']:,.0f} of {total:,.0f} judged pairs got the same verdict in both "
            f"orders; of the others {found['first']:,.0f} went to the answer shown first and "
            f"{found['second']:,.0f} to the second."
        )
    cyclic, decided = (number_of(inner(audit, "triads", key)) for key in ("cyclic", "decided"))
    if decided:
        yield (
            f"{cyclic or 0:,.0f} of {decided:,.0f} decided triples of answers are circular "
            f"({percent((cyclic or 0) / decided)})."
        )
