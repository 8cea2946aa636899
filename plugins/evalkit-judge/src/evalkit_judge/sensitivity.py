"""What units without a verdict could change: refits under other assumptions.

Units without a verdict are left out of the ratings. That is harmless only if they are few and
strike all contestants alike; so the ratings are fitted again as if they all were ties, and for
each contestant as if it had lost all of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from scipy.stats import chi2_contingency

from evalkit_judge.tally import Outcome, Record

Scores: TypeAlias = Sequence[float | None]
Fit: TypeAlias = Callable[[Scores], Sequence[float | None]]
"""Contestant a's score in each unit (None leaves it out) -> rating of each contestant."""

_EQUAL_ELO = 1e-6
"""Ratings that differ by less differ by rounding only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """The ranks of one contestant, from 1; None where it has no rating.

    Attributes:
        excluded: units without a verdict left out, as the ratings have it.
        ties: taken for ties.
        worst: its own taken for losses, those of others left out.
    """

    excluded: int | None
    ties: int | None
    worst: int | None

    @property
    def change(self) -> bool:
        """Whether it matters."""
        return len({self.excluded, self.ties, self.worst}) > 1


def refits(
    units: Sequence[Outcome], contestants: Sequence[str], fit: Fit
) -> Mapping[str, Ranks] | None:
    """Contestant -> its ranks under each assumption; None if every unit has a verdict.

    Args:
        units: what they ended as.
        contestants: in the order of the ratings.
        fit: makes ratings of scores.
    """
    if all(unit.score is not None for unit in units):
        return None
    excluded = ranks(fit([unit.score for unit in units]))
    ties = ranks(fit([0.5 if unit.score is None else unit.score for unit in units]))
    return {
        name: Ranks(
            excluded=excluded[i],
            ties=ties[i],
            worst=ranks(fit([_worst(unit, name) for unit in units]))[i],
        )
        for i, name in enumerate(contestants)
    }


def _worst(outcome: Outcome, contestant: str) -> float | None:
    unit = outcome.unit
    if outcome.score is not None or contestant not in (unit.a, unit.b):
        return outcome.score
    return 0.0 if contestant == unit.a else 1.0


def ranks(ratings: Sequence[float | None]) -> list[int | None]:
    """The rank of each rating, the highest first; equal ones share the best."""
    known = [rating for rating in ratings if rating is not None]
    return [
        None if own is None else 1 + sum(rating > own + _EQUAL_ELO for rating in known)
        for own in ratings
    ]


def failures_differ(records: Sequence[Record]) -> float | None:
    """The p of a chi-square test that all contestants fail alike; None without a test."""
    table = [[record.failed, record.units] for record in records if record.failed + record.units]
    if len(table) < 2 or not any(f for f, _ in table) or not any(u for _, u in table):
        return None
    return float(chi2_contingency(table, correction=False).pvalue)
