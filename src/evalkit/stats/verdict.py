"""What a difference means: better, worse, the same for all that matters, or not known.

Whether a difference matters is settled beforehand, by the minimum meaningful difference. That two
methods are equal is shown by an interval that holds small differences only, never by a large p.

Source: Schuirmann (1987), A comparison of the two one-sided tests procedure, J. Pharmacokinet.
Biopharm. 15 (equivalence by the 90% interval).
"""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal[
    "better",
    "worse",
    "equivalent",
    "better, maybe trivial",
    "worse, maybe trivial",
    "inconclusive",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A confidence interval.

    Attributes:
        low: its lower end.
        high: its upper end.
        level: how often such intervals hold the true value, such as 0.95.
        method: how it was found, such as ``BCa`` or ``t``.
    """

    low: float
    high: float
    level: float
    method: str


def verdict_of(
    interval: Interval, narrow: Interval, meaningful: float, *, higher_is_better: bool = True
) -> Verdict:
    """The verdict on a method, by the interval of its difference to the baseline.

    Args:
        interval: the 95% interval.
        narrow: the 90% interval, for equivalence.
        meaningful: the least difference that matters, in units of the figure; 0 or more.
        higher_is_better: whether a positive difference is an improvement.
    """
    low, high = interval.low, interval.high
    if not higher_is_better:
        low, high = -high, -low
    if low > meaningful:
        return "better"
    if high < -meaningful:
        return "worse"
    if -meaningful < narrow.low and narrow.high < meaningful:
        return "equivalent"
    if low > 0:
        return "better, maybe trivial"
    return "worse, maybe trivial" if high < 0 else "inconclusive"
