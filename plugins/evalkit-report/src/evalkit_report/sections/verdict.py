"""The verdict in words: which method is best, by how much, how surely, at what cost.

That no winner can be told yet is a verdict too: it is never hidden behind the best figure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from evalkit_report.figures import figure, interval, names
from evalkit_report.forms import inner, number_of, reason_of, rows_of, text_of, texts_of
from evalkit_report.model import Form, Material
from evalkit_report.sections.facts import Fact, facts_of
from evalkit_report.sections.leads import Lead, Place, lead_of, places

State = Literal["settled", "partly", "open", "none"]
STATES: Final[dict[State, str]] = {
    "settled": "Settled",
    "partly": "Partly settled",
    "open": "Not settled yet",
    "none": "No comparison",
}
_RISING: Final = "still rising"
_LEADS: Final[Mapping[Place | None, str]] = {
    "behind": "beats {}",
    "slightly behind": "is ahead of {}, perhaps by too little to matter",
    "equal": "has the best figure, {} is as good for all that matters",
}
"""How the best method stands against the baseline; where that has no figure, it is not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Whether an expectation of the suite is met."""

    name: str
    met: bool | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the page says first.

    Attributes:
        state: how far the comparison is settled.
        badge: the same in words.
        headline: the verdict in one sentence.
        sentences: what it rests on, and what to take.
        facts: by how much, how sure, at what cost, what would tell more.
        expected: what the suite expects.
    """

    state: State
    badge: str
    headline: str
    sentences: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    expected: tuple[Expected, ...] = ()


def verdict_of(material: Material) -> Verdict:
    """The verdict on a run, or on several that were compared."""
    expected = tuple(_expected(material.run.results))
    analysis = material.analysis
    rows = [] if analysis is None else rows_of(analysis.get("methods"))
    figured = [row for row in rows if number_of(row.get("value")) is not None]
    if analysis is None or not figured:
        return _said("none", "No method has a figure to compare.", [*_reasons(rows)], expected)
    best = best_of(analysis)
    if len(figured) == 1:
        headline = f"{best} is the only method with a figure."
        said = f"Its {text_of(analysis.get('metric'))} is {_figure_of(analysis, best)}."
        return _said("none", headline, [said, *_reasons(rows)], expected)
    return _compared(material, analysis, expected)


def best_of(analysis: Form) -> str:
    """The method with the best figure, of equal ones the advised one; empty if none has one."""
    found = _values(analysis)
    if not found:
        return ""
    top = min(found.values()) if analysis.get("direction") == "lower" else max(found.values())
    tied = [name for name in found if found[name] == top]
    advised = inner(analysis, "recommendation", "best")
    return advised if advised in tied else tied[0]


def _values(analysis: Form) -> dict[str, float]:
    """Method -> its figure, if it has one."""
    return {
        text_of(row.get("method")): value
        for row in rows_of(analysis.get("methods"))
        if (value := number_of(row.get("value"))) is not None
    }


def rivals_of(analysis: Form, best: str) -> list[str]:
    """The other methods that have a figure."""
    return [name for name in _values(analysis) if name != best]


def _said(
    state: State, headline: str, sentences: Sequence[str], expected: tuple[Expected, ...]
) -> Verdict:
    return Verdict(
        state=state,
        badge=STATES[state],
        headline=headline,
        sentences=tuple(sentences),
        expected=expected,
    )


def _compared(material: Material, analysis: Form, expected: tuple[Expected, ...]) -> Verdict:
    best = best_of(analysis)
    placed = places(analysis, best, rivals_of(analysis, best))
    baseline = text_of(analysis.get("baseline"))
    state, headline = _headline(best, baseline, placed)
    advice = texts_of(inner(analysis, "recommendation", "sentences"))
    return Verdict(
        state=state,
        badge=STATES[state],
        headline=headline,
        sentences=(*_reached(analysis, best), *advice, *_rising(analysis)),
        facts=facts_of(analysis, best, placed),
        expected=expected,
    )


def _headline(best: str, baseline: str, placed: dict[str, Place]) -> tuple[State, str]:
    """How far it is settled, and the verdict in a sentence."""
    unsettled, slight, equal = (
        [name for name, place in placed.items() if place == wanted]
        for wanted in ("open", "slightly behind", "equal")
    )
    against = placed.get(baseline)
    if against == "open" or (best == baseline and unsettled):
        return "open", "No winner can be told yet."
    if unsettled:
        lead = _LEADS.get(against, "has the best figure").format(baseline)
        state: State = "open" if len(unsettled) == len(placed) else "partly"
        return state, f"{best} {lead}, but {names(unsettled)} may be as good."
    if slight:
        return "partly", f"{best} is ahead of {names(slight)}, perhaps by too little to matter."
    if equal and len(equal) == len(placed):
        return "settled", "All methods are equally good, for all that matters."
    if equal:
        verb = "is" if len(equal) == 1 else "are"
        return "settled", f"{best} is best; {names(equal)} {verb} as good for all that matters."
    return "settled", f"{best} is the best of {len(placed) + 1} methods."


def _reached(analysis: Form, best: str) -> Iterator[str]:
    """The figure of the best method, and how it stands against the baseline."""
    yield f"{best} has the best {text_of(analysis.get('metric'))}: {_figure_of(analysis, best)}."
    baseline, values = text_of(analysis.get("baseline")), _values(analysis)
    if same := [name for name in values if values[name] == values[best] and name != best]:
        yield f"{names(same)} {'has' if len(same) == 1 else 'have'} the same figure."
    lead = None if best == baseline else lead_of(analysis, best, baseline)
    if best == baseline:
        yield "It is the baseline."
    elif lead is not None and baseline not in same and lead.value != 0:
        yield _against(lead, baseline)


def _figure_of(analysis: Form, method: str) -> str:
    row = next(row for row in rows_of(analysis.get("methods")) if row.get("method") == method)
    ends = _ends(number_of(row.get("low")), number_of(row.get("high")))
    return f"{figure(number_of(row.get('value')))}{ends}"


def _against(lead: Lead, baseline: str) -> str:
    if lead.value is None:
        return f"How far it is from {baseline}, the baseline, is not known: {lead.undefined}."
    more = "more" if lead.value > 0 else "less"
    ends = _ends(lead.low, lead.high, sign=True)
    return f"That is {figure(abs(lead.value))} {more} than {baseline}, the baseline{ends}."


def _ends(low: float | None, high: float | None, *, sign: bool = False) -> str:
    ends = interval(low, high, sign=sign)
    return f" (95% interval {ends})" if ends else ""


def _rising(analysis: Form) -> Iterator[str]:
    """Learning curves that more training examples would still lift."""
    for curve in rows_of(analysis.get("curves")):
        step = curve.get("last_step")
        if inner(step, "trend") == _RISING:
            yield f"The curve of {text_of(curve.get('curve'))} is {text_of(inner(step, 'text'))}."


def _reasons(rows: Sequence[Form]) -> Iterator[str]:
    for row in rows:
        if number_of(row.get("value")) is None and row.get("undefined"):
            yield f"{text_of(row.get('method'))}: {reason_of(row.get('undefined'))}."


def _expected(results: Form) -> Iterator[Expected]:
    for row in rows_of(results.get("expectations")):
        met = row.get("met")
        yield Expected(
            name=text_of(row.get("name")),
            met=met if isinstance(met, bool) else None,
            detail=text_of(row.get("detail")),
        )
