"""Sees, before the first job, that an endpoint answers: by one tiny question to the model.

A server may list its models while nothing can be generated. The list is asked for only where the
model is unknown, to name those that there are.
"""

import difflib
import re
from collections.abc import Callable, Mapping

from evalkit import Attempt, Failure, Message, ModelError, Request
from evalkit_openai.answer import attempt_of, completion_of
from evalkit_openai.body import chat_body, encode
from evalkit_openai.endpoint import Endpoint
from evalkit_openai.params import OpenAIParams
from evalkit_openai.reply import Again, Fault, Gone, outcome_of, read

QUESTION = Request(messages=(Message("user", "Hi."),), max_tokens=16)
"""It is asked as every other request is, so that what the endpoint refuses is found out. Some
endpoints refuse limits of fewer tokens."""

_TRIES = 3
_PAUSE_S = 1.0
_PATIENCE_S = 120.0
"""A model that is not loaded yet may take so long."""

_CUT = re.compile(r"limit was reached", re.IGNORECASE)
"""So OpenAI refuses a question over which a model has thought until no token was left."""


async def check_endpoint(endpoint: Endpoint, tell: Callable[[Attempt], None]) -> None:
    """Ask an endpoint one tiny question; what may pass is tried again.

    A limit of the rate is a sign of life, and left to the run.

    Args:
        endpoint: the endpoint.
        tell: gets every attempt.

    Raises:
        ModelError: it does not answer, or refuses the key, the model or the question.
    """
    params = endpoint.params
    fault = await _ask(endpoint, tell)
    for pause in range(1, _TRIES):
        if not isinstance(fault, Again) or fault.outcome in ("429", "timeout"):
            break
        await endpoint.clock.sleep(pause * _PAUSE_S)
        fault = await _ask(endpoint, tell)
    if fault is None or _is_alive(fault):
        return
    what, hint = _told(fault, params)
    if isinstance(fault, Gone) and fault.of_model:
        what = f'no model "{params.model}" there: {fault.reason}'
        hint = _suggestion(params.model, await _names(endpoint))
    raise ModelError(endpoint.hidden(f"{params.base_url}: {what}"), endpoint.hidden(hint))


def _is_alive(fault: Fault) -> bool:
    """Whether so speaks a model that answers."""
    limited = isinstance(fault, Again) and fault.outcome == "429"
    return limited or (isinstance(fault, Failure) and bool(_CUT.search(fault.reason)))


async def _ask(endpoint: Endpoint, tell: Callable[[Attempt], None]) -> Fault | None:
    """What was wrong with the answer; None if there is one, whatever it says."""
    began = endpoint.clock.now()
    reply = await endpoint.send(encode(chat_body(QUESTION, endpoint.params)), _PATIENCE_S)
    seconds = endpoint.clock.now() - began
    if isinstance(reply, Again):
        tell(attempt_of(reply.outcome, seconds))
        return reply
    found = read(reply)
    if not isinstance(found, Mapping):
        tell(attempt_of(outcome_of(reply, found), seconds))
        return found
    answer = completion_of(found, QUESTION, seconds, context_length=0)
    outcome = answer.outcome if isinstance(answer, Again) else "answered"
    tell(attempt_of(outcome, seconds, found))
    return answer if isinstance(answer, Again) else None


def _told(fault: Fault, params: OpenAIParams) -> tuple[str, str]:
    """A fault, and what to do about it, in words."""
    hint = getattr(fault, "hint", "")
    if isinstance(fault, Gone):
        return fault.reason, hint
    if not isinstance(fault, Again):
        return f'"{params.model}" refuses a plain question: {fault.reason}', hint
    if fault.outcome in ("network", "timeout"):
        other = f"start the server, or correct base-url; {hint}".removesuffix("; ")
        return f"no endpoint answers there: {fault.reason}", other
    if fault.outcome == "unreadable":
        return f"no OpenAI-compatible endpoint: {fault.reason}", hint
    other = "the endpoint is there, but generates nothing: see its log, or try again later"
    return f'"{params.model}" does not answer: {fault.reason}', other


async def _names(endpoint: Endpoint) -> list[str]:
    """The names of the models that the endpoint lists; empty if it lists none."""
    reply = await endpoint.models(_PATIENCE_S)
    data = reply if isinstance(reply, Again) else read(reply)
    entries = data.get("data") if isinstance(data, Mapping) else None
    entries = entries if isinstance(entries, list) else []
    return [str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry]


def _suggestion(model: str, names: list[str]) -> str:
    """What the model may be called."""
    if not names:
        return "correct model, or base-url: most end in /v1"
    close = difflib.get_close_matches(model, names, n=1)
    meant = f'did you mean "{close[0]}"?  ' if close else ""
    shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    return f"{meant}served there: {shown}"
