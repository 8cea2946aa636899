"""Intervals of paired differences, by evalkit or by scipy: both sides of one row."""

import resource
from collections.abc import Mapping
from itertools import combinations
from time import perf_counter
from typing import Any

import numpy as np
from scipy.stats import bootstrap

from benchmarks.serve import serve
from evalkit.stats.bootstrap import Sampling
from evalkit.stats.clusters import independent
from evalkit.stats.compare import compare_all
from evalkit.stats.estimate import estimate_all
from evalkit.stats.scores import Scores

MEANINGFUL = 0.02
_BATCH = 100


class Intervals:
    """Works on the counts of a file."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Read them."""
        with np.load(setup["data"]) as arrays:
            self._above, self._below = arrays["above"], arrays["below"]
        self._sampling = Sampling(replicates=setup["replicates"])
        self._work = {"evalkit": self._ours, "scipy": self._theirs}[setup["by"]]
        self.facts: Mapping[str, Any] = {}

    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Work once."""
        started = perf_counter()
        low, high = self._work()
        return {
            "seconds": perf_counter() - started,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
            "low": low,
            "high": high,
        }

    def _ours(self) -> tuple[float, float]:
        methods = [
            Scores.of(above, below) for above, below in zip(self._above, self._below, strict=True)
        ]
        clusters = independent(self._above.shape[1])
        pairs = list(combinations(range(len(methods)), 2))
        estimate_all(methods, clusters, sampling=self._sampling)
        found = compare_all(
            methods, pairs, clusters, meaningful=MEANINGFUL, sampling=self._sampling
        )
        interval = found[0].interval
        if interval is None:
            raise ValueError(f"no interval: {found[0].notes}")
        return interval.low, interval.high

    def _theirs(self) -> tuple[float, float]:
        found = bootstrap(
            (self._above[0], self._below[0], self._above[1], self._below[1]),
            _difference,
            paired=True,
            vectorized=True,
            n_resamples=self._sampling.replicates,
            batch=_BATCH,
            method="BCa",
            rng=np.random.default_rng(0),
        ).confidence_interval
        return float(found.low), float(found.high)

    def close(self) -> None:
        """Nothing outlives the process."""


def _difference(*sums: Any, axis: int = -1) -> Any:
    """The difference of two ratios of sums."""
    above, below, other_above, other_below = (part.sum(axis=axis) for part in sums)
    return other_above / other_below - above / below


if __name__ == "__main__":
    serve(Intervals, "evalkit-core", "numpy", "scipy")
