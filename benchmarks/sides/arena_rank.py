"""arena-rank's side of ratings: its Bradley-Terry model, with the bootstrap over verdicts.

It runs in the peers' environment.
"""

import multiprocessing
import os
from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from arena_rank.models.bradley_terry import BradleyTerry
from arena_rank.utils.data_utils import PairDataset

from benchmarks.serve import serve


class Rating:
    """Rates the verdicts of a file."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Read them."""
        with np.load(setup["data"]) as arrays:
            columns = {"model_a": arrays["a"], "model_b": arrays["b"], "winner": arrays["score"]}
            self._contestants = int(arrays["contestants"])
        self._frame = pd.DataFrame(columns)
        self.facts: Mapping[str, Any] = {
            "verdicts": len(self._frame),
            "contestants": self._contestants,
            "replicates": setup["replicates"],
        }

    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Rate once with its bootstrap, and once with its sandwich."""
        seconds, found = self._rate(
            ci_method="bootstrap",
            num_bootstrap=self.facts["replicates"],
            n_jobs=len(os.sched_getaffinity(0)),
        )
        sandwich_s, _ = self._rate(ci_method="sandwich")
        elo = [float(one) for one in found["ratings"]]
        return {"seconds": seconds, "answers": elo, "sandwich_s": round(sandwich_s, 3)}

    def close(self) -> None:
        """Nothing outlives the process."""

    def _rate(self, **how: Any) -> tuple[float, Mapping[str, Any]]:
        started = perf_counter()
        data = PairDataset.from_pandas(self._frame, outcome_map=float)
        found = BradleyTerry(self._contestants).compute_ratings_and_cis(data, **how)
        bounds = np.asarray(found["rating_lower"])  # jax works on until its results are asked for
        assert np.isfinite(bounds).all()
        return perf_counter() - started, found


if __name__ == "__main__":
    # jax runs threads, which a forked child would wait for for ever.
    multiprocessing.set_start_method("spawn")
    serve(Rating, "arena-rank", "jax", "numpy")
