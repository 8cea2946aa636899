"""The common judge of trained weights: their loss on texts that nobody was trained on, in fp32."""

import json
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM

from benchmarks.serve import serve


class HeldOut:
    """Loads weights onto the plain model and reads the texts one by one."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Read the texts."""
        self._folder = setup["model"]["folder"]
        self._texts = json.loads(Path(setup["tokens"]).read_text(encoding="utf-8"))["held_out"]
        self.facts: Mapping[str, Any] = {}

    @torch.no_grad()
    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """The mean loss of a completion token, in nats, under the weights of a folder."""
        started = perf_counter()
        base: Any = AutoModelForCausalLM.from_pretrained(self._folder, dtype=torch.float32)
        model = PeftModel.from_pretrained(base, order["weights"]).eval()
        total = torch.zeros(())
        for ids, start in self._texts:
            row = torch.tensor([ids])
            logits = model(input_ids=row).logits[0, start - 1 : -1]
            total += cross_entropy(logits, row[0, start:], reduction="sum")
        learned = sum(len(ids) - start for ids, start in self._texts)
        return {"seconds": perf_counter() - started, "loss": round(float(total) / learned, 5)}

    def close(self) -> None:
        """Nothing outlives the process."""


if __name__ == "__main__":
    serve(HeldOut, "torch", "transformers", "peft")
