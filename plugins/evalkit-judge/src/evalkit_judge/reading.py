"""How a judge's answer is read.

A verdict is exactly ``A``, ``B`` or ``TIE``. Everything else is a status that names the
failure; it is never taken for a tie. An answer that could be read in two ways has no verdict:
a candidate may have written JSON of its own, which a judge that thinks aloud repeats.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evalkit import Completion, Json
from evalkit_judge.prompt import LABELS, Label

Status: TypeAlias = Literal["ok", "auto_tie", "parse_error", "refusal", "truncated", "api_error"]
"""How a question ended; the first two hold a verdict."""

_MAX_RATIONALE = 800
_OPENING, _CLOSING = "<think>", "</think>"
_MORE = ("{", "}", '"verdict"')
"""What words around a verdict do not hold, unless there is another one, perhaps cut off."""


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


def read_written(completion: Completion, shown: Sequence[str] = ()) -> Answer:
    """A verdict written as the only JSON object of the answer; words around it are ignored.

    What a reasoning model thinks first, up to ``</think>``, is no part of its answer. There is no
    verdict in thoughts that do not end, in several objects or the beginning of another one, in one
    with a key twice, or in one that stands in what the judge was shown.

    Args:
        completion: the judge's answer.
        shown: the input and the candidates' answers.
    """
    said = _after_thinking(completion.text)
    found = said[said.find("{") : said.rfind("}") + 1]
    around = said.replace(found, "", 1)
    written = None if any(mark in around for mark in _MORE) else _verdict_in(found)
    if written is None or _is_echo(found, shown):
        return _unreadable(completion)
    return Answer(status="ok", label=written.verdict, extra={"rationale": written.rationale})


def read_choice(completion: Completion) -> Answer:
    """The likeliest of the three labels, with the probabilities of all where they are known."""
    for label in LABELS:
        if completion.text == label:
            return Answer(status="ok", label=label, extra=_probabilities(completion.logprobs))
    return _unreadable(completion)


def _after_thinking(text: str) -> str:
    """What follows the thoughts; empty if one cannot tell where they end.

    Some chat templates open the thoughts themselves, so that an answer only closes them.
    """
    thoughts, closed, said = text.partition(_CLOSING)
    if not closed:
        said = text
    elif _OPENING in thoughts.lstrip().removeprefix(_OPENING):
        return ""
    return "" if _OPENING in said or _CLOSING in said else said


def _verdict_in(text: str) -> _Written | None:
    try:
        written = _Written.model_validate_json(text)
    except ValidationError:
        return None
    pairs = json.loads(text, object_pairs_hook=list)
    return written if len(pairs) == len(_Written.model_fields) else None


def _is_echo(found: str, shown: Sequence[str]) -> bool:
    """Whether the object stands in one of the texts, white space aside."""
    wanted = "".join(found.split())
    return any(wanted in "".join(text.split()) for text in shown if "verdict" in text)


def _unreadable(completion: Completion) -> Answer:
    status: Status = "parse_error"
    if completion.finish_reason == "refusal":
        status = "refusal"
    elif completion.finish_reason == "length":
        status = "truncated"
    return Answer(status=status, extra={"text": completion.text[:_MAX_RATIONALE]})


def _probabilities(logprobs: Sequence[float] | None) -> Mapping[str, Json]:
    """The labels' probabilities among themselves; empty if the engine gave none."""
    if logprobs is None or not math.isfinite(max(logprobs)):
        return {}
    weights = [math.exp(logprob - max(logprobs)) for logprob in logprobs]
    total = sum(weights)
    shares: dict[str, Json] = {label: w / total for label, w in zip(LABELS, weights, strict=True)}
    return {"probabilities": shares}
