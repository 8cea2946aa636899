"""Every cell for itself: what it was, how it ended, its figures. Seeds are not gathered here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from evalkit_report.figures import NOTHING, amount, duration, figure
from evalkit_report.forms import form_of, inner, number_of, numbers_of, text_of
from evalkit_report.model import CellView, Material
from evalkit_report.sections.columns import Field

_OUTCOMES: Final = ("parsed", "malformed", "empty", "truncated", "refused", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRow:
    """A cell: its key, the number of its method, its status with the reason, and figures."""

    key: str
    number: int
    status: str
    reason: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """All cells: headings of the figures, and rows."""

    headings: tuple[str, ...]
    rows: tuple[CellRow, ...]


def cells_of(material: Material) -> Cells:
    """The table of all cells."""
    scored = (name for cell in material.cells for name in form_of(cell.form.get("scores")))
    metrics = tuple(dict.fromkeys(scored))
    numbers = {name: number for number, name in enumerate(material.methods)}
    headings = ("model", "training examples", "seed", *metrics, "outcomes", "tokens / answer")
    return Cells(
        headings=(*headings, "adapting", "predicting"),
        rows=tuple(
            CellRow(
                key=cell.key,
                number=numbers[cell.method],
                status=text_of(cell.form.get("status")),
                reason=_reason(cell),
                fields=tuple(_fields(cell, metrics)),
            )
            for cell in material.cells
        ),
    )


def _reason(cell: CellView) -> str:
    failure = form_of(cell.form.get("failure"))
    parts = (text_of(failure.get(key)) for key in ("reason", "hint"))
    return " ".join(part for part in parts if part)


def _fields(cell: CellView, metrics: tuple[str, ...]) -> Iterator[Field]:
    yield Field(text=text_of(cell.form.get("model")) or NOTHING)
    for key in ("train_size", "seed"):
        number = number_of(cell.form.get(key))
        yield Field() if number is None else Field(text=f"{number:.0f}", order=number)
    for metric in metrics:
        value = number_of(inner(cell.form, "scores", metric, "value"))
        yield Field(text=figure(value), order=value)
    yield _outcomes(cell)
    yield _tokens(cell)
    for key in ("adapt", "predict"):
        seconds = number_of(inner(cell.form, "seconds", key))
        yield Field(text=duration(seconds), order=seconds)


def _outcomes(cell: CellView) -> Field:
    counts = numbers_of(cell.form.get("outcomes"))
    told = [f"{counts[name]:,.0f} {name}" for name in _OUTCOMES if counts.get(name)]
    return Field(text=", ".join(told) or NOTHING, order=counts.get("parsed"))


def _tokens(cell: CellView) -> Field:
    used = numbers_of(inner(cell.form, "usage", "predict"))
    answers = number_of(cell.form.get("examples"))
    if not answers or not {"prompt_tokens", "completion_tokens"} <= used.keys():
        return Field()
    tokens = (used["prompt_tokens"] + used["completion_tokens"]) / answers
    return Field(text=amount(tokens), order=tokens)
