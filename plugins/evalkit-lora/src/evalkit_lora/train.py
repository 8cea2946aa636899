"""The training loop: AdamW, warm-up and decay, gradients clipped, loss on the completion only.

A loop of our own keeps no checkpoints (those of transformers' Trainer are pickles), computes
logits at the learned positions only, and stops at the first loss that is no number.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn.utils import clip_grad_norm_

from evalkit import AdaptationError
from evalkit_lora.batches import Steps
from evalkit_lora.chat import Text
from evalkit_lora.learner import Learner
from evalkit_lora.params import LoraParams
from evalkit_lora.team import Alone, Team, add_up_gradients, part_of

Progress = Callable[[int, int, str], None]


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


def train(
    learner: Learner,
    steps: Steps,
    params: LoraParams,
    progress: Progress,
    team: Team | None = None,
) -> Training:
    """Train the learner's weights in place.

    Raises:
        AdaptationError: the loss or the weights are not finite any more.
    """
    team = team or Alone()
    weights = learner.trainable()
    optimizer = torch.optim.AdamW(
        weights, lr=params.lr, weight_decay=params.weight_decay, fused=True
    )
    allocate = getattr(learner.model.base_model, "update_and_allocate", None)
    log = _Log(len(steps), params.lr, progress)
    learner.model.train()
    for number, batches in enumerate(steps):
        for group in optimizer.param_groups:
            group["lr"] = params.lr * lr_factor(number, len(steps), params)
        loss = add_up_gradients(weights, _backward(learner, batches, team), team)
        norm = clip_grad_norm_(weights, params.max_grad_norm or math.inf)
        log.read()  # of the step before: a GPU is not kept waiting for this one
        log.write(loss, norm)
        optimizer.step()
        if allocate is not None:  # some methods share out their ranks after each step
            allocate(number)
        optimizer.zero_grad()
    log.read()
    finite = all(bool(torch.isfinite(weight).all()) for weight in weights)
    _check(log.losses[-1], 0.0 if finite else math.nan, at="the end", lr=params.lr)
    return Training(
        losses=tuple(log.losses),
        tokens=sum(len(text.ids) for step in steps for batch in step for text in batch),
        trainable=sum(weight.numel() for weight in weights),
    )


class _Log:
    """Losses and norms of the gradients, read one step after they were computed."""

    def __init__(self, total: int, lr: float, progress: Progress) -> None:
        self.losses: list[float] = []
        self._total = total
        self._lr = lr
        self._progress = progress
        self._unread: torch.Tensor | None = None

    def write(self, loss: torch.Tensor, norm: torch.Tensor) -> None:
        self._unread = torch.stack([loss.detach(), norm.detach()])

    def read(self) -> None:
        """Check the last step, and tell of it."""
        if self._unread is None:
            return
        loss, norm = self._unread.tolist()
        done = len(self.losses) + 1
        _check(loss, norm, at=f"step {done} of {self._total}", lr=self._lr)
        self.losses.append(loss)
        self._progress(done, self._total, f"loss {loss:.3f}")


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
