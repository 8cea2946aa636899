"""From how many answers on a method pays that is dearer to adapt."""

from collections.abc import Iterator
from dataclasses import dataclass

from evalkit_report.figures import amount
from evalkit_report.forms import form_of, inner, number_of, rows_of, text_of
from evalkit_report.model import Form, Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Payoff:
    """A break-even volume.

    Attributes:
        method: the one that is dearer to adapt.
        against: the one that is cheaper to adapt.
        answers: from how many answers on the first costs less in all.
        order: the same as a number.
        ends: its 95% interval, or why there is none.
        counting: what is counted as a cost.
    """

    method: str
    against: str
    answers: str
    order: float
    ends: str
    counting: str


def payoffs_of(material: Material) -> tuple[Payoff, ...]:
    """All break-even volumes that are known."""
    return tuple(
        payoff
        for row in rows_of(inner(material.analysis, "break_evens"))
        for payoff in _payoffs(row)
    )


def _payoffs(row: Form) -> Iterator[Payoff]:
    views = (("paid", "what is paid"), ("with_errors", "what is paid, and what bad answers cost"))
    for key, counting in views:
        view = form_of(row.get(key))
        answers = number_of(view.get("answers"))
        if answers is not None:
            yield Payoff(
                method=text_of(row.get("dearer_to_adapt")),
                against=text_of(row.get("cheaper_to_adapt")),
                answers=f"{answers:,.0f}",
                order=answers,
                ends=_ends(view),
                counting=counting,
            )


def _ends(view: Form) -> str:
    low, high = number_of(view.get("low")), number_of(view.get("high"))
    if low is None:
        return text_of(view.get("undefined"))
    return f"{amount(low)} to {amount(high) if high is not None else 'no end'}"
