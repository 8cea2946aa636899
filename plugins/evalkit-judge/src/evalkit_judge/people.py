"""How far a judge agrees with people, and people with each other.

Two people set the mark: a judge that agrees with them as well as they agree with each other does
what one of them would do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from evalkit import Contest
from evalkit_judge.agreement import Agreement, agree
from evalkit_judge.humans import Opinion
from evalkit_judge.lineup import Lineup
from evalkit_judge.tally import Outcome, winner

_WHO_IS_BETTER = 3
"""Categories of a verdict: a, b, neither."""

_Key: TypeAlias = tuple[str, str, str]
"""Example, and two contestants in the order of the line-up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanAgreement:
    """Agreement with and among people.

    Attributes:
        judge: of the judge with each of them, pooled; None if they judged nothing in common.
        humans: of every two people, pooled; None if no pair was judged by two.
        units: pairs of answers that both the judge and people judged.
        raters: how many people there are.
        unused: verdicts of people on pairs that the judge was not asked about, or failed on.
    """

    judge: Agreement | None
    humans: Agreement | None
    units: int
    raters: int
    unused: int


def human_agreement(
    contest: Contest, lineup: Lineup, units: Sequence[Outcome], opinions: Sequence[Opinion]
) -> HumanAgreement:
    """The agreement of one judge with people; whole sources are resampled.

    Args:
        contest: what the comparison was given; its seed is that of the bootstrap.
        lineup: what was judged.
        units: what it ended as by this judge.
        opinions: of people, on whatever examples.
    """
    judged = {
        (u.unit.example, u.unit.a, u.unit.b): winner(u.score) for u in units if u.score is not None
    }
    said = [(_unit(opinion, lineup), opinion) for opinion in opinions]
    known = [(key, opinion) for key, opinion in said if key in judged]
    sources = {example.id: example.source for example in contest.examples}
    with_judge = agree(
        [judged[key] for key, _ in known],
        [_category(key, opinion) for key, opinion in known],
        [sources[key[0]] for key, _ in known],
        categories=_WHO_IS_BETTER,
        seed=contest.seed,
    )
    return HumanAgreement(
        judge=with_judge,
        humans=_among_people(said, sources, contest.seed),
        units=len({key for key, _ in known}),
        raters=len({opinion.rater for opinion in opinions}),
        unused=len(said) - len(known),
    )


def _among_people(
    said: Sequence[tuple[_Key, Opinion]], sources: Mapping[str, str], seed: int
) -> Agreement | None:
    of_unit: dict[_Key, dict[str, int]] = {}
    for key, opinion in said:
        of_unit.setdefault(key, {})[opinion.rater] = _category(key, opinion)
    pairs = [
        (own[first], own[second], sources[key[0]])
        for key, own in of_unit.items()
        for first, second in combinations(sorted(own), 2)
    ]
    return agree(
        [first for first, _, _ in pairs],
        [second for _, second, _ in pairs],
        [source for _, _, source in pairs],
        categories=_WHO_IS_BETTER,
        seed=seed,
    )


def _unit(opinion: Opinion, lineup: Lineup) -> _Key:
    """The pair in the order of the line-up."""
    a, b = sorted((opinion.a, opinion.b), key=lineup.contestants.index)
    return opinion.example, a, b


def _category(key: _Key, opinion: Opinion) -> int:
    return winner(opinion.score if opinion.a == key[1] else 1 - opinion.score)


def agreement_of_judges(
    judged: Mapping[str, Sequence[Outcome]], lineup: Lineup, *, seed: int
) -> Mapping[str, Agreement | None]:
    """``"a and b"`` -> the agreement of two judges on all units on which both have a verdict."""
    sources = lineup.sources
    found = {}
    for first, second in combinations(judged, 2):
        both = [
            (winner(x.score), winner(y.score), sources[x.unit.example])
            for x, y in zip(judged[first], judged[second], strict=True)
            if x.score is not None and y.score is not None and not x.tied_unasked
        ]
        found[f"{first} and {second}"] = agree(
            [x for x, _, _ in both],
            [y for _, y, _ in both],
            [source for _, _, source in both],
            categories=_WHO_IS_BETTER,
            seed=seed,
        )
    return found
