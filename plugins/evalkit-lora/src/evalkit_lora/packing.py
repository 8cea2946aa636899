"""Texts side by side in one row: no padding, and the prompt that they share only once.

The instruction of a task stands at the beginning of every text, so its hidden states are the same
in all of them: they are computed once a batch, and gradients flow through them from every text. All
layers but attention look at each token alone and need not know; attention is told by the Layout.
With dropout the texts of a batch share what is dropped in their prefix.

Source of packing without leaks between texts: Krell et al. 2021, https://arxiv.org/abs/2107.02027.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from evalkit_lora.chat import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the tokens of a packed row belong.

    Attributes:
        prefix: P, the number of tokens at the beginning that every text sees as its own.
        lengths: how many tokens of its own each text has, in their order in the row.
        mask: 0 where the row's token may look at the column's, else minus infinity, for the
            longest text with its prefix, (P + longest, P + longest).
    """

    prefix: int
    lengths: tuple[int, ...]
    mask: Tensor

    @property
    def longest(self) -> int:
        """The most tokens that a text has of its own."""
        return max(self.lengths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Texts in one row of T tokens, N of them learned.

    The last token of a text predicts nothing and is left out.

    Attributes:
        ids: the shared prefix, then what each text has of its own, (1, T).
        positions: of each token in its text, (1, T).
        keep: True where the next token is learned, (1, T).
        labels: the learned tokens, text by text, (N,).
        layout: which tokens belong together.
    """

    ids: Tensor
    positions: Tensor
    keep: Tensor
    labels: Tensor
    layout: Layout

    @classmethod
    def of(cls, texts: Sequence[Text], device: torch.device) -> "Packed":
        """Pack `texts` in their order."""
        shared = _shared(texts)
        ids, positions, keep = list(texts[0].ids[:shared]), list(range(shared)), [False] * shared
        for text in texts:
            end = len(text.ids) - 1
            ids += text.ids[shared:end]
            positions += range(shared, end)
            keep += [place >= text.prompt_length - 1 for place in range(shared, end)]
        labels = [token for text in texts for token in text.ids[text.prompt_length :]]
        lengths = tuple(len(text.ids) - 1 - shared for text in texts)
        width = shared + max(lengths)
        mask = torch.full((width, width), -torch.inf, device=device).triu(1)
        return cls(
            ids=torch.tensor([ids], device=device),
            positions=torch.tensor([positions], device=device),
            keep=torch.tensor([keep], device=device),
            labels=torch.tensor(labels, device=device),
            layout=Layout(prefix=shared, lengths=lengths, mask=mask),
        )

    def arguments(self) -> dict[str, Any]:
        """What the model is called with."""
        return {"input_ids": self.ids, "position_ids": self.positions, "layout": self.layout}


def _shared(texts: Sequence[Text]) -> int:
    """How many tokens all prompts begin with; 0 for one text alone.

    A prompt's last token predicts the first of the answer and stays with its text.
    """
    if len(texts) == 1:
        return 0
    prompts = [text.ids[: text.prompt_length - 1] for text in texts]
    first, last = min(prompts), max(prompts)  # in dictionary order the two differ most
    same = 0
    for one, other in zip(first, last, strict=False):
        if one != other:
            break
        same += 1
    return same
