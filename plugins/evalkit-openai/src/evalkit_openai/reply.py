"""What comes back: a reply as JSON with an answer, or by class what is wrong with it.

A fault of the endpoint is worth asking again; a fault of the request is not; where the key, the
model or the account is at fault, no request has a chance. Source of the classes: the error codes
of OpenAI, https://platform.openai.com/docs/guides/error-codes, and what vLLM and proxies do.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from evalkit import Failure

Data: TypeAlias = Mapping[str, Any]

_CONTEXT = re.compile(
    r"context.?length|context.?window|context.?size|maximum context|max_model_len"
    r"|prompt (?:is|was) too long|(?:too many|reduce the number of) (?:input )?tokens",
    re.IGNORECASE,
)
_ERROR_STATUS = re.compile(r"[45][0-9]{2}")
_NO_MONEY = {"insufficient_quota", "billing_hard_limit_reached", "insufficient_credits"}
_STATUS_OF_CODE = {
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "model_not_found": 404,
    "invalid_api_key": 401,
    "context_length_exceeded": 400,
    "invalid_request_error": 400,
}
_LONGEST = 300
"""Characters of an endpoint's own words that a reason quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an endpoint sent back.

    Attributes:
        status: the HTTP status.
        headers: names in lower case.
        text: the body.
        latency_s: seconds from the first byte sent to the last one received.
    """

    status: int
    headers: Mapping[str, str]
    text: str
    latency_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """No answer, but asking again may help.

    Attributes:
        reason: what was wrong.
        hint: what to do if it stays so.
        last: whether nothing was sent, and there is no time left to do so.
        outcome: the same in a word or two, for the ledger.
    """

    reason: str
    hint: str = ""
    last: bool = False
    outcome: str = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """No answer, and none to this request's like: the key, the model or the account is at fault.

    Attributes:
        reason: what was wrong.
        hint: what to do about it.
        of_model: whether it concerns one model, not the endpoint.
    """

    reason: str
    hint: str
    of_model: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLong:
    """The prompt does not fit into the model's context.

    Attributes:
        reason: the endpoint's own words.
    """

    reason: str


Fault: TypeAlias = Again | Gone | TooLong | Failure


def read(reply: Reply) -> Data | Fault:
    """The reply's JSON object, or what is wrong."""
    data = _parsed(reply.text)
    if not 200 <= reply.status < 300:
        message, code = _details(data, reply.text)
        return _fault(reply.status, message, code)
    if not isinstance(data, dict):
        return Again(
            reason=f"status {reply.status}, but no JSON object: {_quote(reply.text)}",
            hint="does base-url end where /chat/completions begins? most end in /v1",
        )
    if data.get("error"):
        message, code = _details(data, reply.text)
        return _fault(_status_of(code), message, code)
    return data


def outcome_of(reply: Reply, found: Data | Fault) -> str:
    """What a reply was, in a word or two for the ledger."""
    if isinstance(found, Again):
        return found.outcome
    if isinstance(found, Gone | TooLong | Failure):
        return "error" if 200 <= reply.status < 300 else str(reply.status)
    return "answered"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _details(data: Any, text: str) -> tuple[str, str]:
    """The endpoint's message and its code, wherever it put them."""
    error = data.get("error", data) if isinstance(data, dict) else None
    if isinstance(error, str):
        return _quote(error), ""
    if not isinstance(error, dict):
        return _quote(text), ""
    message = error.get("message") or error.get("detail") or text
    codes = [error.get("code"), error.get("type")]
    known = [str(code) for code in codes if code is not None]
    return _quote(message if isinstance(message, str) else json.dumps(message)), " ".join(known)


def _quote(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split()) or "nothing"
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "..."


def _status_of(code: str) -> int:
    """The status that an error sent with status 200 should have had."""
    for word in code.split():
        if _ERROR_STATUS.fullmatch(word):
            return int(word)
        if word in _STATUS_OF_CODE:
            return _STATUS_OF_CODE[word]
    return 500


def _fault(status: int, message: str, code: str) -> Fault:
    """By class, what an error means."""
    reason = f"status {status}: {message}"
    if status == 402 or not _NO_MONEY.isdisjoint(code.split()):
        return Gone(reason=reason, hint="the account has no credit left: see the provider's pages")
    if status == 401:
        return Gone(reason=reason, hint="the key was refused: api-key-env names its variable")
    if status == 404 or "model_not_found" in code.split():
        hint = "no such model, or no such address: correct model or base-url"
        return Gone(reason=reason, hint=hint, of_model=True)
    if status in (408, 409, 425, 429) or status >= 500:
        hint = "ask less at a time: lower max-connections" if status == 429 else ""
        return Again(reason=reason, hint=hint, outcome=str(status))
    if status < 400:
        hint = "write the address that it points to into base-url"
        return Gone(reason=f"status {status}: a redirect", hint=hint)
    if "context_length_exceeded" in code or _CONTEXT.search(message):
        return TooLong(reason=message)
    return Failure(reason=reason, kind="engine", hint=_advice(status, message))


def _advice(status: int, message: str) -> str:
    """What to do about a request that the endpoint refuses."""
    if "max_completion_tokens" in message:
        return 'set max-tokens-key = "max_completion_tokens"'
    if re.search(r"system.{0,20}(?:role|message)|role.{0,20}system", message, re.IGNORECASE):
        return "set fold-system = true"
    if re.search(r"response_format|json_schema|schema", message):
        return 'set structured = "off" if the endpoint cannot follow a schema'
    for key in ("temperature", "seed", "stop"):
        if re.search(rf"\b{key}\b", message):
            return f'set omit = ["{key}"] if the endpoint refuses it'
    return "the key lacks a permission" if status == 403 else ""


def context_failure(fault: TooLong, context_length: int) -> Failure:
    """The Failure for a prompt that is too long, which names the limit."""
    limit = f" of {context_length} tokens" if context_length else ""
    return Failure(
        reason=f"prompt and answer exceed the model's context{limit}: {fault.reason}",
        kind="prompt",
        hint="shorten the prompt, or lower max-tokens",
    )
