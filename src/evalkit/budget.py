"""What a run may cost and how long it may take: it stops before it takes more.

What is under way when a limit is reached is still answered, and paid for; nothing new is asked.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from evalkit.interfaces import Notify
from evalkit.ledger import Ledger
from evalkit.suite import LimitKeys

_EQUAL = 1e-9
"""Costs that differ by less, as a share, are the same: they are sums of many."""
_EVERY_S = 1.0
"""How often a run looks at its limits while its job tells nothing."""


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
            spent, dearest = self._ledger.cost or 0.0, self._ledger.dearest
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
    def timed(self, check: Callable[[], None], notify: Notify) -> Iterator[None]:
        """Call `check` about once a second, from a thread of its own, if there is a limit.

        What the job under way computes is entered before: a job that tells nothing costs too.

        Args:
            check: sees whether a limit is reached.
            notify: told of what went wrong, the first time; the next second it is tried again.
        """
        if self._limits.max_time is None and self._limits.max_cost is None:
            yield
            return
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(over, check, notify), daemon=True)
        watch.start()
        try:
            yield
        finally:
            over.set()
            watch.join()

    def _watch(self, over: threading.Event, check: Callable[[], None], notify: Notify) -> None:
        told = ""
        while not over.wait(self._pause()):
            try:
                try:
                    self._ledger.tick()
                finally:
                    check()
            except Exception as error:  # without this thread no limit would end a silent job
                why = f"the limits of the run: {type(error).__name__}: {error}"
                if why != told:
                    told = why
                    with suppress(Exception):  # a terminal that is gone is no reason to stop
                        notify(why)

    def _pause(self) -> float:
        """Seconds until the next look: when the time is over, if that is sooner."""
        if self._limits.max_time is None:
            return _EVERY_S
        left = self._limits.max_time - self._ledger.seconds
        return left if 0 < left < _EVERY_S else _EVERY_S
