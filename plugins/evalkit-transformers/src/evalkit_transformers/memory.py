"""How many tokens a batch may hold, and what running out of memory looks like."""

from collections.abc import Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import torch
from transformers import PreTrainedModel

_ENOUGH_ON_CPU = 16_384
"""Enough rows to keep a processor busy; more only makes the finished ones wait."""
_ENOUGH_ON_GPU = 131_072
_AT_LEAST = 1_024
_CACHE_SHARE = 0.45
"""Part of the free memory that the batch's keys and values may take. The rest is for what is
computed on the way, for prefixes, and for whoever else uses the machine."""
_PREFIX_SHARE = 1 / 16
"""Part of all memory that remembered prefixes may take."""

_NO_MEMORY = (
    *("can't allocate memory", "bad_alloc", "could not create a primitive"),
    *("CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED"),
)
"""What torch, C++, oneDNN, CUDA and cuBLAS say without memory, beside torch's own error."""

_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def token_budget(model: PreTrainedModel) -> int:
    """Most tokens in a batch, by the memory that is free now."""
    enough = _ENOUGH_ON_GPU if model.device.type == "cuda" else _ENOUGH_ON_CPU
    fitting = int(free_memory(model.device) * _CACHE_SHARE / bytes_per_token(model))
    return max(_AT_LEAST, min(enough, fitting))


def prefix_bytes(device: torch.device) -> int:
    """Most bytes that remembered prefixes may take together."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory * _PREFIX_SHARE)
    return int(memory_limit() * _PREFIX_SHARE)


def memory_limit(limits: Sequence[Path] = _CGROUP_LIMITS) -> int:
    """Bytes that this process may use: the machine's, or those of the container it is in."""
    found = int(psutil.virtual_memory().total)
    for path in limits:
        try:
            found = min(found, int(path.read_text("ascii")))
        except (OSError, ValueError):  # not there, or "max"
            continue
    return found


def free_memory(device: torch.device) -> int:
    """Bytes that can be had on a device now, what torch keeps in reserve included."""
    if device.type != "cuda":
        return min(int(psutil.virtual_memory().available), memory_limit())
    free, _ = torch.cuda.mem_get_info(device)
    return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))


def bytes_per_token(model: PreTrainedModel) -> int:
    """What the cache keeps of one token: a key and a value in every layer."""
    config = model.config.get_text_config(decoder=True)
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(config.num_hidden_layers * heads * size * 2 * model.dtype.itemsize)


def column_tokens(model: PreTrainedModel) -> int:
    """The logits of one token, in float32, in tokens of the cache."""
    width = model.config.get_text_config(decoder=True).vocab_size * torch.float32.itemsize
    return int(-(-width // bytes_per_token(model)))


def is_out_of_memory(error: Exception) -> bool:
    """Whether torch raised this for lack of memory; the CPU has no error class of its own."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(words in str(error) for words in _NO_MEMORY)
