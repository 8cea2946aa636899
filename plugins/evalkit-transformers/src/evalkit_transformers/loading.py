"""Loads a model folder into memory, quietly and safely."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DynamicCache,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.cache_utils import DynamicLayer
from transformers.utils import logging

from evalkit import EngineError, ResolvedModel
from evalkit_transformers import attention
from evalkit_transformers.attention import Prefix
from evalkit_transformers.memory import is_out_of_memory
from evalkit_transformers.packed import pack
from evalkit_transformers.rows import PlainRows, SharedRows

_DTYPES = {name: getattr(torch, name) for name in ("float32", "bfloat16", "float16")}
_PROBE = tuple(range(10, 22))
_BY_LENGTH = ("dynamic", "longrope")
"""Rotary embeddings that depend on how long a text is: the keys of a prefix fit one length only."""
_TOLERANCE = {torch.float32: 1e-4, torch.float16: 0.006, torch.bfloat16: 0.05}
"""How far logits may be off, as part of their range: six roundings of the half formats. Measured
on 2 and 30 layers: at most 3e-6, 0.0023 and 0.022."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model in memory.

    Attributes:
        model: in evaluation mode, on its device.
        tokenizer: its tokenizer.
        ends: ids that end an answer.
        shares: whether its rows can share a prefix.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    ends: frozenset[int]
    shares: bool


def load(resolved: ResolvedModel) -> Loaded:
    """Load what was resolved.

    Raises:
        EngineError: it does not fit into memory, or transformers cannot load it.
    """
    if resolved.folder is None:
        raise EngineError(f"model {resolved.name}: there is no folder to load it from")
    if resolved.dtype not in _DTYPES:
        raise EngineError(
            f"model {resolved.name}: unknown dtype {resolved.dtype}",
            f"this engine computes in {', '.join(_DTYPES)}",
        )
    _check_device(resolved)
    safely = {"local_files_only": True, "trust_remote_code": False}
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(resolved.folder, **safely)
            # Each tensor goes straight to its place, in the wanted format.
            model = AutoModelForCausalLM.from_pretrained(
                resolved.folder,
                dtype=_DTYPES[resolved.dtype],
                device_map=resolved.device,
                use_safetensors=True,
                **safely,
            )
        model.train(False).requires_grad_(False)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise EngineError(f"model {resolved.name}: cannot be loaded: {error}") from error
    try:
        pack(model)
        pack_head_input(model)
        sharing = shares(model)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        what = f"model {resolved.name}: out of memory once it was loaded"
        raise EngineError(what, "take a smaller model or dtype") from error
    ends = end_tokens(model, tokenizer)
    return Loaded(model=model, tokenizer=tokenizer, ends=ends, shares=sharing)


def _check_device(resolved: ResolvedModel) -> None:
    """See that the device is there.

    Raises:
        EngineError: it is not.
    """
    name = f"model {resolved.name}"
    kind, _, number = resolved.device.partition(":")
    if kind == "cuda" and not torch.cuda.is_available():
        raise EngineError(
            f"{name}: torch finds no GPU",
            'set device = "cpu", or install a torch that fits the driver',
        )
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise EngineError(
            f"{name}: there is no {resolved.device}",
            f"the GPUs here are cuda:0 to cuda:{torch.cuda.device_count() - 1}",
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise EngineError(f"{name}: torch finds no Apple GPU (mps)", 'set device = "cpu"')


def end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """The ids that end an answer: the generation config's and the tokenizer's."""
    config = model.generation_config
    named = config.eos_token_id if config is not None else None
    ids = named if isinstance(named, list) else [named]
    return frozenset(int(i) for i in [*ids, tokenizer.eos_token_id] if i is not None)


def pack_head_input(model: PreTrainedModel) -> None:
    """Let the output layer get its input in one piece.

    It is asked for the last token of each row only. Torch would copy the whole weight once a
    row to multiply such a slice of a larger tensor.
    """
    head = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    if head is not None:
        packed = torch.contiguous_format
        head.register_forward_pre_hook(
            lambda _, inputs: (inputs[0].clone(memory_format=packed), *inputs[1:])
        )


def shares(model: PreTrainedModel) -> bool:
    """Switch a model to attention with a shared prefix, if it computes the same that way.

    Models with sliding windows, recurrent states, embeddings that depend on the length, or other
    attention keep their own.
    """
    usual = model.config._attn_implementation
    if not all(type(layer) is DynamicLayer for layer in DynamicCache(config=model.config).layers):
        return False
    text = model.config.get_text_config(decoder=True)
    rope = getattr(text, "rope_parameters", None) or {}
    if rope.get("rope_type") in _BY_LENGTH:
        return False
    expected = PlainRows(model, [_PROBE[:9], _PROBE])
    more = torch.full((2, 1), 7, device=model.device)
    logits = [expected.begin(), expected.read(more)]
    attention.register()
    with quiet():
        model.set_attn_implementation(attention.NAME)
    try:
        if _agrees(model, logits):
            return True
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        # An attention that does not know the way this one is called: the model keeps its own.
    model.set_attn_implementation(usual)
    return False


def _agrees(model: PreTrainedModel, expected: list[torch.Tensor]) -> bool:
    """Whether two rows with a shared prefix get the expected logits, at first and later."""
    start = SharedRows(model, [_PROBE[:5]], prefix=Prefix(), room=0)
    start.begin()
    rows = SharedRows(model, [_PROBE[5:9], _PROBE[5:]], prefix=start.as_prefix(), room=1)
    found = [rows.begin(), rows.read(torch.full((2, 1), 7, device=model.device))]
    allowed = _TOLERANCE.get(model.dtype, 1e-4)
    return all(
        bool((new - old).abs().max() <= allowed * (old.max() - old.min()))
        for new, old in zip(found, expected, strict=True)
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from writing progress bars and advice to the terminal."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
