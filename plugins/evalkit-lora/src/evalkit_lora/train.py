"""The training loop: AdamW, warm-up and decay, gradients clipped, loss on the completion only.

A loop of our own keeps checkpoints that are no pickles (those of transformers' Trainer are),
computes logits at the learned positions only, and stops at the first loss that is no number.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.utils import clip_grad_norm_

from evalkit import AdaptationError
from evalkit_lora.batches import Steps
from evalkit_lora.caller import Caller
from evalkit_lora.chat import Text
from evalkit_lora.keeper import Keeper, Wishes, are_finite
from evalkit_lora.learner import Learner
from evalkit_lora.params import LoraParams
from evalkit_lora.team import Team, add_up_gradients, part_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a training went.

    Attributes:
        losses: mean loss of each step's learned tokens, in nats.
        tokens: tokens of all texts over all epochs, padding not counted.
        trainable: number of trained parameters.
    """

    losses: tuple[float, ...]
    tokens: int
    trainable: int


def train(learner: Learner, steps: Steps, params: LoraParams, keeper: Keeper) -> Training:
    """Train the learner's weights in place, from the newest checkpoint on if there is one.

    Raises:
        AdaptationError: the loss or the weights are not finite any more.
        OSError: a checkpoint could not be written.
        StopRequested: the caller asked to stop; a checkpoint is kept.
    """
    weights, team = learner.trainable(), keeper.team
    optimizer = torch.optim.AdamW(
        weights, lr=params.lr, weight_decay=params.weight_decay, fused=True
    )
    done = keeper.resume(weights, optimizer, len(steps))
    log = _Log(done, len(steps), params.lr, keeper.caller)
    lag = 0 if learner.device.type == "cpu" else 1  # a GPU is not kept waiting for a step's loss
    learner.model.train()
    for number, batches in enumerate(steps[len(done) :], start=len(done)):
        for group in optimizer.param_groups:
            group["lr"] = params.lr * lr_factor(number, len(steps), params)
        loss = _backward(learner, batches, team)
        wishes = torch.tensor(keeper.wishes()).to(learner.device, non_blocking=True)
        found = add_up_gradients(weights, torch.cat([loss.reshape(1), wishes]), team)
        log.write(found, clip_grad_norm_(weights, params.max_grad_norm or math.inf))
        agreed = log.read(lag)
        optimizer.step()
        if learner.allocate is not None:
            learner.allocate(number)
        optimizer.zero_grad()
        if agreed.keep or agreed.stop:
            log.read()
            keeper.keep(weights, optimizer, log.losses)
        if agreed.stop:
            keeper.caller.stop()
    log.read()
    finite = 0.0 if are_finite(weights) else math.nan
    _check(log.losses[-1], finite, at="the end", lr=params.lr)
    return Training(
        losses=tuple(log.losses),
        tokens=sum(len(text.ids) for step in steps for batch in step for text in batch),
        trainable=sum(weight.numel() for weight in weights),
    )


class _Log:
    """Losses, wishes and norms of the gradients, which may be read after they were written."""

    def __init__(self, losses: Sequence[float], total: int, lr: float, caller: Caller) -> None:
        self.losses = list(losses)
        self._total = total
        self._lr = lr
        self._caller = caller
        self._unread: deque[torch.Tensor] = deque()

    def write(self, found: torch.Tensor, norm: torch.Tensor) -> None:
        """Take a step's loss and wishes, (3,), and its norm."""
        self._unread.append(torch.cat([found, norm.reshape(1)]).detach())

    def read(self, lag: int = 0) -> Wishes:
        """Check all steps but the last `lag`, and tell of them; what the last of these wished."""
        agreed = Wishes()
        while len(self._unread) > lag:
            loss, keep, stop, norm = self._unread.popleft().tolist()
            done = len(self.losses) + 1
            _check(loss, norm, at=f"step {done} of {self._total}", lr=self._lr)
            self.losses.append(loss)
            self._caller.progress(done, self._total, f"loss {loss:.3f}")
            agreed = Wishes(keep > 0, stop > 0)
        return agreed


def lr_factor(step: int, total: int, params: LoraParams) -> float:
    """Share of the highest learning rate at a step (from 0): no step is at 0.

    The warm-up rises linearly over ``ceil(warmup_ratio * total)`` steps; the decay would
    reach 0 one step after the last.
    """
    warmup = math.ceil(params.warmup_ratio * total)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    done = (step - warmup) / max(total - warmup, 1)
    match params.schedule:
        case "cosine":
            return (1 + math.cos(math.pi * done)) / 2
        case "linear":
            return 1 - done
        case "constant":
            return 1.0


def _backward(learner: Learner, batches: Sequence[Sequence[Text]], team: Team) -> torch.Tensor:
    """Gather this process's gradients of one step, and its part of the loss.

    Every learned token of the step weighs the same, whoever computes it.
    """
    learned = sum(text.learned for batch in batches for text in batch)
    total = torch.zeros((), device=learner.device)
    for batch in batches:
        if own := part_of(batch, team):
            loss = learner.token_losses(own).sum() / learned
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
    return total


def _check(loss: float, norm: float, *, at: str, lr: float) -> None:
    if not (math.isfinite(loss) and math.isfinite(norm)):
        raise AdaptationError(
            f"lora: training went astray at {at}: loss {loss}, norm of the gradients {norm}",
            f"lower lr (now {lr:g}), or train in fp32 (precision)",
        )
