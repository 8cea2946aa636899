"""The study's online Elo, which depends on the order of the updates: for compatibility only."""

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit_judge.ratings.elo import BASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How one pair ended, for online Elo.

    Attributes:
        a: index of the first contestant.
        b: index of the second one.
        wins: of a.
        losses: of a.
        draws: neither.
        size: what the counts are shares of; includes comparisons without a verdict.
    """

    a: int
    b: int
    wins: int
    losses: int
    draws: int
    size: int


def online_elo(contestants: int, tallies: Sequence[Tally], *, k: float = 32.0) -> tuple[float, ...]:
    """The study's ratings: one update for each pair and kind of outcome, in the order given.

    From 1500; wins, losses and draws in turn move both ratings by k times the share of that
    outcome times (score - expectation). The result depends on the order of the pairs.
    """
    elo = [BASE] * contestants
    for tally in tallies:
        for score, count in ((1.0, tally.wins), (0.0, tally.losses), (0.5, tally.draws)):
            expected = 1 / (1 + 10 ** ((elo[tally.b] - elo[tally.a]) / 400))
            change = k * count / tally.size * (score - expected)
            elo[tally.a] += change
            elo[tally.b] -= change
    return tuple(elo)
