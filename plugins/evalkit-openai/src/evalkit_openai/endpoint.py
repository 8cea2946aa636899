"""One endpoint: sends bodies, awaits answers, asks again where that may help.

Waits between attempts are drawn with full jitter, see M. Brooker, "Exponential backoff and
jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import httpx

from evalkit import Completion, EngineError, Failure
from evalkit_openai.body import encode
from evalkit_openai.keys import Keys
from evalkit_openai.pace import Clock, Pace, WaitTooLongError
from evalkit_openai.params import OpenAIParams
from evalkit_openai.reply import Again, Data, Gone, Reply, TooLong, context_failure, read

T = TypeVar("T")
Reader = Callable[[Data, float], T | Again | TooLong | Failure]
"""Reads an answer out of a reply's JSON and its latency in seconds."""

LOST_IN_A_ROW = 5
"""So many requests without an answer, none in between with one, and the endpoint is given up."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 60.0
_CHARACTERS_OF_A_TOKEN = 4


@dataclass(slots=True)
class _Asked:
    """What became of one request so far: attempts, and when it was first sent."""

    attempts: int = 0
    started: float | None = None


class Endpoint:
    """Asks an endpoint. All methods belong to one event loop."""

    def __init__(self, params: OpenAIParams, keys: Keys, clock: Clock) -> None:
        """Nothing is sent before the first question."""
        self._params = params
        self._keys = keys
        self._clock = clock
        self._tell: Callable[[str], None] = lambda text: None
        self._pace = Pace(params.max_connections, clock, lambda text: self._tell(text))
        self._client = httpx.AsyncClient(**client_options(params, keys))
        self._gone: EngineError | None = None
        self._answered = False
        self._lost = 0

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def begin(self, tell: Callable[[str], None]) -> None:
        """Start a batch; `tell` gets lines for the user."""
        self._tell = tell
        self._gone = None
        self._lost = 0

    async def ask(self, body: Mapping[str, Any], reader: Reader[T]) -> T | Failure:
        """What `reader` makes of the reply to `body`, or why there is none.

        Raises:
            EngineError: no request has a chance.
        """
        payload = encode(body)
        tokens = len(payload) / _CHARACTERS_OF_A_TOKEN + body.get(self._params.max_tokens_key, 0)
        dice = random.Random(payload)  # the same request waits alike, others do otherwise
        asked = _Asked()
        while True:
            reply = await self._attempt(payload, tokens, asked)
            outcome = self._read(reply, reader, body)
            if not isinstance(outcome, Again):
                return outcome
            if self._gone is not None:
                raise self._gone
            wait = dice.uniform(0, min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (asked.attempts - 1)))
            exhausted = asked.attempts >= self._params.attempts or wait >= self._left(asked)
            if outcome.last or exhausted:
                return self._without(outcome, asked.attempts)
            await self._clock.sleep(wait)

    async def _attempt(self, payload: bytes, tokens: float, asked: _Asked) -> Reply | Again:
        """Send when the endpoint's limits allow it, once."""
        try:
            ticket = await self._pace.enter(tokens, self._left(asked))
        except WaitTooLongError as error:
            wait = f"the endpoint takes no request for {error.args[0]:.0f} s"
            return Again(reason=wait, hint="raise total-timeout, or try again later", last=True)
        if asked.started is None:
            asked.started = self._clock.now()
        asked.attempts += 1
        reply: Reply | Again | None = None
        try:
            reply = await self._send(payload, self._left(asked))
            return reply
        finally:
            await self._pace.leave(ticket, reply if isinstance(reply, Reply) else None)

    def _left(self, asked: _Asked) -> float:
        """Seconds that are left for a request; all of them before it was first sent."""
        gone = 0.0 if asked.started is None else self._clock.now() - asked.started
        return self._params.total_timeout - gone

    async def _send(self, payload: bytes, patience_s: float) -> Reply | Again:
        """Send once, and take the whole reply."""
        started = self._clock.now()
        try:
            async with asyncio.timeout(min(self._params.timeout, patience_s)):
                response = await self._client.post("/chat/completions", content=payload)
        except TimeoutError:
            hint = "raise timeout if answers take so long"
            return Again(reason="no answer in time", hint=hint)
        except httpx.RequestError as error:
            return Again(reason=network_fault(error))
        return reply_of(response, self._clock.now() - started)

    def _read(
        self, reply: Reply | Again, reader: Reader[T], body: Mapping[str, Any]
    ) -> T | Again | Failure:
        """An answer, a Failure, or Again; what it says of the endpoint is kept."""
        if isinstance(reply, Again):
            return reply
        found = read(reply)
        if isinstance(found, Again):
            return found
        if isinstance(found, Gone):
            if not (found.of_model and body["model"] != self._params.model):
                raise self._give_up(found.reason, found.hint)
            found = Failure(reason=found.reason, kind="engine", hint=found.hint)
        answer: T | Again | TooLong | Failure
        answer = found if isinstance(found, TooLong | Failure) else reader(found, reply.latency_s)
        if isinstance(answer, TooLong):
            return self._shown(context_failure(answer, self._params.context_length))
        if isinstance(answer, Failure):
            return self._refused(answer)
        if not isinstance(answer, Again):
            self._answered, self._lost = True, 0
        return self._shown(answer)

    def _refused(self, failure: Failure) -> Failure:
        """A request that the endpoint will not answer; it may be its first of many."""
        if not self._answered:
            self._count(failure.reason, failure.hint)
        return self._shown(failure)

    def _without(self, fault: Again, attempts: int) -> Failure:
        """A request that got no answer in the time and the attempts it has."""
        times = f", {attempts} attempts" if attempts > 1 else ""
        self._count(f"{fault.reason}{times}", fault.hint)
        return self._shown(Failure(reason=f"{fault.reason}{times}", kind="engine", hint=fault.hint))

    def _count(self, reason: str, hint: str) -> None:
        self._lost += 1
        if self._lost >= LOST_IN_A_ROW:
            raise self._give_up(f"{self._lost} requests in a row got no answer: {reason}", hint)

    def _give_up(self, reason: str, hint: str) -> EngineError:
        """The error that ends the engine; the first one counts."""
        hide = self._keys.hide
        where = f"{self._params.model} at {self._params.url}"
        hint = hint or "is the endpoint up, and does it generate?"
        self._gone = self._gone or EngineError(hide(f"{where}: {reason}"), hide(hint))
        return self._gone

    def _shown(self, outcome: T) -> T:
        """The outcome without secrets, which an endpoint may echo."""
        hide = self._keys.hide
        if isinstance(outcome, Failure):
            return replace(outcome, reason=hide(outcome.reason), hint=hide(outcome.hint))
        if isinstance(outcome, Completion):
            return replace(outcome, text=hide(outcome.text))
        return outcome


def client_options(params: OpenAIParams, keys: Keys) -> dict[str, Any]:
    """What both clients, for resolving and for asking, are made with.

    Redirects are not followed, for they might lead a key to another host; and no proxy comes
    between this machine and itself.
    """
    headers = {"Content-Type": "application/json", "Accept": "application/json", **keys.headers}
    most = params.max_connections
    return {
        "base_url": params.url,
        "headers": headers,
        "timeout": httpx.Timeout(params.timeout, pool=None),
        "limits": httpx.Limits(max_connections=most, max_keepalive_connections=most),
        "trust_env": not params.is_local,
    }


def reply_of(response: httpx.Response, latency_s: float = 0.0) -> Reply:
    """What of a response matters."""
    return Reply(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        text=response.content.decode("utf-8", errors="replace"),
        latency_s=latency_s,
    )


def network_fault(error: Exception) -> str:
    """What happened on the way, in a few words."""
    what = str(error) or type(error).__name__
    return f"network: {what}"
