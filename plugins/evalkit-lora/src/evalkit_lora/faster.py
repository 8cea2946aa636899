"""What makes training faster, switched on where it provably computes the same."""

from collections.abc import Sequence

import torch

from evalkit_lora.attention import NAME, register
from evalkit_lora.chat import Text
from evalkit_lora.learner import Learner, probe
from evalkit_lora.lora_layer import quicken
from evalkit_lora.memory import is_out_of_memory
from evalkit_lora.packing import Packed

_TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.05}
"""Nats a token by which packed texts may differ from padded ones on average: rounding stays far
below."""


def speed_up(learner: Learner, texts: Sequence[Text]) -> None:
    """Let a learner compute faster, packed too if that gives what padded texts give.

    A model whose layers look beyond their token in another way than causal attention (a state
    space, a window, a cap on scores) goes on with padded texts.
    """
    quicken(learner.model)
    by_length = sorted(texts, key=lambda text: len(text.ids))
    learner.packed = _packs(learner, by_length[-1], by_length[0])


def _packs(learner: Learner, first: Text, second: Text) -> bool:
    """Whether two texts side by side have the losses that they have apart.

    Numbers that lie close together would not prove it, as what leaks may be little. So the first
    text is changed: the losses of the second must stay the same to the last bit.
    """
    expected = probe(learner, [first, second])
    model = learner.model.get_base_model()
    before = model.config._attn_implementation
    register()
    try:
        model.set_attn_implementation(NAME)
        learner.packed = True
        found = probe(learner, [first, second])
        changed = probe(learner, [_turned(first, second), second])
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        same = False  # the model refused it
    else:
        close = float((found - expected).abs().mean()) <= _TOLERANCE[learner.dtype]
        same = close and torch.equal(found[-second.learned :], changed[-second.learned :])
    if not same:
        model.set_attn_implementation(before)
    return same


def _turned(text: Text, other: Text) -> Text:
    """A text whose own tokens, those that it does not share with the other, are in reverse."""
    shared = Packed.of([text, other], torch.device("cpu")).layout.prefix
    return Text((*text.ids[:shared], *reversed(text.ids[shared:])), text.prompt_length)
