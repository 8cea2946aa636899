"""The matrix products that training cannot do without, and nothing else.

Forward through every frozen matrix and back to its input, in bfloat16, for the tokens of each
batch without padding, the head at learned tokens only: 4 FLOPs per frozen parameter and token.
Attention, LoRA's own small products and all elementwise work are left out.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from benchmarks.serve import serve


class Bound:
    """Does the products of a training."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Take the matrices out of the model."""
        model: Any = AutoModelForCausalLM.from_pretrained(
            setup["model"]["folder"], dtype=torch.bfloat16
        )
        linear = [one.weight for one in model.modules() if isinstance(one, torch.nn.Linear)]
        self._head = model.get_output_embeddings().weight.detach()
        self._layers = [one.detach() for one in linear if one.shape != self._head.shape]
        self._size = setup["batch_size"]
        self._texts = json.loads(Path(setup["tokens"]).read_text(encoding="utf-8"))["train"]
        self.facts: Mapping[str, Any] = {}

    @torch.no_grad()
    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do them once."""
        texts = self._texts[: order["texts"]]
        batches = [texts[at : at + self._size] for at in range(0, len(texts), self._size)]
        sizes = [
            (sum(len(ids) for ids, _ in batch), sum(len(ids) - start for ids, start in batch))
            for batch in batches
        ] * order["epochs"]
        started = perf_counter()
        flops = sum(
            sum(there_and_back(weight, tokens) for weight in self._layers)
            + there_and_back(self._head, learned)
            for tokens, learned in sizes
        )
        seconds = perf_counter() - started
        return {"seconds": seconds, "gflops_per_s": round(flops / seconds / 1e9, 1)}

    def close(self) -> None:
        """Nothing outlives the process."""


def there_and_back(weight: torch.Tensor, tokens: int) -> int:
    """Multiply rows by a matrix, and the result by it the other way; the FLOPs."""
    shape: Sequence[int] = weight.shape
    rows = torch.ones((tokens, shape[1]), dtype=weight.dtype)
    (rows @ weight.T) @ weight
    return 4 * tokens * weight.numel()


if __name__ == "__main__":
    serve(Bound, "torch")
