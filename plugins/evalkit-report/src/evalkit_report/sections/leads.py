"""How far one method is ahead of another, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from evalkit_report.forms import inner, number_of, reason_of, rows_of, text_of
from evalkit_report.model import Form

Place = Literal["behind", "slightly behind", "equal", "open"]
_SURE: Final = 0.95
_LEVEL: Final = 0.05
_OPPOSITE: Final = {
    "better": "worse",
    "worse": "better",
    "better, maybe trivial": "worse, maybe trivial",
    "worse, maybe trivial": "better, maybe trivial",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """The difference of a method from another one; what is undefined is None.

    Attributes:
        value: the method's figure less the other's, whichever way is better.
        low: lower end of the 95% interval.
        high: its upper end.
        verdict: on the method; empty if there is none.
        p: of the test of no difference, adjusted for the number of tests.
        needed: how many examples would find a difference that matters, in 4 of 5 cases.
        examples: how many there are.
        undefined: why the difference, or its interval, is undefined.
    """

    value: float | None
    low: float | None
    high: float | None
    verdict: str
    p: float | None
    needed: float | None
    examples: int
    undefined: str

    @property
    def shown(self) -> bool:
        """Whether the test agrees that there is a difference, or there was none to make."""
        return self.p is None or self.p < _LEVEL


def lead_of(analysis: Form, method: str, other: str) -> Lead | None:
    """How a method stands against another one; None if they were not compared."""
    for row in rows_of(analysis.get("differences")):
        pair = (row.get("method"), row.get("baseline"))
        if pair == (method, other):
            return _lead(row)
        if pair == (other, method):
            return _turned(_lead(row))
    return None


def _lead(row: Form) -> Lead:
    return Lead(
        value=number_of(row.get("difference")),
        low=number_of(row.get("low")),
        high=number_of(row.get("high")),
        verdict=text_of(row.get("verdict")),
        p=number_of(row.get("p_adjusted")),
        needed=number_of(row.get("needed")),
        examples=int(number_of(row.get("examples")) or 0),
        undefined=reason_of(row.get("undefined")),
    )


def _turned(lead: Lead) -> Lead:
    """The same seen from the other method."""
    return Lead(
        value=_minus(lead.value),
        low=_minus(lead.high),
        high=_minus(lead.low),
        verdict=_OPPOSITE.get(lead.verdict, lead.verdict),
        p=lead.p,
        needed=lead.needed,
        examples=lead.examples,
        undefined=lead.undefined,
    )


def _minus(value: float | None) -> float | None:
    return None if value is None else 0.0 - value  # never -0


def places(analysis: Form, best: str, rivals: list[str]) -> dict[str, Place]:
    """Where each rival stands against the best method.

    Pairs that were compared go by their verdict; one of ``better`` counts only if the adjusted test
    agrees. Others go by the share of resamples in which the rival is worse than the best by less
    than what matters: from 95% on it is as good, up to 5% it is behind.
    """
    shares = {
        text_of(row.get("method")): number_of(row.get("as_good_share"))
        for row in rows_of(inner(analysis, "recommendation", "methods"))
    }
    weighed_best = inner(analysis, "recommendation", "best") == best
    return {
        rival: _place(lead_of(analysis, best, rival), rival, shares if weighed_best else {})
        for rival in rivals
    }


def _place(lead: Lead | None, rival: str, shares: Mapping[str, float | None]) -> Place:
    if lead is not None and lead.verdict:
        return _by_verdict(lead)
    share = shares.get(rival)
    if share is None:
        return "open"
    return "behind" if share <= _LEVEL else "equal" if share >= _SURE else "open"


def _by_verdict(lead: Lead) -> Place:
    if lead.verdict == "equivalent":
        return "equal"
    if not lead.shown:
        return "open"
    if lead.verdict == "better":
        return "behind"
    return "slightly behind" if lead.verdict == "better, maybe trivial" else "open"
