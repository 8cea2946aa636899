"""Who meets whom on what: one seeded sample of examples, and pairs of contestants on each.

All pairs share the sample, so that no pair is rated on easier examples than another. The
sample is a prefix of a seeded shuffle: the first 8 examples are among the first 100.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

from evalkit import Contest, Example, UserError
from evalkit_judge.answers import Answers, canonical
from evalkit_judge.pairing import meetings

GOLD = "gold"
"""Name of the contestant that gives the right answers."""

Order: TypeAlias = Literal["ab", "ba"]
"""Which contestant's answer is shown first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bout:
    """Two contestants' answers to one example, shown to a judge in one order: one question.

    Attributes:
        judge: who is asked.
        example: id of the example.
        a: the contestant whose score is counted.
        b: the other one.
        order: ``ab`` if a's answer is shown first.
        vote: number of the vote, from 0.
    """

    judge: str
    example: str
    a: str
    b: str
    order: Order
    vote: int = 0

    @property
    def id(self) -> str:
        """Unique, because neither a judge's nor a contestant's name holds a slash."""
        return f"{self.judge}/{self.example}/{self.a}/{self.b}/{self.order}/{self.vote}"

    @property
    def shown(self) -> tuple[str, str]:
        """The contestants in the order in which the judge sees them."""
        return (self.a, self.b) if self.order == "ab" else (self.b, self.a)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What the ratings count once: one pair of contestants on one example.

    Attributes:
        example: id of the example.
        a: the contestant that stands first in the line-up.
        b: the other one.
        orders: the orders in which it is asked.
    """

    example: str
    a: str
    b: str
    orders: tuple[Order, ...]

    def bouts(self, judge: str, votes: int) -> tuple[Bout, ...]:
        """A judge's questions, order by order."""
        return tuple(
            Bout(judge=judge, example=self.example, a=self.a, b=self.b, order=order, vote=vote)
            for order in self.orders
            for vote in range(votes)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineup:
    """Everything that is to be judged.

    Attributes:
        contestants: cells in the order of the contest, then gold.
        sample: the examples, sorted by id.
        answers: what the contestants answered.
        units: example by example, so that an engine may use what neighbours share.
        unanswered: how many units are left out, since a Prediction is a Failure.
        gold: whether the gold answers take part, as the last contestant. A cell may be called like
            them if they do not.
    """

    contestants: tuple[str, ...]
    sample: tuple[Example, ...]
    answers: Answers
    units: tuple[Unit, ...]
    unanswered: int
    gold: bool = False

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every pair of contestants, in the order in which the study's Elo takes them."""
        return tuple(combinations(self.contestants, 2))

    @property
    def sources(self) -> dict[str, str]:
        """Example id -> the source of the example; verdicts on one source are not independent."""
        return {example.id: example.source for example in self.sample}


def lineup(
    contest: Contest, *, size: int | None, gold: bool, orders: str, most: int | None = None
) -> Lineup:
    """The line-up of a contest, always the same for the same contest and seed.

    Args:
        contest: what the comparison is given.
        size: at most so many examples are drawn; None for all.
        gold: whether the gold answers take part.
        orders: ``both``, or ``one-random`` for one order drawn by the seed.
        most: at most so many units; None for every pair on every example.

    Raises:
        UserError: a cell is called like the gold contestant, or `most` cannot link them all.
    """
    drawn = _draw(contest, size)
    names = contestants_of(contest.answers, gold=gold)
    ids = [example.id for example in drawn]
    met = meetings(ids, names, most=most, seed=contest.seed)
    used = {example for example, _, _ in met} if most is not None else set(ids)
    sample = tuple(sorted((e for e in drawn if e.id in used), key=lambda e: e.id))
    answers = _answers(contest, sample, gold=gold)
    units = tuple(
        Unit(example=example, a=a, b=b, orders=_orders((example, a, b), orders, contest.seed))
        for example, a, b in met
        if example in answers[a] and example in answers[b]
    )
    return Lineup(
        contestants=names,
        sample=sample,
        answers=answers,
        units=units,
        unanswered=len(met) - len(units),
        gold=gold,
    )


def _orders(meeting: tuple[str, str, str], orders: str, seed: int) -> tuple[Order, ...]:
    """Drawn for each meeting by itself: another cell in the suite changes no other draw."""
    if orders == "both":
        return ("ab", "ba")
    return (random.Random(f"{seed}/{'/'.join(meeting)}").choice(("ab", "ba")),)


def _draw(contest: Contest, size: int | None) -> Sequence[Example]:
    by_id = {example.id: example for example in contest.examples}
    ids = sorted(by_id)
    random.Random(contest.seed).shuffle(ids)
    return [by_id[id_] for id_ in ids[:size]]


def contestants_of(cells: Iterable[str], *, gold: bool) -> tuple[str, ...]:
    """The names of all contestants: cells, then the gold answers.

    Raises:
        UserError: a cell is called like the gold contestant.
    """
    names = tuple(cells)
    if gold and GOLD in names:
        raise UserError(
            f'judge-elo: a cell is called "{GOLD}", like the contestant with the right answers',
            "give its adapter another name, or set gold = false",
        )
    return (*names, *([GOLD] if gold else []))


def _answers(contest: Contest, sample: Sequence[Example], *, gold: bool) -> Answers:
    answers = {
        cell: {
            example.id: canonical(contest.task, given[example.id].value)
            for example in sample
            if given[example.id].failure is None
        }
        for cell, given in contest.answers.items()
    }
    if not gold:
        return answers
    return {**answers, GOLD: {e.id: canonical(contest.task, e.target) for e in sample}}
