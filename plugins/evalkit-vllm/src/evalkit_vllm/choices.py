"""Log-probabilities of given answers.

A choice is tokenised by itself and put right behind the prompt. Its probability is that of the
whole answer: of its tokens and of the answer ending there (any of the model's end tokens).

vLLM does not reuse a cached prefix where it is asked for the log-probabilities of a prompt. So
it is asked what may follow instead: once behind each beginning of the choices, for the
probabilities of the tokens by which some choice goes on. Choices that begin alike share these
questions, and all of them share the prompt.
"""

import math
from collections.abc import Mapping, Sequence

MOST_AT_ONCE = 128
"""The most ids whose log-probabilities vLLM gives in one place."""

Beginning = tuple[int, ...]
"""Token ids with which a choice begins, or all of them."""


class Weighing:
    """The choices of one request while their probabilities are found."""

    def __init__(self, choices: Sequence[Beginning], ends: frozenset[int]) -> None:
        """Nothing is known yet.

        Args:
            choices: token ids of each choice; one may be empty.
            ends: the ids that end an answer.
        """
        self._choices = choices
        self._ends = ends
        self._known: dict[Beginning, dict[int, float]] = {}
        self.questions = [
            (beginning, ids[start : start + MOST_AT_ONCE])
            for beginning, ids in follow_ups(choices, ends).items()
            for start in range(0, len(ids), MOST_AT_ONCE)
        ]
        """Beginnings, shortest first, each with the ids whose log-probabilities are wanted."""
        self._open = len(self.questions)

    def learn(self, beginning: Beginning, found: Mapping[int, float]) -> bool:
        """Keep the answer to a question, id -> log-probability; whether all is known now."""
        self._known.setdefault(beginning, {}).update(found)
        self._open -= 1
        return self._open == 0

    def logprobs(self) -> tuple[float, ...]:
        """The log-probability of each choice, once all is known."""
        return tuple(self._whole(choice) for choice in self._choices)

    def _whole(self, choice: Beginning) -> float:
        """Log-probability of a choice and of the answer ending behind it."""
        steps = math.fsum(self._known[choice[:at]][token] for at, token in enumerate(choice))
        ends = [self._known[choice][token] for token in self._ends]
        highest = max(ends)
        return steps + highest + math.log(math.fsum(math.exp(end - highest) for end in ends))


def follow_ups(choices: Sequence[Beginning], ends: frozenset[int]) -> dict[Beginning, list[int]]:
    """For each beginning of the choices, shortest first, the ids that may follow it."""
    found: dict[Beginning, set[int]] = {}
    for choice in choices:
        for at, token in enumerate(choice):
            found.setdefault(choice[:at], set()).add(token)
        found.setdefault(choice, set()).update(ends)
    return {beginning: sorted(found[beginning]) for beginning in sorted(found, key=len)}
