"""The load under which latency is measured: when each request is due, whatever became of others.

Users do not wait for each other. Requests therefore come as a Poisson process: the times between
them are exponential, with the declared rate. Pure: the same load gives the same schedule.

Source: Schroeder, Wierman and Harchol-Balter (2006), Open Versus Closed: A Cautionary Tale,
https://www.usenix.org/legacy/event/nsdi06/tech/schroeder/schroeder.pdf
"""

from dataclasses import dataclass

import numpy as np

LEAST_WARM_UP = 20
"""Fewer would leave the making of connections and the filling of caches in the figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests that arrive on a schedule of their own.

    Attributes:
        rate: requests a second, on average.
        requests: how many are measured.
        warm_up: how many come before those, and are not counted.
        timeout_s: seconds from the moment a request is due after which nobody waits any more.
        seed: of the schedule.
    """

    rate: float
    requests: int = 200
    warm_up: int = LEAST_WARM_UP
    timeout_s: float = 60.0
    seed: int = 0

    @property
    def total(self) -> int:
        """All requests that are sent."""
        return self.warm_up + self.requests

    def schedule(self) -> list[float]:
        """When each request is due, in seconds from the beginning; the warm-up first."""
        gaps = np.random.default_rng(self.seed).exponential(1 / self.rate, self.total)
        return [float(due) for due in np.cumsum(gaps)]
