"""Memory in training: what running out of it ends as, and how to need less of it."""

import gc
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from evalkit import AdaptationError

T = TypeVar("T")

_SMALLER = "lower batch-size and raise accumulation as much"
_MESSAGES = (
    "can't allocate memory",  # these two are the CPU's
    "not enough memory",
    "CUDA error: out of memory",  # these are met outside torch's own store of memory
    "CUBLAS_STATUS_ALLOC_FAILED",
)


class OutOfMemory(AdaptationError):
    """The GPU, or the machine, has too little memory for a training."""

    def __init__(self, message: str) -> None:
        """Say what helps."""
        super().__init__(message, f"{_SMALLER}, or set checkpointing = true")


def within_memory(work: Callable[[], T]) -> T:
    """What `work` returns.

    Raises:
        OutOfMemory: it ran out of memory, of the GPU or of the machine.
    """
    try:
        return work()
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        reason = str(error).partition("\n")[0]
    # Raised out here, the new error holds on to no tensor of the old one's traceback.
    raise OutOfMemory(f"lora: out of memory in training: {reason}")


def compute_anew(model: Any) -> None:
    """Let a model keep the inputs of its layers only, and compute the rest again when needed.

    Gradient checkpointing, Chen et al. 2016, https://arxiv.org/abs/1604.06174.

    Raises:
        AdaptationError: the model is not made for it.
    """
    try:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    except ValueError as error:
        raise AdaptationError(f"lora: {error}", "leave checkpointing out") from error


def is_out_of_memory(error: Exception) -> bool:
    """Whether too little memory was the cause; not every such error has a class of its own."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return any(message in str(error) for message in _MESSAGES)


def release() -> None:
    """Give the memory of a dropped model back."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
