"""An engine that answers by a function: no model, no waiting, the same rules as a real one.

A token is a word here. Stop texts, the token limit, the context length and choices are
honoured as the interface demands, so that what is tested against this engine meets the rules
that every engine follows.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from evalkit.interfaces import Engine
from evalkit.params import Params
from evalkit.records import Completion, Failure, Request, ResolvedModel

Rule: TypeAlias = Callable[[Request], str | Completion | Failure]
"""How a fake answers. It may also raise EngineError: then the engine is gone."""

_WORD = re.compile(r"\s*\S+")
_CHOSEN = 0.9  # probability of the choice that the rule picks; the others share the rest


def echo(request: Request) -> str:
    """The last user turn."""
    turns = [message.content for message in request.messages if message.role == "user"]
    return turns[-1] if turns else ""


class FakeEngine(Engine):
    """Answers by a rule, and remembers what it was asked.

    Attributes:
        requests: every request, in the order in which they came.
        batches: the same, batch by batch.
        checks: how often ``check`` was called.
        closed: whether ``close`` was called.
    """

    def __init__(
        self,
        answer: Rule = echo,
        *,
        logprobs: Callable[[Request], Sequence[float]] | None = None,
        model: ResolvedModel | None = None,
    ) -> None:
        """Answer by a rule.

        Args:
            answer: request -> text, Completion or Failure. A text is cut by the request's
                stop texts and limit; with choices it is the one that is picked.
            logprobs: request -> log-probability of each choice; by default the text of
                `answer` is the likeliest, or all choices are alike if it is none of them.
            model: what it claims to be; ``FakeEngine.resolved()`` by default.
        """
        super().__init__(model or self.resolved(), Params())
        self.requests: list[Request] = []
        self.batches: list[tuple[Request, ...]] = []
        self.checks = 0
        self.closed = False
        self._rule = answer
        self._logprobs = logprobs or self._likeliest

    @staticmethod
    def resolved(
        name: str = "fake",
        *,
        abilities: Sequence[str] = ("generate", "choices", "independent"),
        context_length: int = 0,
        folder: str | None = None,
    ) -> ResolvedModel:
        """A model as this engine would find it."""
        return ResolvedModel(
            name=name,
            engine="fake",
            revision="fake-1",
            dtype="float32",
            folder=folder,
            context_length=context_length,
            abilities=frozenset(abilities),
            device="cpu",
        )

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | Failure]]:
        """Answer by the rule, in order."""
        self._remember(requests)
        for index, request in enumerate(requests):
            if self.journal.stopping:
                return
            yield index, self._too_long(request) or self._generated(request)

    def score(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | Failure]]:
        """Choose by the log-probabilities; the first of equals wins."""
        self._remember(requests)
        for index, request in enumerate(requests):
            if self.journal.stopping:
                return
            yield index, self._too_long(request) or self._chosen(request)

    def ask(self, request: Request, *, timeout_s: float) -> Completion | Failure:
        """Answer by the rule, in the caller's thread.

        Raises:
            TimeoutError: no time is left.
        """
        if timeout_s <= 0:
            raise TimeoutError
        self._remember([request])
        answered = self._generated if request.choices is None else self._chosen
        return self._too_long(request) or answered(request)

    def check(self) -> None:
        """Remember that it was called; it always answers."""
        self.checks += 1

    def close(self) -> None:
        """Remember that the engine was closed."""
        self.closed = True

    def _remember(self, requests: Sequence[Request]) -> None:
        if requests:
            self.requests.extend(requests)
            self.batches.append(tuple(requests))

    def _too_long(self, request: Request) -> Failure | None:
        limit = self.model.context_length
        needed = _prompt_tokens(request) + request.max_tokens
        if not limit or needed <= limit:
            return None
        return Failure(reason=f"{needed} tokens are over the limit of {limit}", kind="prompt")

    def _generated(self, request: Request) -> Completion | Failure:
        answer = self._rule(request)
        if not isinstance(answer, str):
            return answer
        words = _WORD.findall(answer)
        text = answer if len(words) <= request.max_tokens else "".join(words[: request.max_tokens])
        cuts = [text.index(stop) for stop in request.stop if stop in text]
        return Completion(
            text=text[: min(cuts)] if cuts else text,
            finish_reason="length" if text != answer and not cuts else "stop",
            prompt_tokens=_prompt_tokens(request),
            completion_tokens=min(len(words), request.max_tokens),
        )

    def _chosen(self, request: Request) -> Completion | Failure:
        choices = request.choices or ()
        try:
            logprobs = tuple(self._logprobs(request))
        except _Refused as refused:
            return refused.failure
        return Completion(
            text=choices[logprobs.index(max(logprobs))],
            finish_reason="choice",
            prompt_tokens=_prompt_tokens(request),
            completion_tokens=sum(len(choice.split()) for choice in choices),
            logprobs=logprobs,
        )

    def _likeliest(self, request: Request) -> list[float]:
        answer = self._rule(request)
        if isinstance(answer, Failure):
            raise _Refused(answer)
        picked = answer if isinstance(answer, str) else answer.text
        choices = request.choices or ()
        if picked not in choices or len(choices) == 1:
            return [-math.log(len(choices))] * len(choices)
        rest = math.log((1 - _CHOSEN) / (len(choices) - 1))
        return [math.log(_CHOSEN) if choice == picked else rest for choice in choices]


class _Refused(Exception):
    """Carries the Failure of a rule out of the search for the likeliest choice."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def _prompt_tokens(request: Request) -> int:
    """Words of all turns, and one for each turn's role."""
    return sum(1 + len(message.content.split()) for message in request.messages)
