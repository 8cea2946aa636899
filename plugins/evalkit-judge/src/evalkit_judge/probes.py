"""Questions that are asked to check a judge: equal answers, spoilt gold answers, repetitions.

They are asked as all others are, with as many votes, so that what is checked is the judge as it
judges; they never count in the ratings.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeAlias

from evalkit import Contest, Example
from evalkit_judge.answers import canonical, same
from evalkit_judge.degrade import DAMAGES, Triples, degrade, triples_of
from evalkit_judge.lineup import GOLD, Bout, Lineup, Order

Check: TypeAlias = Literal["identical", "degraded", "repeated"]

REPEATS = 5
"""How often a repeated question is asked, the first time included."""

_MOST = 100
_BOTH: tuple[Order, ...] = ("ab", "ba")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One question of an audit.

    Attributes:
        check: what it checks.
        bout: who is asked; a is the original, b is the same one, the name of a damage, or a
            contestant.
        first: the text that is shown first.
        second: the text that is shown second.
    """

    check: Check
    bout: Bout
    first: str
    second: str

    @property
    def id(self) -> str:
        """Unique: other questions end in the number of their vote."""
        return f"{self.bout.id}/{self.check}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is to be checked.

    Attributes:
        audit: units of each check: True for one an example and at most 100, False for none.
        repeat: questions that are asked five times.
        seed: of the draws.
    """

    audit: bool | int
    repeat: int
    seed: int

    def units(self, examples: int) -> int:
        """Units of each check, with so many examples."""
        if self.audit is True:
            return min(examples, _MOST)
        return int(self.audit)


def probes(contest: Contest, lineup: Lineup, plan: Plan, judge: str, votes: int) -> list[Probe]:
    """All questions that check a judge.

    Args:
        contest: what the comparison is given.
        lineup: what is judged besides.
        plan: how much is to be checked.
        judge: who is asked.
        votes: how often each question is asked.
    """
    count = plan.units(len(lineup.sample))
    rng = random.Random(f"{plan.seed}/audit")
    drawn = rng.sample(lineup.sample, len(lineup.sample))
    found = [
        *islice(_identical(lineup, drawn), count),
        *islice(_degraded(contest, drawn, plan.seed), count),
    ]
    asked = [probe for unit in found for probe in _voted(unit, judge, votes)]
    return asked + _repeated(contest, lineup, plan, judge, votes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Two texts for one example, and what they are called."""

    check: Check
    example: str
    names: tuple[str, str]
    texts: tuple[str, str]
    orders: tuple[Order, ...]


def _identical(lineup: Lineup, drawn: Sequence[Example]) -> Iterator[_Pair]:
    """An answer beside itself; contestants take turns."""
    names = lineup.contestants
    for turn in range(len(names)):
        for i, example in enumerate(drawn):
            name = names[(i + turn) % len(names)]
            text = lineup.answers[name].get(example.id)
            if text is not None:
                yield _Pair(
                    check="identical",
                    example=example.id,
                    names=(name, name),
                    texts=(text, text),
                    orders=("ab",),
                )


def _degraded(contest: Contest, drawn: Sequence[Example], seed: int) -> Iterator[_Pair]:
    """A gold answer beside the same with a damage; damages take turns."""
    if contest.task.answer != "triples":
        return
    known = {e.id: triples for e in drawn if (triples := triples_of(e.target)) is not None}
    for turn in range(len(DAMAGES)):
        for i, (example, gold) in enumerate(known.items()):
            damage = DAMAGES[(i + turn) % len(DAMAGES)]
            rng = random.Random(f"{seed}/{example}/{damage}")
            spoilt = degrade(gold, damage, rng, _foreign(known, example))
            if spoilt is None:
                continue
            texts = [canonical(contest.task, [list(t) for t in form]) for form in (gold, spoilt)]
            if not same(contest.task, texts[0], texts[1]):
                yield _Pair(
                    check="degraded",
                    example=example,
                    names=(GOLD, damage),
                    texts=(texts[0], texts[1]),
                    orders=_BOTH,
                )


def _foreign(known: Mapping[str, Triples], example: str) -> Triples:
    """The triples of the other examples; a hundred of them are choice enough."""
    others = (triple for id_, triples in known.items() if id_ != example for triple in triples)
    return tuple(islice(others, _MOST))


def _voted(pair: _Pair, judge: str, votes: int) -> Iterator[Probe]:
    a, b = pair.names
    for order in pair.orders:
        first, second = pair.texts if order == "ab" else pair.texts[::-1]
        for vote in range(votes):
            bout = Bout(judge=judge, example=pair.example, a=a, b=b, order=order, vote=vote)
            yield Probe(check=pair.check, bout=bout, first=first, second=second)


def _repeated(contest: Contest, lineup: Lineup, plan: Plan, judge: str, votes: int) -> list[Probe]:
    """Questions that are asked anyway, four times more, each sampled by a seed of its own."""
    if not plan.repeat:
        return []
    answers = lineup.answers
    open_units = [
        unit
        for unit in lineup.units
        if not same(contest.task, answers[unit.a][unit.example], answers[unit.b][unit.example])
    ]
    rng = random.Random(f"{plan.seed}/repeat")
    found = []
    for unit in rng.sample(open_units, min(plan.repeat, len(open_units))):
        order = unit.orders[0]
        for vote in range(votes, votes + REPEATS - 1):
            bout = Bout(
                judge=judge, example=unit.example, a=unit.a, b=unit.b, order=order, vote=vote
            )
            first, second = (answers[name][unit.example] for name in bout.shown)
            found.append(Probe(check="repeated", bout=bout, first=first, second=second))
    return found
