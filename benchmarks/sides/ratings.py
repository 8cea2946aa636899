"""Our side of ratings: ``rate``, with the bootstrap over examples."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.serve import serve
from evalkit_judge.ratings import Units, rate


class Rating:
    """Rates the verdicts of a file."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Read them."""
        with np.load(setup["data"]) as arrays:
            self._arrays = {name: arrays[name] for name in ("a", "b", "score", "cluster")}
            self._contestants = int(arrays["contestants"])
        self.facts: Mapping[str, Any] = {
            "verdicts": len(self._arrays["score"]),
            "contestants": self._contestants,
            "replicates": setup["replicates"],
        }

    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Rate once."""
        started = perf_counter()
        units = Units(**self._arrays, contestants=self._contestants)
        ratings = rate(units, replicates=self.facts["replicates"])
        return {
            "seconds": perf_counter() - started,
            "answers": ratings.elo,
            "prior_share": ratings.prior_share,
        }

    def close(self) -> None:
        """Nothing outlives the process."""


if __name__ == "__main__":
    serve(Rating, "evalkit-judge", "numpy", "scipy")
