"""When a training keeps a checkpoint, and how it goes on from one."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from evalkit_lora.caller import Caller
from evalkit_lora.checkpoints import LOSSES, Checkpoints
from evalkit_lora.state import capture, restore
from evalkit_lora.team import Team

_SPARING = 100
"""A checkpoint that took a second is followed by so many seconds of training at least."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to happen between two steps; all processes of a team agree on it.

    Attributes:
        keep: a checkpoint is due.
        stop: the training is to end early.
    """

    keep: bool = False
    stop: bool = False


class Keeper:
    """Keeps the checkpoints of one training, for all processes of its team."""

    def __init__(
        self, checkpoints: Checkpoints, caller: Caller, team: Team, *, every: float | None
    ) -> None:
        """Look after `checkpoints`.

        Args:
            checkpoints: where they are.
            caller: who asked for the training.
            team: the processes that train together.
            every: seconds between two of them; 0: after every step; None: there are none.
        """
        self.caller = caller
        self.team = team
        self._checkpoints = checkpoints
        self._every = every
        self._pause = every or 0.0
        self._since = time.monotonic()

    def wishes(self) -> list[float]:
        """What this process wishes after the step under way: a checkpoint, an end; 1 or 0.

        Summed over the team they are what all act on, perhaps a step later.
        """
        now = time.monotonic()
        due = self.team.rank == 0 and self._every is not None and now - self._since >= self._pause
        if due:
            self._since = now  # a wish is fulfilled once
        return [float(due), float(self.caller.stopping())]

    def resume(
        self, weights: Sequence[torch.nn.Parameter], optimizer: torch.optim.Optimizer, total: int
    ) -> list[float]:
        """Put everything back to the newest checkpoint.

        Returns:
            the loss of each step until then, (steps,); empty where there is no checkpoint.
        """
        chosen = self._chosen(weights[0].device, total)
        if chosen is None:
            return []
        tensors = self._checkpoints.load(chosen)
        restore(tensors, weights, optimizer, self.team.rank)
        losses: list[float] = tensors[LOSSES].tolist()
        self.caller.progress(len(losses), total, f"going on from step {len(losses)}")
        return losses

    def keep(
        self,
        weights: Sequence[torch.nn.Parameter],
        optimizer: torch.optim.Optimizer,
        losses: Sequence[float],
    ) -> None:
        """Keep a checkpoint; weights that are no numbers are not kept: the next step fails.

        Raises:
            OSError: it could not be written, with the path.
        """
        started = time.monotonic()
        tensors = capture(weights, optimizer, self.team)
        if self.team.rank == 0 and self._every is not None and are_finite(weights):
            self._checkpoints.save(tensors, losses)
        self._since = time.monotonic()
        if self._every:
            self._pause = max(self._every, _SPARING * (self._since - started))

    def _chosen(self, device: torch.device, total: int) -> str | None:
        """The checkpoint that rank 0 chose, by its SHA-256."""
        found = None
        if self.team.rank == 0 and self._every is not None:
            found = self._checkpoints.newest(lambda text: self.caller.progress(0, total, text))
        sent = bytes.fromhex(found or "00" * 32)
        got = bytes(self.team.first(torch.tensor(list(sent), dtype=torch.uint8, device=device)))
        return got.hex() if any(got) else None


def are_finite(weights: Sequence[torch.nn.Parameter]) -> bool:
    """Whether every number is one."""
    return all(bool(torch.isfinite(weight).all()) for weight in weights)
