"""One endpoint, whatever is asked of it: connections, pace and health, over all batches."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import httpx

from evalkit import Completion, EngineError, Failure
from evalkit_openai.health import Health
from evalkit_openai.keys import Keys
from evalkit_openai.pace import Clock, Pace
from evalkit_openai.params import OpenAIParams
from evalkit_openai.reply import Again, Reply

T = TypeVar("T")


class Asking(Protocol):
    """Whoever asks an endpoint, as `evalkit_openai.batch` does."""

    @property
    def tell(self) -> Callable[[str], None]:
        """Tells the user something in a line."""

    def end(self, gone: EngineError) -> None:
        """Send nothing more."""


class Endpoint:
    """What all batches share. All methods but the first belong to one event loop.

    Attributes:
        params: what the suite says.
        clock: the time.
        pace: when the next request may go out.
        health: what became of the requests so far.
        batches: those under way.
    """

    def __init__(self, params: OpenAIParams, keys: Keys, clock: Clock) -> None:
        """Nothing is sent before the first question."""
        self.params = params
        self.clock = clock
        self._repeated = 0
        self.pace = Pace(params.max_connections, clock, self._tell)
        self.health = Health(params.max_connections)
        self.batches: set[Asking] = set()
        self._keys = keys
        self._client = httpx.AsyncClient(**client_options(params, keys))
        self._until_closed = ExitStack()
        self._until_closed.enter_context(keys.hidden_in_logs())

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
        self._until_closed.close()

    async def send(self, payload: bytes, patience_s: float) -> Reply | Again:
        """Send once, and take the whole reply."""
        return await self._exchange("POST", "/chat/completions", payload, patience_s)

    async def models(self, patience_s: float) -> Reply | Again:
        """The list of the models that are served there."""
        return await self._exchange("GET", "/models", None, patience_s)

    async def _exchange(
        self, method: str, path: str, content: bytes | None, patience_s: float
    ) -> Reply | Again:
        started = self.clock.now()
        try:
            async with asyncio.timeout(min(self.params.timeout, patience_s)):
                response = await self._client.request(method, path, content=content)
        except TimeoutError:
            hint = "raise timeout if answers take so long"
            return Again(reason="no answer in time", hint=hint, outcome="timeout")
        except (httpx.RequestError, UnicodeError) as error:  # the latter for an odd host name
            return Again(reason=self.hidden(network_fault(error)), outcome="network")
        return reply_of(response, self._keys, self.clock.now() - started)

    def may_repeat(self) -> bool:
        """Whether one more request may be sent again; counts it, and tells when it is the last."""
        most = self.params.retries
        if most == "unlimited" or self._repeated < most:
            self._repeated += 1
            if self._repeated == most:
                self._tell(f"{most} attempts were repeated, as many as retries allows")
            return True
        return False

    def give_up(self, reason: str, hint: str) -> EngineError:
        """End all batches with the error that is returned; later ones begin anew."""
        hide = self.hidden
        where = f"{self.params.model} at {self.params.base_url}"
        hint = hint or "is the endpoint up, and does it generate?"
        gone = EngineError(hide(f"{where}: {reason}"), hide(hint))
        self.health.renew()
        for batch in self.batches:
            batch.end(gone)
        return gone

    def hidden(self, text: str) -> str:
        """The text without secrets."""
        return self._keys.hide(text)

    def shown(self, outcome: T) -> T:
        """The outcome without secrets, which an endpoint may echo."""
        return without_secrets(outcome, self._keys)

    def _tell(self, text: str) -> None:
        for batch in self.batches:
            batch.tell(text)


def client_options(params: OpenAIParams, keys: Keys) -> dict[str, Any]:
    """What both clients, for resolving and for asking, are made with.

    Redirects are not followed, for they might lead a key to another host; and no proxy comes
    between this machine and itself.
    """
    headers = {"Content-Type": "application/json", "Accept": "application/json", **keys.headers}
    most = params.max_connections
    return {
        "base_url": params.base_url,
        "headers": headers,
        "timeout": httpx.Timeout(params.timeout, pool=None),
        "limits": httpx.Limits(max_connections=most, max_keepalive_connections=most),
        "trust_env": not params.is_local,
    }


def reply_of(response: httpx.Response, keys: Keys, latency_s: float = 0.0) -> Reply:
    """What of a response matters; secrets are hidden before a part of one can be quoted."""
    return Reply(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        text=keys.hide(response.content.decode("utf-8", errors="replace")),
        latency_s=latency_s,
    )


def without_secrets(outcome: T, keys: Keys) -> T:
    """A Failure or a Completion in which every secret is replaced by a mark."""
    if isinstance(outcome, Failure):
        return replace(outcome, reason=keys.hide(outcome.reason), hint=keys.hide(outcome.hint))
    if isinstance(outcome, Completion):
        return replace(outcome, text=keys.hide(outcome.text))
    return outcome


def network_fault(error: Exception) -> str:
    """What happened on the way, in a few words."""
    what = str(error) or type(error).__name__
    return f"network: {what}"
