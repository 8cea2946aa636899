"""What a model folder holds, read from its JSON files alone."""

import hashlib
import json
from pathlib import Path
from typing import Any

from evalkit import ModelError, Notify
from evalkit_transformers.cache import file_sha256, known_sha256

_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
_LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len", "n_ctx")
_GENERATORS = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
_DECISIVE = (".safetensors", ".json", ".model", ".txt")
_LARGE = 1_000_000_000
"""Bytes that take longer than a second to hash."""
_WANTED = "a model folder holds config.json, a tokenizer with its chat template, and *.safetensors"


def check(folder: Path) -> None:
    """See that a folder holds a causal model that can be loaded safely.

    Raises:
        ModelError: something is missing; says what.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder", "check the path of the model")
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder}: config.json is missing", _WANTED)
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        raise ModelError(f"{folder}: the tokenizer is missing (tokenizer.json)", _WANTED)
    _check_weights(folder)
    _check_architecture(folder)
    chat_template(folder)


def revision(folder: Path, notify: Notify) -> str:
    """sha256 over the files that decide what a model answers: weights, config, tokenizer."""
    kept = [path for path in folder.iterdir() if path.suffix in _DECISIVE]
    new = sum(path.stat().st_size for path in kept if known_sha256(path) is None)
    if new > _LARGE:
        notify(f"{folder}: hashing {new / 1e9:.1f} GB of weights (once)")
    lines = [f"{file_sha256(path)}  {path.name}\n" for path in sorted(kept)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def chat_template(folder: Path) -> str:
    """The text of the chat template.

    Raises:
        ModelError: the folder has none.
    """
    own = folder / "chat_template.jinja"
    if own.is_file():
        return own.read_text("utf-8")
    template = _json(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(template, list):
        template = {entry["name"]: entry["template"] for entry in template}.get("default")
    if not template:
        raise ModelError(
            f"{folder}: the tokenizer has no chat template",
            "take the instruction-tuned variant of the model, or put its template into\n"
            "chat_template.jinja in this folder",
        )
    return str(template)


def context_length(folder: Path) -> int:
    """The most tokens of prompt and answer together; 0 if the config does not say."""
    config = _json(folder / "config.json")
    for part in (config, config.get("text_config") or {}):
        for key in _LENGTHS:
            if isinstance(part.get(key), int):
                return int(part[key])
    return 0


def _check_weights(folder: Path) -> None:
    """Every shard is there, and weights are not pickled."""
    index = _json(folder / "model.safetensors.index.json")
    shards = set(index.get("weight_map", {}).values())
    lost = sorted(shard for shard in shards if not (folder / shard).is_file())
    if lost:
        raise ModelError(f"{folder}: weight files are missing: {', '.join(lost)}", _WANTED)
    pickled = sorted(shard for shard in shards if not shard.endswith(".safetensors"))
    if not pickled and (shards or any(folder.glob("*.safetensors"))):
        return
    kinds = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
    pickled += sorted(path.name for path in folder.iterdir() if path.suffix in kinds)
    if pickled:
        raise ModelError(
            f"{folder}: the weights are pickled ({pickled[0]}), which can run code when loaded",
            "convert them to safetensors, or take a version of the model that has them",
        )
    raise ModelError(f"{folder}: no *.safetensors file", _WANTED)


def _check_architecture(folder: Path) -> None:
    """The config names a model that generates text, or does not say."""
    names = _json(folder / "config.json").get("architectures") or []
    if names and not any(name.endswith(_GENERATORS) for name in names):
        raise ModelError(
            f"{folder}: {', '.join(names)} does not generate text",
            "this engine runs causal language models",
        )


def _json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty if there is no such file.

    Raises:
        ModelError: the file is damaged.
    """
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelError(
            f"{path}: not readable as JSON: {error}", "fetch the model anew"
        ) from error
    if not isinstance(content, dict):
        raise ModelError(f"{path}: not a JSON object", "fetch the model anew")
    return content
