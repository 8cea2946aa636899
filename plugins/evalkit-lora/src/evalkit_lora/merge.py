"""Trained weights merged into the model: a folder that needs neither peft nor evalkit.

What was saved is loaded again and compared with the model that has the weights on top, so that
no folder is shipped that answers otherwise.
"""

import shutil
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, GenerationConfig

from evalkit import AdaptationError, LocalWeights, ResolvedModel
from evalkit_lora.base import quiet

_GENERATION = "generation_config.json"
_COPIED = (
    _GENERATION,
    "chat_template.jinja",
    "chat_template.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "tokenizer.model",
    "sentencepiece.bpe.model",
    "sentencepiece.model",
    "spiece.model",
    "spm.model",
    "tekken.json",
)
"""Files that are the model's own, as transformers names them. A folder may hold others, which
speak of how the model came about, and where."""
_PROBE = torch.arange(10, 74)
_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 0.02, torch.float16: 0.02}
"""Nats a token (Kullback-Leibler) by which the saved model may differ. Rounding stays below: with
135M parameters and rank 16 it is 0.004 in bfloat16 and 2e-8 in float32."""


def merge(weights: LocalWeights, model: ResolvedModel, folder: Path) -> None:
    """Write `model` with `weights` merged in, in the number format in which the engine computes.

    Args:
        weights: as peft saved them.
        model: the model that they were trained on; its folder has the files.
        folder: an empty folder.

    Raises:
        AdaptationError: peft cannot merge this method, or the saved model does not act as the
            model with the weights does.
    """
    assert model.folder is not None
    base, dtype = Path(model.folder), getattr(torch, model.dtype)
    with quiet():
        merged, expected = _merged(base, Path(weights.folder), dtype)
        # The model's own, if it has one, is copied as it is: transformers may refuse to write it.
        merged.generation_config = GenerationConfig()  # type: ignore[no-untyped-call]
        merged.save_pretrained(folder)
        (folder / _GENERATION).unlink(missing_ok=True)
        del merged
        _copy_rest(base, folder)
        found = _log_probabilities(_load(folder, dtype))
    distance = float((expected.exp() * (expected - found)).sum(-1).mean())
    if not distance <= _TOLERANCE[dtype]:
        raise AdaptationError(
            "lora: the merged model does not act as the model with the weights on top: they "
            f"differ by {distance:.3g} nats a token",
            "export the weights as they are: leave --merged out",
        )


def _merged(base: Path, weights: Path, dtype: torch.dtype) -> tuple[Any, torch.Tensor]:
    """The merged model, and what the model with the weights on top says to the probe."""
    learned = PeftModel.from_pretrained(_load(base, dtype), str(weights), torch_device="cpu")
    expected = _log_probabilities(learned)
    try:
        return learned.merge_and_unload(safe_merge=True), expected
    except (AttributeError, NotImplementedError, ValueError) as error:
        raise AdaptationError(
            f"lora: peft cannot merge these weights: {error}",
            "export the weights as they are: leave --merged out",
        ) from error


def _load(folder: Path, dtype: torch.dtype) -> Any:
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, use_safetensors=True, local_files_only=True, trust_remote_code=False
    )


def _copy_rest(base: Path, folder: Path) -> None:
    """Copy what merging leaves as it was, above all the tokenizer with its chat template."""
    for name in _COPIED:
        if (base / name).is_file():
            shutil.copyfile(base / name, folder / name)


@torch.no_grad()
def _log_probabilities(model: Any) -> torch.Tensor:
    """Of every token behind each token of the probe, (tokens, vocabulary)."""
    model.eval()
    probe = _PROBE % model.config.vocab_size
    logits: torch.Tensor = model(probe.unsqueeze(0)).logits[0]
    return logits.float().log_softmax(-1)
