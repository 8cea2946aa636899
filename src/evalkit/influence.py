"""How much each example moves a headline that is no ratio of sums: the jackknife.

Leaving example i out of n turns the headline from h into h_i; its influence is (n - 1)(h - h_i).
The influences have a mean near 0 and, divided by n, the spread of the headline itself (Efron and
Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 11), so that intervals and tests can
treat h + influence as one value for each example. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

from evalkit.interfaces import Metric

MOST = 2_000
"""Examples above which leaving out each one takes too long: its time grows with their square."""

Parts = Mapping[str, float]


def influences(metric: Metric, scores: Sequence[Parts]) -> list[float] | None:
    """The influence of each example on the headline, centred, in the order of the scores.

    None where it is undefined: fewer than 2 or more than `MOST` examples, or a headline that is
    undefined for all of them or without one of them.
    """
    if not 2 <= len(scores) <= MOST:
        return None
    rows = list(scores)
    whole = metric.aggregate(rows)[metric.headline]
    without = [metric.aggregate(rest)[metric.headline] for rest in _each_left_out(rows)]
    known = [value for value in without if value is not None and isfinite(value)]
    if whole is None or not isfinite(whole) or len(known) < len(rows):
        return None
    raw = [(len(rows) - 1) * (whole - value) for value in known]
    mean = sum(raw) / len(raw)
    return [value - mean for value in raw]


def _each_left_out(rows: Sequence[Parts]) -> Iterator[list[Parts]]:
    for index in range(len(rows)):
        yield [*rows[:index], *rows[index + 1 :]]
