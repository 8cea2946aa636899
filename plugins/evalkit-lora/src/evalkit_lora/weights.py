"""Trained weights: made, saved as safetensors, and proved to work before they count.

The folder gets its name only when everything in it is complete and checked, so that nothing
half-trained can be taken for a result.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig, PeftModel, get_peft_model

from evalkit import AdaptationError, LocalWeights
from evalkit_lora.base import Base
from evalkit_lora.chat import Text
from evalkit_lora.files import naming
from evalkit_lora.learner import Learner, probe_sparingly
from evalkit_lora.methods import splits_base

_INITIAL = "initial"
_TOLERANCE = 0.05
"""Nats per token by which reloaded weights may differ from the trained ones on average: bf16
rounding stays far below it, lost or misapplied weights do not."""


class WeightsFolder:
    """Where trained weights are kept: ``weights``, and ``weights.partial`` until it is done."""

    def __init__(self, parent: Path, model_name: str) -> None:
        """`model_name` is written into the files in place of this machine's path."""
        self.final = parent / "weights"
        self._partial = parent / "weights.partial"
        self._model_name = model_name

    def begin(self, learner: Learner) -> None:
        """Clear what an earlier attempt left; keep the untrained weights if `save` needs them.

        Raises:
            OSError: they could not be written, with the path.
        """
        self.discard()
        shutil.rmtree(self.final, ignore_errors=True)
        if splits_base(learner.model.active_peft_config):
            self._write(learner.model, self._partial / _INITIAL)

    def save(self, learner: Learner) -> None:
        """Write configuration and weights, fit for the unchanged model.

        Raises:
            OSError: they could not be written, with the path.
        """
        initial = self._partial / _INITIAL
        extra = {}
        if initial.exists():
            # W = W' + A0 B0 was split before training: [A, A0] [B, -B0] is what was learned.
            extra = {"path_initial_model_for_weight_conversion": str(initial)}
        self._write(learner.model, self._partial, **extra)
        shutil.rmtree(initial, ignore_errors=True)

    def check(self, base: Base, texts: Sequence[Text], expected: Sequence[float]) -> bool:
        """Load the saved weights onto a fresh model and compare with the trained one.

        Args:
            base: the model to load.
            texts: N of their tokens are learned.
            expected: the trained model's loss of each of them, (N,).

        Returns:
            Whether the weights change anything: the bare model's losses are others.

        Raises:
            AdaptationError: what was saved is not what was trained.
        """
        fresh = PeftModel.from_pretrained(
            base.load(), str(self._partial), torch_device=str(base.device)
        )
        learner = Learner(fresh, base.dtype, base.device)
        found = probe_sparingly(learner, texts).cpu()
        distance = float((found - torch.tensor(expected)).abs().mean())
        if not distance <= _TOLERANCE:
            raise AdaptationError(
                f"lora: the saved weights do not act as the trained ones did: they differ by "
                f"{distance:.3g} nats per token",
                "this method changes more than it saves; choose another method or other options",
            )
        with fresh.disable_adapter():
            return not torch.equal(found, probe_sparingly(learner, texts).cpu())

    def discard(self) -> None:
        """Remove what is unfinished."""
        shutil.rmtree(self._partial, ignore_errors=True)

    def publish(self, kind: str) -> LocalWeights:
        """Give the folder its name; nothing may be written afterwards."""
        self._partial.rename(self.final)
        return LocalWeights(folder=str(self.final), kind=kind, sha256=_hash(self.final))

    def _write(self, model: Any, folder: Path, **extra: str) -> None:
        config = model.active_peft_config
        for key, value in vars(config).items():
            if isinstance(value, set):  # sets are written in an order that changes by process
                setattr(config, key, sorted(value))
        with naming(folder):
            model.save_pretrained(str(folder), save_embedding_layers=False, **extra)
            (folder / "README.md").unlink()
            # Only now: peft would look the name up on the model hub.
            path = folder / "adapter_config.json"
            stored = {**json.loads(path.read_text()), "base_model_name_or_path": self._model_name}
            path.write_text(json.dumps(stored, indent=2, sort_keys=True) + "\n")


def add_weights(model: Any, base: Base, config: PeftConfig) -> Learner:
    """Add untrained weights to a loaded model; torch's generator must be seeded.

    Raises:
        AdaptationError: peft cannot apply the method to this model.
    """
    try:
        model = get_peft_model(model, config)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise AdaptationError(
            f"lora: peft cannot apply this method to the model: {error}",
            "check method, targets, rank and options",
        ) from error
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()
    return Learner(model, base.dtype, base.device)


def _hash(folder: Path) -> str:
    """SHA-256 over names and contents of the files, in the order of the names."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
