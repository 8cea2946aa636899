"""Our side of training: the adapter ``lora``, from examples to checked weights."""

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.material import Material
from benchmarks.serve import serve
from evalkit import LocalWeights
from evalkit.serialization import resolved_from_json
from evalkit.testing import FakeContext, FakeEngine
from evalkit_lora.adapter import LoraAdapter
from evalkit_lora.params import LoraParams


class Training:
    """Trains through ``LoraAdapter.adapt``."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Read the examples."""
        self._folder = Path(setup["folder"])
        self._engine = FakeEngine(model=resolved_from_json(setup["model"]))
        self._params = {key: setup[key] for key in ("rank", "lr", "batch_size")}
        self._task = Material.find(1).task
        self._examples = self._task.load("train")[: setup["texts"]]
        self.facts: Mapping[str, Any] = {}

    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Load, train, save and check."""
        context = FakeContext(
            folder=self._folder / f"evalkit-{order['seed']}",
            task=self._task,
            train=self._examples[: order["texts"]],
            answer=self._engine,
            seed=order["seed"],
        )
        params = LoraParams(**self._params, epochs=order["epochs"], precision="bf16")
        started = perf_counter()
        adapted = LoraAdapter(params).adapt(context)
        seconds = perf_counter() - started
        assert isinstance(adapted.weights, LocalWeights)
        kept = ("steps", "tokens", "trainable_parameters", "packed")
        return {
            "seconds": seconds,
            "weights": adapted.weights.folder,
            **{key: adapted.report[key] for key in kept},
        }

    def close(self) -> None:
        """Nothing outlives the process."""


if __name__ == "__main__":
    serve(Training, "torch", "transformers", "peft", "evalkit-core", "evalkit-lora")
