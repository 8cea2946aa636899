"""A model with its trainable weights: what it thinks of texts."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from evalkit_lora.batches import Batch
from evalkit_lora.chat import Text
from evalkit_lora.memory import is_out_of_memory, release
from evalkit_lora.packing import Packed


class Learner:
    """A model with its PEFT weights, and the number format of its matrix products."""

    def __init__(self, model: Any, dtype: torch.dtype, device: torch.device) -> None:
        """Keep the model; `dtype` is that of its frozen weights."""
        self.model = model
        self.dtype = dtype
        self.device = device
        self.packed = False
        """Whether texts are packed into one row; else they are padded."""
        self._autocast = torch.autocast(
            device.type, torch.bfloat16, enabled=dtype == torch.bfloat16
        )

    @property
    def allocate(self) -> Callable[[int], None] | None:
        """What some methods do after each step, to share out their ranks; else None."""
        method: Callable[[int], None] | None = getattr(
            self.model.base_model, "update_and_allocate", None
        )
        return method

    def token_losses(self, texts: Sequence[Text]) -> torch.Tensor:
        """Negative log-likelihood of each learned token in nats, text by text, (N,)."""
        batch = (Packed if self.packed else Batch).of(texts, self.device)
        with self._autocast:
            logits = self.model(
                **batch.arguments(), logits_to_keep=batch.keep, use_cache=False
            ).logits
        return cross_entropy(logits.float(), batch.labels, reduction="none")

    def trainable(self) -> list[torch.nn.Parameter]:
        """The parameters that are trained."""
        return [weight for weight in self.model.parameters() if weight.requires_grad]


@torch.no_grad()
def probe(learner: Learner, texts: Sequence[Text]) -> torch.Tensor:
    """The losses of the texts' learned tokens at prediction, (N,)."""
    learner.model.eval()
    return learner.token_losses(texts)


def probe_sparingly(learner: Learner, texts: Sequence[Text]) -> torch.Tensor:
    """What `probe` returns; text by text if the memory is too little for all at once."""
    try:
        return probe(learner, texts)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
    release()  # out here, nothing holds on to the tensors of the attempt
    return torch.cat([probe(learner, [text]) for text in texts])
