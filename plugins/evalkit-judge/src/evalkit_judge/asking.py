"""How the judge is asked, and how its answer is read.

A verdict is exactly ``A``, ``B`` or ``TIE``. Everything else is a status that names the
failure; it is never taken for a tie. Several verdicts on one question, sampled and averaged,
are self-consistency (Wang et al. 2022, https://arxiv.org/abs/2203.11171).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evalkit import Completion, EngineError, Json, Message, Request, Steps
from evalkit_judge.prompt import LABELS, Label, Mode, messages

Status: TypeAlias = Literal["ok", "auto_tie", "parse_error", "refusal", "truncated", "api_error"]
"""How a question ended; the first two hold a verdict."""

_RETRIES = 2
_RETRY_TEMPERATURE = 0.7
_CHOICE_TOKENS = 8
_MAX_RATIONALE = 800


class _Written(BaseModel):
    """A written verdict, as the schema below demands it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    rationale: str = Field(max_length=_MAX_RATIONALE)
    verdict: Label


SCHEMA: Mapping[str, Json] = {
    "type": "object",
    "properties": {
        "rationale": {"type": "string", "maxLength": _MAX_RATIONALE},
        "verdict": {"type": "string", "enum": list(LABELS)},
    },
    "required": ["rationale", "verdict"],
    "additionalProperties": False,
}
"""JSON schema of a written verdict: the reason stands before the verdict that follows from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was read out of the judge's answer.

    Attributes:
        status: how the question ended.
        label: the verdict; None without one.
        extra: what else is kept: ``rationale``, ``probabilities`` or the unreadable ``text``.
    """

    status: Status
    label: Label | None = None
    extra: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How a judge is asked.

    Attributes:
        mode: written JSON, or the likeliest of three words.
        enforce: whether the judge's engine can enforce the schema of written JSON; where it
            cannot, the prompt asks for it and what comes is checked here.
        system: the part of the prompt that all questions share.
        temperature: of written verdicts.
        max_tokens: the most tokens of a written verdict.
        seed: of the sampling.
        votes: how often each question is asked.
    """

    mode: Mode
    enforce: bool
    system: str
    temperature: float
    max_tokens: int
    seed: int
    votes: int = 1

    def steps(self, given: str, first: str, second: str, *, vote: int = 0) -> Steps[Answer]:
        """Ask which of two answers to an input is better.

        Asks up to twice more if no answer comes, or a written verdict cannot be read.

        Args:
            given: the rendered input.
            first: the canonical answer that is shown as A.
            second: the one that is shown as B.
            vote: number of the vote; each is sampled by a seed of its own.

        Raises:
            EngineError: no answer came to the last attempt.
        """
        chat = messages(self.system, given, first, second)
        answer = Answer(status="api_error", extra={})
        unread = 0
        for attempt in range(1 + _RETRIES):
            try:
                completion = yield self._request(chat, vote=vote, unread=unread)
            except EngineError:
                if attempt == _RETRIES:
                    raise
                continue
            if self.mode == "choices":
                return read_choice(completion)  # another attempt would choose the same
            answer = read_written(completion)
            if answer.label is not None:
                break
            unread += 1
        return answer

    def _request(self, chat: tuple[Message, ...], *, vote: int, unread: int) -> Request:
        """A greedy answer would come out the same again, so it is sampled if it was unreadable."""
        if self.mode == "choices":
            return Request(messages=chat, max_tokens=_CHOICE_TOKENS, choices=LABELS)
        temperature = max(self.temperature, _RETRY_TEMPERATURE) if unread else self.temperature
        return Request(
            messages=chat,
            max_tokens=self.max_tokens,
            temperature=temperature,
            seed=self.seed + (1 + _RETRIES) * vote + unread if temperature else None,
            schema=SCHEMA if self.enforce else None,
        )


def read_written(completion: Completion) -> Answer:
    """A verdict written as JSON; words around the object are ignored."""
    text = completion.text
    try:
        written = _Written.model_validate_json(text[text.find("{") : text.rfind("}") + 1])
    except ValidationError:
        return Answer(status=_why_unreadable(completion), extra={"text": text[:_MAX_RATIONALE]})
    return Answer(status="ok", label=written.verdict, extra={"rationale": written.rationale})


def read_choice(completion: Completion) -> Answer:
    """The likeliest of the three labels, with the probabilities of all where they are known."""
    for label in LABELS:
        if completion.text == label:
            return Answer(status="ok", label=label, extra=_probabilities(completion.logprobs))
    text = completion.text[:_MAX_RATIONALE]
    return Answer(status=_why_unreadable(completion), extra={"text": text})


def _why_unreadable(completion: Completion) -> Status:
    if completion.finish_reason == "refusal":
        return "refusal"
    return "truncated" if completion.finish_reason == "length" else "parse_error"


def _probabilities(logprobs: Sequence[float] | None) -> Mapping[str, Json]:
    """The labels' probabilities among themselves; empty if the engine gave none."""
    if logprobs is None or not math.isfinite(max(logprobs)):
        return {}
    weights = [math.exp(logprob - max(logprobs)) for logprob in logprobs]
    total = sum(weights)
    shares: dict[str, Json] = {label: w / total for label, w in zip(LABELS, weights, strict=True)}
    return {"probabilities": shares}
