"""TRL's side of training: ``SFTTrainer`` on the same tokens. It runs in the peers' environment."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

from benchmarks.serve import serve

WARMUP = 0.1


class Training:
    """Trains with texts in random order, or grouped by length."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Read the texts, tokenised as ours are."""
        self._setup = setup
        self._folder = Path(setup["folder"])
        self._texts = json.loads(Path(setup["tokens"]).read_text(encoding="utf-8"))["train"]
        self.facts: Mapping[str, Any] = {}

    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Load, train and save."""
        target = self._folder / f"trl-{self._setup['strategy']}-{order['seed']}"
        texts = self._texts[: order["texts"]]
        steps = math.ceil(len(texts) / self._setup["batch_size"]) * order["epochs"]
        started = perf_counter()
        trainer = self._trainer(texts, self._config(order, target, steps))
        loaded = perf_counter()
        trainer.train()
        trained = perf_counter()
        trainer.save_model(str(target))
        return {
            "seconds": perf_counter() - started,
            "train_s": round(trained - loaded, 3),
            "weights": str(target),
            "steps": trainer.state.global_step,
            "tokens": sum(map(len, trainer.train_dataset["input_ids"])) * order["epochs"],
            "trainable_parameters": sum(
                one.numel() for one in trainer.model.parameters() if one.requires_grad
            ),
        }

    def close(self) -> None:
        """Nothing outlives the process."""

    def _trainer(self, texts: list[tuple[list[int], int]], config: SFTConfig) -> SFTTrainer:
        folder = self._setup["model"]["folder"]
        rows = [
            {"input_ids": ids, "completion_mask": [0] * length + [1] * (len(ids) - length)}
            for ids, length in texts
        ]
        rank = self._setup["rank"]
        return SFTTrainer(
            model=AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16),
            processing_class=AutoTokenizer.from_pretrained(folder),
            train_dataset=Dataset.from_list(rows),
            args=config,
            peft_config=LoraConfig(
                r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM"
            ),
        )

    def _config(self, order: Mapping[str, Any], target: Path, steps: int) -> SFTConfig:
        return SFTConfig(
            output_dir=str(target),
            per_device_train_batch_size=self._setup["batch_size"],
            num_train_epochs=order["epochs"],
            learning_rate=self._setup["lr"],
            lr_scheduler_type="cosine",
            warmup_steps=math.ceil(WARMUP * steps),
            weight_decay=0.0,
            max_grad_norm=1.0,
            bf16=True,
            use_cpu=self._setup["model"]["device"] == "cpu",
            train_sampling_strategy=self._setup["strategy"],
            completion_only_loss=True,
            max_length=1024,
            gradient_checkpointing=False,  # TRL's default would compute every layer twice
            seed=order["seed"],
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )


if __name__ == "__main__":
    serve(Training, "torch", "transformers", "peft", "trl")
