"""Both sides of DSPy's search: the adapter ``dspy``, on our engine or on one without batches."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback

from benchmarks.material import Material
from benchmarks.serve import serve
from benchmarks.sides.engine import as_new
from benchmarks.sides.unbatched import Unbatched
from evalkit import Engine
from evalkit.serialization import resolved_from_json
from evalkit.testing import FakeContext
from evalkit_dspy.adapter import DspyAdapter
from evalkit_dspy.params import DspyParams
from evalkit_f1.fuzzy import FuzzyF1
from evalkit_f1.params import FuzzyF1Params
from evalkit_transformers.engine import TransformersEngine
from evalkit_transformers.params import TransformersParams


class Compile:
    """Searches for the best demos."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Load the model and read the examples."""
        self._setup = setup
        model = resolved_from_json(setup["model"])
        self._engine: Engine = (
            TransformersEngine(model, TransformersParams(dtype="bfloat16"))
            if setup["batched"]
            else Unbatched(model)
        )
        self._task = Material.find(setup["max_new"]).task
        self.facts: Mapping[str, Any] = {}

    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Search once; ``seconds`` are those in which candidates were evaluated."""
        if self._setup["batched"]:
            as_new(self._engine)
        watch = Watch(order["texts"] // 2)
        with tempfile.TemporaryDirectory() as folder, dspy.context(callbacks=[watch]):
            context = FakeContext(
                folder=Path(folder),
                task=self._task,
                train=self._task.load("train")[: order["texts"]],
                answer=self._engine,
                seed=order["seed"],
                metrics={"fuzzy-f1": FuzzyF1(FuzzyF1Params())},
            )
            params = DspyParams(
                preset="bfsrs-medium",
                candidates=order["candidates"],
                threads=self._setup["threads"],
                validation=watch.size,
            )
            started = perf_counter()
            report = DspyAdapter(params).adapt(context).report
            seconds = perf_counter() - started
        return {
            "seconds": watch.seconds,
            "compile_s": round(seconds, 3),
            "evaluated": watch.count,
            **{key: report[key] for key in ("calls", "tokens", "best_score")},
        }

    def close(self) -> None:
        """Give the model back."""
        self._engine.close()


class Watch(BaseCallback):  # type: ignore[misc]
    """Adds up the time in which candidates are evaluated on all validation examples.

    Attributes:
        size: the number of validation examples.
        count: how many candidates were evaluated.
        seconds: how long that took.
    """

    def __init__(self, size: int) -> None:
        """Nothing was evaluated yet."""
        self.size = size
        self.count = 0
        self.seconds = 0.0
        self._started: dict[str, float] = {}

    def on_evaluate_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Candidates are evaluated one after another; smaller sets are bootstrapping."""
        if len(instance.devset) == self.size:
            self._started[call_id] = perf_counter()

    def on_evaluate_end(
        self, call_id: str, outputs: Any, exception: Exception | None = None
    ) -> None:
        """Add what it took."""
        started = self._started.pop(call_id, None)
        if started is not None:
            self.seconds += perf_counter() - started
            self.count += 1


if __name__ == "__main__":
    serve(Compile, "dspy", "torch", "transformers", "evalkit-core", "evalkit-dspy")
