"""Which trained weights vLLM can apply, read from their files alone."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from evalkit import EngineError, LocalWeights

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""The ranks for which vLLM can make room."""

_CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"
_INSTEAD = (
    'let the engine "transformers" apply them, or merge them into a copy of the model\n'
    "(evalkit export) and name its folder as the model"
)


def room_for(sets: Iterable[LocalWeights], most: int | None) -> int:
    """The rank for which vLLM must make room to apply what it can of the sets.

    Args:
        sets: sets of weights.
        most: the highest rank that the suite allows; None if it does not say.

    Returns:
        One of `RANKS`; 0 if no set can be applied.
    """
    ranks = [0]
    for weights in sets:
        with suppress(EngineError):
            ranks.append(rank_of(weights, most))
    if max(ranks) == 0:
        return 0
    return most or next(rank for rank in RANKS if rank >= max(ranks))


def rank_of(weights: LocalWeights, most: int | None) -> int:
    """The rank of a set that vLLM can apply.

    Args:
        weights: the set.
        most: the highest rank that the suite allows; None if it does not say.

    Raises:
        EngineError: it cannot be applied; says why, and what to do.
    """
    config = _config(weights)
    ranks: list[int] = [config["r"], *(config.get("rank_pattern") or {}).values()]
    rank = max(ranks)
    if most is not None and rank > most:
        raise EngineError(
            f"{weights.folder}: these weights have rank {rank}, max-lora-rank is {most}",
            f"set max-lora-rank = {next((r for r in RANKS if r >= rank), RANKS[-1])}, "
            "or leave it out",
        )
    if rank > RANKS[-1]:
        raise EngineError(
            f"{weights.folder}: these weights have rank {rank}, vLLM applies at most {RANKS[-1]}",
            _INSTEAD,
        )
    return rank


def _config(weights: LocalWeights) -> dict[str, Any]:
    """The configuration of a set whose files are there and whose kind vLLM knows."""
    folder = Path(weights.folder)
    if weights.kind != "lora":
        raise EngineError(f"{folder}: vLLM cannot apply weights of kind {weights.kind}", _INSTEAD)
    missing = [name for name in (_CONFIG, _WEIGHTS) if not (folder / name).is_file()]
    if missing:
        raise EngineError(f"{folder}: {', '.join(missing)} is missing")
    config: dict[str, Any] = json.loads((folder / _CONFIG).read_text("utf-8"))
    beyond = ", ".join(_beyond(config))
    if beyond:
        raise EngineError(f"{folder}: vLLM cannot apply weights with {beyond}", _INSTEAD)
    return config


def _beyond(config: dict[str, Any]) -> Iterable[str]:
    """What a set has that vLLM does not apply."""
    if config.get("peft_type") != "LORA":
        yield f"peft_type {config.get('peft_type')}"
    if config.get("use_dora"):
        yield "DoRA"
    if config.get("modules_to_save"):
        yield f"modules_to_save ({', '.join(config['modules_to_save'])})"
    if config.get("bias", "none") != "none" or config.get("lora_bias"):
        yield "biases"
    if config.get("trainable_token_indices"):
        yield "trained token embeddings"
