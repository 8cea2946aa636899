"""Batches of similar length, in an order that depends on the seed alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

from evalkit_lora.chat import Text
from evalkit_lora.params import LoraParams

Steps: TypeAlias = Sequence[Sequence[Sequence[Text]]]
"""Optimiser steps of batches of texts."""

_POOL = 8
"""Batches drawn together and sorted by length: enough to save most padding, few enough that
batches still differ from epoch to epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Texts padded on the right; B texts of at most L tokens, N of them learned.

    Attributes:
        ids: tokens, (B, L).
        mask: 1 where there is a token, (B, L).
        keep: True where the next token is learned, (B, L).
        labels: the learned tokens in the order of `keep`, (N,).
    """

    ids: torch.Tensor
    mask: torch.Tensor
    keep: torch.Tensor
    labels: torch.Tensor

    def arguments(self) -> dict[str, Any]:
        """What the model is called with."""
        return {"input_ids": self.ids, "attention_mask": self.mask}

    @classmethod
    def of(cls, texts: Sequence[Text], device: torch.device) -> "Batch":
        """Pad `texts` to the longest of them."""
        size = (len(texts), max(len(text.ids) for text in texts))
        ids = torch.zeros(size, dtype=torch.long)
        mask = torch.zeros(size, dtype=torch.long)
        keep = torch.zeros(size, dtype=torch.bool)
        for row, text in enumerate(texts):
            length = len(text.ids)
            ids[row, :length] = torch.tensor(text.ids)
            mask[row, :length] = 1
            keep[row, text.prompt_length - 1 : length - 1] = True
        labels = ids[:, 1:][keep[:, :-1]]
        return cls(
            ids=ids.to(device),
            mask=mask.to(device),
            keep=keep.to(device),
            labels=labels.to(device),
        )


def epoch_batches(lengths: Sequence[int], size: int, rng: random.Random) -> list[list[int]]:
    """The indices of one epoch: shuffled, grouped by length within pools, batches shuffled."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    pool = size * _POOL
    batches = []
    for start in range(0, len(order), pool):
        members = sorted(order[start : start + pool], key=lambda index: -lengths[index])
        batches += [members[i : i + size] for i in range(0, len(members), size)]
    rng.shuffle(batches)
    return batches


def training_steps(texts: Sequence[Text], params: LoraParams, seed: int) -> Steps:
    """All optimiser steps of a training: for each, the batches that it gathers."""
    rng = random.Random(seed)
    lengths = [len(text.ids) for text in texts]
    steps: list[list[list[Text]]] = []
    for _ in range(params.epochs):
        order = epoch_batches(lengths, params.batch_size, rng)
        batches = [[texts[index] for index in indices] for indices in order]
        width = params.accumulation
        steps += [batches[i : i + width] for i in range(0, len(batches), width)]
    return steps
