"""An open loop: every request is sent when it is due, and timed from then on.

A loop that waits for an answer before it asks again stops asking while a server stalls, and so
leaves out just the requests that would have waited. Here they are sent, or wait for a free thread;
either way the wait is part of their time.

Source: G. Tene, "How NOT to measure latency" (coordinated omission),
https://www.infoq.com/presentations/latency-response-time/
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import inf

from evalkit.latency.load import Load
from evalkit.records import Failure

MOST_UNDER_WAY = 512
"""Threads, and so requests under way at a time; those that are due beyond them are sent late."""

LATE_S = 0.01
"""A request that is sent this much after it was due counts as late."""

Serve = Callable[[int, float], Failure | None]
"""Number of a request and when, by the monotonic clock, it times out -> None once it is answered,
else why there is no answer; raises TimeoutError when the time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of one request.

    Attributes:
        time_s: seconds from the moment it was due to its last completion; infinity without one.
        late_s: seconds from the moment it was due until it was sent.
        timed_out: whether there was no answer in time.
        failure: why it was not answered; None if it was, or timed out.
    """

    time_s: float
    late_s: float
    timed_out: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What became of all requests.

    Attributes:
        sent: the measured ones, in the order in which they were due; no warm-up.
        most_under_way: the most that were due and not over at a time, warm-up included.
        bound: how many could be under way.
    """

    sent: tuple[Sent, ...]
    most_under_way: int
    bound: int

    @property
    def late(self) -> int:
        """How many were sent late."""
        return sum(one.late_s > LATE_S for one in self.sent)

    @property
    def latest_s(self) -> float:
        """By how much the latest was."""
        return max((one.late_s for one in self.sent), default=0.0)


class _UnderWay:
    """Counts the requests that are due and not over."""

    def __init__(self) -> None:
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)

    def end(self, _: Future[Sent]) -> None:
        with self._lock:
            self._now -= 1


def send_all(
    load: Load,
    serve: Serve,
    *,
    bound: int = MOST_UNDER_WAY,
    progress: Callable[[int], None] = lambda done: None,
) -> Observed:
    """Send all requests of a load, and wait until the last is over.

    Args:
        load: when they are due.
        serve: answers one; called in many threads at a time.
        bound: how many may be under way at a time.
        progress: told how many were sent.
    """
    under_way, ends = _UnderWay(), []
    pool = ThreadPoolExecutor(bound, thread_name_prefix="latency")
    try:
        begin = time.monotonic()
        for number, after in enumerate(load.schedule()):
            due = begin + after
            time.sleep(max(0.0, due - time.monotonic()))
            under_way.begin()
            end = pool.submit(_serve, serve, number, due, due + load.timeout_s)
            end.add_done_callback(under_way.end)
            ends.append(end)
            progress(number + 1)
        sent = [end.result() for end in ends]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    measured = tuple(sent[load.warm_up :])
    return Observed(sent=measured, most_under_way=under_way.most, bound=bound)


def _serve(serve: Serve, number: int, due: float, deadline: float) -> Sent:
    late_s = max(0.0, time.monotonic() - due)
    try:
        failure = serve(number, deadline)
        ended = time.monotonic()
    except TimeoutError:
        return Sent(time_s=inf, late_s=late_s, timed_out=True)
    if failure is not None:
        return Sent(time_s=inf, late_s=late_s, failure=failure)
    if ended > deadline:
        return Sent(time_s=inf, late_s=late_s, timed_out=True)
    return Sent(time_s=ended - due, late_s=late_s)
