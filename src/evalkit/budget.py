"""What a run may cost and how long it may take: it stops before it takes more.

What is under way when a limit is reached is still answered, and paid for; nothing new is asked.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evalkit.ledger import Ledger
from evalkit.suite import LimitKeys

_EQUAL = 1e-9
"""Costs that differ by less, as a share, are the same: they are sums of many."""


class Budget:
    """The limits of a run, and whether they are reached."""

    def __init__(self, limits: LimitKeys, ledger: Ledger, currency: str) -> None:
        """Watch `ledger`, whose costs are in `currency`."""
        self._limits, self._ledger, self._currency = limits, ledger, currency

    @property
    def reached(self) -> str:
        """Which limit leaves no room for one more attempt, in words; empty if none does.

        An attempt is taken to cost as much as the dearest one so far.
        """
        cost = self._limits.max_cost
        if cost is not None:
            spent, dearest = self._ledger.totals.cost or 0.0, self._ledger.totals.dearest
            if spent + dearest > cost * (1 + _EQUAL):
                money = f"{self._currency} {spent:.4g} of max-cost {cost:g} are spent"
                return f"{money}, and one more answer may cost {dearest:.3g}"
        if self.out_of_time:
            taken = self._ledger.seconds
            return f"max-time: the run has taken {taken:,.0f} of {self._limits.max_time:,.0f} s"
        return ""

    @property
    def out_of_time(self) -> bool:
        """Whether the time is over."""
        most = self._limits.max_time
        return most is not None and self._ledger.seconds >= most

    @contextmanager
    def timed(self, stop: Callable[[], None]) -> Iterator[None]:
        """Call `stop`, from a thread of its own, when the time is over."""
        if self._limits.max_time is None:
            yield
            return
        left = max(0.0, self._limits.max_time - self._ledger.seconds)
        timer = threading.Timer(min(left, threading.TIMEOUT_MAX), stop)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
