"""Which pairs of contestants meet on which example.

By default every pair meets on every example. On a budget each example gets a part of the pairs:
verdicts on one example depend on each other, so that the same number of them tells more when it
is spread over more examples. The parts are dealt from one deck, over and over, so that every
pair is met equally often, but for one. The deck is in the order of a round-robin tournament
by the circle method, in which two rounds that follow each other make a single path through all
contestants: k - 1 meetings already link all k of them.

Source: Kirkman, "On a problem in combinations" (1847), the circle method; its consecutive rounds
together are a Hamiltonian cycle.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

from evalkit import UserError

Meeting: TypeAlias = tuple[str, str, str]
"""Example id, and two contestants in the order of the line-up."""


def meetings(
    examples: Sequence[str], contestants: Sequence[str], *, most: int | None, seed: int
) -> list[Meeting]:
    """The meetings, example by example.

    Args:
        examples: ids, in random order: if there are more than `most`, the first ones are used.
        contestants: in the order of the line-up.
        most: so many at most; None for every pair on every example.
        seed: of the deal.

    Raises:
        UserError: so few cannot link all contestants.
    """
    if most is None or most >= _all_meetings(len(examples), len(contestants)):
        return [(e, a, b) for e in sorted(examples) for a, b in combinations(contestants, 2)]
    check_linked(len(examples), len(contestants), most=most)
    return sorted(_dealt(examples, contestants, most, seed), key=lambda meeting: meeting[0])


def check_linked(examples: int, contestants: int, *, most: int) -> None:
    """See that so many meetings can link all contestants.

    Raises:
        UserError: they cannot.
    """
    if most < min(contestants - 1, _all_meetings(examples, contestants)):
        raise UserError(
            f"judge-elo: budget: it pays for {most} meetings, and {contestants} contestants "
            f"need {contestants - 1} to be linked at all",
            "raise the budget, or leave it out",
        )


def _all_meetings(examples: int, contestants: int) -> int:
    return examples * contestants * (contestants - 1) // 2


def _dealt(
    examples: Sequence[str], contestants: Sequence[str], most: int, seed: int
) -> Iterator[Meeting]:
    """No example gets a pair twice, since none gets more than the deck holds."""
    seats = list(contestants)
    random.Random(f"{seed}/seats").shuffle(seats)
    place = {name: i for i, name in enumerate(contestants)}
    deck = [sorted(pair, key=place.__getitem__) for pair in rounds(seats)]
    used = examples[:most]
    for i, example in enumerate(used):
        for dealt in range(i * most // len(used), (i + 1) * most // len(used)):
            a, b = deck[dealt % len(deck)]
            yield example, a, b


def rounds(seats: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every pair once, round by round; nobody plays twice in a round."""
    ring: list[str | None] = [*seats, *([None] if len(seats) % 2 else [])]
    for _ in range(len(ring) - 1):
        for left, right in zip(ring[: len(ring) // 2], reversed(ring), strict=False):
            if left is not None and right is not None:
                yield left, right
        ring = [ring[0], ring[-1], *ring[1:-1]]
