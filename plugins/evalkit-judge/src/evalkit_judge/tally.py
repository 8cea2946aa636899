"""From verdicts to counts: what each unit ended as, who scored how much against whom.

A unit (one pair on one example) counts once, with the mean score over its judges, orders and
votes; if one of its questions has no verdict the unit is failed and stays out of the ratings.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, get_args

from evalkit import Failure, Json
from evalkit_judge.lineup import Lineup, Unit
from evalkit_judge.ratings import Tally
from evalkit_judge.reading import Status
from evalkit_judge.verdicts import read_verdict

Verdicts: TypeAlias = Mapping[str, Mapping[str, Json] | Failure]
"""Question id -> verdict as it was kept, or Failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a unit ended as, by one judge or by all of them.

    Attributes:
        unit: the pair and the example.
        statuses: one for each question.
        by_order: contestant a's mean score in each order; None if a verdict is missing. Empty
            where several judges are pooled.
        score: contestant a's, in [0, 1]; None if the unit failed.
    """

    unit: Unit
    statuses: tuple[Status, ...]
    by_order: tuple[float | None, ...] = ()
    score: float | None

    @property
    def tied_unasked(self) -> bool:
        """Whether the answers were equal, so that nobody was asked."""
        return set(self.statuses) == {"auto_tie"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How one contestant did, in units.

    Attributes:
        wins: mean score above one half.
        ties: mean score of exactly one half.
        auto_ties: equal answers; nobody was asked.
        losses: mean score below one half.
        failed: without a verdict.
    """

    wins: int
    ties: int
    auto_ties: int
    losses: int
    failed: int

    @property
    def units(self) -> int:
        """How many units have a verdict."""
        return self.wins + self.ties + self.auto_ties + self.losses

    @property
    def failure_rate(self) -> float | None:
        """Share of the units without a verdict; None without a unit."""
        everything = self.units + self.failed
        return self.failed / everything if everything else None


def outcomes(
    lineup: Lineup, verdicts: Verdicts, judge: str, *, votes: int, mtbench: bool
) -> tuple[Outcome, ...]:
    """What every unit of a line-up ended as by one judge.

    Args:
        lineup: what was to be judged.
        verdicts: of all judges.
        judge: whose verdicts count.
        votes: how many it gave on each pair and order.
        mtbench: whether any disagreement is a tie.
    """
    found = []
    for unit in lineup.units:
        read = [read_verdict(b, verdicts[b.id]) for b in unit.bouts(judge, votes)]
        scores = [score for _, score in read]
        by_order = tuple(_mean(scores[i : i + votes]) for i in range(0, len(scores), votes))
        tie = mtbench and len(set(scores)) > 1
        score = _mean(by_order)
        found.append(
            Outcome(
                unit=unit,
                statuses=tuple(status for status, _ in read),
                by_order=by_order,
                score=0.5 if tie and score is not None else score,
            )
        )
    return tuple(found)


def pooled(judged: Sequence[Sequence[Outcome]]) -> tuple[Outcome, ...]:
    """The outcomes over several judges: the mean of their scores, if all of them have one."""
    if len(judged) == 1:
        return tuple(judged[0])
    return tuple(
        Outcome(
            unit=of_unit[0].unit,
            statuses=tuple(status for one in of_unit for status in one.statuses),
            score=_mean([one.score for one in of_unit]),
        )
        for of_unit in zip(*judged, strict=True)
    )


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known and len(known) == len(scores) else None


def record(contestant: str, units: Iterable[Outcome]) -> Record:
    """The record of one contestant."""
    kinds = Counter(_result(contestant, outcome) for outcome in units)
    return Record(
        wins=kinds["win"],
        ties=kinds["tie"],
        auto_ties=kinds["auto_tie"],
        losses=kinds["loss"],
        failed=kinds["failed"],
    )


def tallies(lineup: Lineup, units: Sequence[Outcome]) -> tuple[Tally, ...]:
    """The counts of each pair, in the order of the line-up, for online Elo."""
    of_pair: dict[tuple[str, str], list[Outcome]] = {pair: [] for pair in lineup.pairs}
    for outcome in units:
        of_pair[outcome.unit.a, outcome.unit.b].append(outcome)
    index = {name: i for i, name in enumerate(lineup.contestants)}
    found = []
    for (a, b), own in of_pair.items():
        ends = record(a, own)
        found.append(
            Tally(
                a=index[a],
                b=index[b],
                wins=ends.wins,
                losses=ends.losses,
                draws=ends.ties + ends.auto_ties,
                size=len(lineup.sample),
            )
        )
    return tuple(found)


def statuses(units: Iterable[Outcome]) -> Mapping[str, int]:
    """How many questions ended how; every status has its count, 0 included."""
    seen = Counter(status for outcome in units for status in outcome.statuses)
    return {status: seen[status] for status in get_args(Status)}


def winner(score: float) -> int:
    """Category of a score: 0 if a is better, 1 if b is, 2 for a tie."""
    return 2 if score == 0.5 else 0 if score > 0.5 else 1


def _result(contestant: str, outcome: Outcome) -> str:
    """``win``, ``tie``, ``auto_tie``, ``loss`` or ``failed``; ``absent`` for those of others."""
    unit, score = outcome.unit, outcome.score
    if contestant not in (unit.a, unit.b):
        return "absent"
    if score is None:
        return "failed"
    if outcome.tied_unasked:
        return "auto_tie"
    own = score if contestant == unit.a else 1 - score
    return ("win", "loss", "tie")[winner(own)]
