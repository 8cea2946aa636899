"""Log-probabilities of given answers.

A choice is tokenised by itself and put right behind the prompt. Its probability is that of the
whole answer: of its tokens and of the answer ending there (any of the model's end tokens). So
choices of different length can be compared, and one may begin like another ("A", "AB").

Where a model allows it, a prompt and all its choices are read at once in one row, in which the
choices do not see each other; so nothing is computed or kept twice.
"""

from collections.abc import Sequence
from itertools import accumulate, chain

import torch
from torch import Tensor
from transformers import PreTrainedModel

from evalkit_transformers.attention import Prefix
from evalkit_transformers.loading import Loaded
from evalkit_transformers.rows import PlainRows, SharedRows

Choices = Sequence[Sequence[int]]


def log_probabilities(
    loaded: Loaded, prefix: Prefix, prompts: Sequence[list[int]], choices: Sequence[Choices]
) -> list[tuple[float, ...]]:
    """For each prompt the natural-log probability of each of its choices.

    Args:
        loaded: the model.
        prefix: what goes before all prompts; empty if the model's rows cannot share one.
        prompts: token ids, at least one each.
        choices: for each prompt the token ids of its choices; a choice may be empty.
    """
    if not loaded.shares:
        return _apart(loaded, prompts, choices)
    most = max(sum(map(len, own)) for own in choices)
    logits = BranchedRows(loaded.model, prefix, prompts, choices).begin(most + 1)
    return [_of_branches(*pair, ends=loaded.ends) for pair in zip(logits, choices, strict=True)]


class BranchedRows(SharedRows):
    """Rows of a prompt and all its choices; a choice sees the prompt and itself alone."""

    def __init__(
        self,
        model: PreTrainedModel,
        prefix: Prefix,
        prompts: Sequence[list[int]],
        choices: Sequence[Choices],
    ) -> None:
        """Put the choices behind their prompts."""
        pairs = list(zip(prompts, choices, strict=True))
        super().__init__(model, [[*p, *chain(*own)] for p, own in pairs], prefix=prefix, room=0)
        branches, depths = [], []
        for pad, (prompt, own) in zip(self.pads, pairs, strict=True):
            spans = [range(len(prompt)), *(range(len(prompt), len(prompt) + len(c)) for c in own)]
            # Padding is a branch of its own, which nobody else sees.
            branches.append([-1] * pad + [at for at, span in enumerate(spans) for _ in span])
            depths.append([0] * pad + [self.behind + depth for depth in chain(*spans)])
        self._branches = torch.tensor(branches, device=model.device)
        self._depths = torch.tensor(depths, device=model.device)

    def _forward(self, tokens: Tensor, positions: Tensor, logits: int) -> Tensor:
        return super()._forward(tokens, self._depths, logits)

    def _mask(self, count: int) -> Tensor:
        """[rows, 1, count, count]; branch 0 is the prompt."""
        looking, seen = self._branches[:, None, :, None], self._branches[:, None, None, :]
        earlier = torch.ones(count, count, dtype=torch.bool, device=seen.device).tril()
        return earlier & ((seen == 0) | (seen == looking))


def _of_branches(logits: Tensor, choices: Choices, *, ends: frozenset[int]) -> tuple[float, ...]:
    """Log-probabilities of choices that were read one behind the other, after a prompt.

    `logits` are those after each column, [columns, vocabulary]; the last columns are the
    choices', the one before them is the prompt's last.
    """
    logits = logits[-1 - sum(map(len, choices)) :]
    starts = accumulate(map(len, choices), initial=1)
    return tuple(
        _whole(logits[[0, *range(start, start + len(choice))]], choice, ends=ends)
        for start, choice in zip(starts, choices, strict=False)
    )


def _apart(
    loaded: Loaded, prompts: Sequence[list[int]], choices: Sequence[Choices]
) -> list[tuple[float, ...]]:
    """The same with a row for each choice."""
    pairs = [(p, choice) for p, own in zip(prompts, choices, strict=True) for choice in own]
    most = max(len(choice) for _, choice in pairs)
    logits = PlainRows(loaded.model, [[*p, *choice] for p, choice in pairs]).begin(most + 1)
    found = iter(
        _whole(row[-1 - len(choice) :], choice, ends=loaded.ends)
        for row, (_, choice) in zip(logits, pairs, strict=True)
    )
    return [tuple(next(found) for _ in own) for own in choices]


def _whole(logits: Tensor, tokens: Sequence[int], *, ends: frozenset[int]) -> float:
    """Log-probability of tokens and an end, from the logits before each, [n + 1, vocabulary]."""
    logs = logits.float().log_softmax(dim=-1)
    steps = logs[torch.arange(len(tokens)), list(tokens)].sum()
    return float(steps + logs[-1, sorted(ends)].logsumexp(dim=-1))
