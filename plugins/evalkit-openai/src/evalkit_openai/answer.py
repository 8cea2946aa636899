"""An endpoint's JSON as a Completion."""

from typing import Any, Literal, TypeAlias

from evalkit import Attempt, Completion, Failure, Request
from evalkit_openai.reply import Again, Data, TooLong

FinishReason: TypeAlias = Literal["stop", "length", "refusal"]

_BEYOND = 10**12
"""No reply has as many tokens."""


def completion_of(
    data: Data, request: Request, latency_s: float, context_length: int
) -> Completion | Again | TooLong | Failure:
    """The answer to a request, cut at its stop texts; Again if there is none.

    Some endpoints lower the token limit in silence where the context has not the room. Local
    engines refuse such a request, and so does this one if `context_length` is known (not 0).
    """
    choice = only_choice(data)
    if isinstance(choice, Again):
        return choice
    message = choice.get("message")
    reason = choice.get("finish_reason")
    if not isinstance(message, dict) or reason in ("error", "abort"):
        return Again(reason=f"a choice without an answer, finish_reason {reason!r}")
    refusal, content = message.get("refusal"), message.get("content")
    text = _text(content if content is not None else refusal or "")
    if text is None:  # asked again it would be no other, and paid for
        return Failure(reason=f"content is {type(content).__name__}, not a text", kind="engine")
    ends = [text.index(stop) for stop in request.stop if stop and stop in text]
    refused = bool(refusal) or content is None or reason == "content_filter"
    finish: FinishReason = "refusal" if refused else "stop"
    if reason == "length" and not ends:
        finish = "length"
    prompt, completion, cached = usage(data)
    if 0 < context_length < prompt + request.max_tokens:
        return TooLong(reason=f"{prompt} tokens and {request.max_tokens} for the answer")
    return Completion(
        text=text[: min(ends)] if ends else text,
        finish_reason=finish,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=cached,
        latency_s=latency_s,
    )


def only_choice(data: Data) -> dict[str, Any] | Again:
    """The one choice that was asked for; Again if there is none, or two claim its place."""
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices:
        return Again(reason="the reply has no choices")
    first = [c for c in choices if isinstance(c, dict) and c.get("index", 0) == 0]
    if len(first) != 1:
        return Again(reason=f"one choice was asked for, {len(choices)} came")
    return first[0]


def attempt_of(outcome: str, seconds: float, data: Data | None = None) -> Attempt:
    """The entry of an attempt in the ledger, with the tokens that its reply tells."""
    prompt, completion, cached = usage(data or {})
    return Attempt(
        outcome=outcome,
        seconds=seconds,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=cached,
    )


def _text(content: Any) -> str | None:
    """The text, also of a list of parts, of which some may be no texts; None if there is none."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else None
    parts = [part.get("text") for part in content if isinstance(part, dict)]
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if texts else None


def usage(data: Data) -> tuple[int, int, int]:
    """Tokens of the prompt, of the answer, and of the prompt that were cached; 0 if unknown."""
    told = data.get("usage")
    told = told if isinstance(told, dict) else {}
    details = told.get("prompt_tokens_details")
    details = details if isinstance(details, dict) else {}
    prompt = _count(told.get("prompt_tokens"))
    cached = min(prompt, _count(details.get("cached_tokens")))
    return prompt, _count(told.get("completion_tokens")), cached


def _count(value: Any) -> int:
    return value if type(value) is int and 0 < value < _BEYOND else 0
