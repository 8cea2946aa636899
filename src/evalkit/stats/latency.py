"""How long an answer takes: percentiles of times, with intervals that assume no distribution.

Times are of requests that arrive on a schedule, whether or not earlier ones were answered, each
from the moment at which it was to be sent. Requests that timed out took for ever. The times of
batches are no latencies, and percentiles of several runs are never averaged.

Source: David and Nagaraja (2003), Order Statistics, section 7.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.stats import binom

from evalkit.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """A percentile of times, in seconds; infinity stands for requests that timed out.

    Attributes:
        value: the time within which this share of the requests was answered.
        low: lower end of the 95% interval; None if there are too few times to tell.
        high: upper end; likewise.
    """

    value: float
    low: float | None
    high: float | None


def latency(times_s: Sequence[float], share: float, *, warm_up: int) -> Percentile:
    """A percentile of times.

    Args:
        times_s: in seconds, in the order in which requests were sent; infinity for a time-out.
        share: such as 0.95 for the 95th percentile.
        warm_up: how many of the first times are left out; 20 or more unless that was done before.

    Raises:
        UserError: no times are left, or one is negative or not a number.
    """
    times = np.sort(np.asarray(times_s, dtype=np.float64)[warm_up:])
    if not 0 < share < 1 or not (times >= 0).all() or len(times) == 0:
        raise UserError(
            f"latency: {len(times)} times after a warm-up of {warm_up}, share {share}",
            "at least one time, all of them 0 or more, and a share between 0 and 1",
        )
    low, high = ranks(len(times), share)
    return Percentile(
        value=float(times[ceil(round(len(times) * share, 6)) - 1]),  # 100 * 0.55 is more than 55
        low=float(times[low - 1]) if low >= 1 else None,
        high=float(times[high - 1]) if high <= len(times) else None,
    )


def ranks(count: int, share: float, level: float = 0.95) -> tuple[int, int]:
    """The ranks, from 1, of the sorted times that are the ends of a percentile's interval.

    The first can be 0 and the second ``count + 1``: then there is no such end.
    """
    tail = (1 - level) / 2
    low, high = binom.ppf([tail, 1 - tail], count, share)
    return int(low), int(high) + 1
