"""The processes that train together, each on its own device and on its own part of every batch.

A batch is the same however many share it, and so is the gradient of a step: what each process
found is added up. So a result does not depend on the number of devices, but for rounding.
"""

from collections.abc import Sequence
from typing import Protocol

import torch

from evalkit_lora.chat import Text


class Team(Protocol):
    """The processes that train together.

    Attributes:
        rank: this process, from 0.
        size: how many there are.
    """

    rank: int
    size: int

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """The sum of every process's `values`, which have one shape."""

    def first(self, values: torch.Tensor) -> torch.Tensor:
        """The `values` of rank 0; those of all processes have one shape and format."""


class Alone:
    """A team of one."""

    rank = 0
    size = 1

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """The values."""
        return values

    def first(self, values: torch.Tensor) -> torch.Tensor:
        """The values."""
        return values


def part_of(batch: Sequence[Text], team: Team) -> Sequence[Text]:
    """This process's texts of a batch, which is sorted by length; there may be none."""
    return batch[team.rank :: team.size]


def agree(weights: Sequence[torch.nn.Parameter], team: Team) -> None:
    """Give all processes the weights of rank 0, in place.

    Each has computed its own: a seed makes them alike, but no GPU promises the same rounding, nor
    a decomposition the same signs.
    """
    if team.size == 1:
        return
    for weight in weights:
        weight.data.copy_(team.first(weight.data.contiguous()))


def add_up_gradients(
    weights: Sequence[torch.nn.Parameter], numbers: torch.Tensor, team: Team
) -> torch.Tensor:
    """Add up the gradients of all processes in place; return the sums of their `numbers`, (n,)."""
    if team.size == 1:
        return numbers
    for weight in weights:
        if weight.grad is None:  # this process had no text in the step
            weight.grad = torch.zeros_like(weight)
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    summed = team.sum(torch.cat([*(one.flatten() for one in gradients), numbers]))
    parts = torch.split(summed[: -len(numbers)], [one.numel() for one in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
    return summed[-len(numbers) :]
