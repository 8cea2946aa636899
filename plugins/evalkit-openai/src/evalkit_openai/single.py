"""One request, sent at once and once, as for a user who waits for its answer.

Batches share connections, wait for what the endpoint's limits allow and ask again. Whoever measures
how long a user waits wants nothing of that: here every request has a connection to itself.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, TypeAlias, TypeVar

import httpx

from evalkit import Failure
from evalkit_openai.batch import Batch, Reader
from evalkit_openai.body import encode
from evalkit_openai.endpoint import client_options, network_fault, reply_of, without_secrets
from evalkit_openai.keys import Keys
from evalkit_openai.pace import Clock
from evalkit_openai.params import OpenAIParams
from evalkit_openai.reply import Again, Gone, TooLong, context_failure, read

T = TypeVar("T")


class Single:
    """Asks one request at a time for each caller. All methods belong to one event loop."""

    def __init__(self, params: OpenAIParams, keys: Keys, clock: Clock) -> None:
        """Nothing is sent yet."""
        self._params = params
        self._keys = keys
        self._clock = clock
        alone = {"limits": httpx.Limits(max_connections=None), "timeout": None}
        self._client = httpx.AsyncClient(**{**client_options(params, keys), **alone})
        self._until_closed = ExitStack()
        self._until_closed.enter_context(keys.hidden_in_logs())

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
        self._until_closed.close()

    async def ask(self, body: Mapping[str, Any], reader: Reader[T]) -> T | Failure:
        """What `reader` makes of the reply to `body`, or why there is none."""
        started = self._clock.now()
        try:
            response = await self._client.post("/chat/completions", content=encode(body))
        except (httpx.RequestError, UnicodeError) as error:  # the latter for an odd host name
            failure = Failure(reason=network_fault(error), kind="engine")
            return without_secrets(failure, self._keys)
        reply = reply_of(response, self._keys, self._clock.now() - started)
        found = read(reply)
        if isinstance(found, Mapping):
            answer = reader(found, reply.latency_s)
            if not isinstance(answer, Again | TooLong):
                return without_secrets(answer, self._keys)
            found = answer
        if isinstance(found, TooLong):
            found = context_failure(found, self._params.context_length)
        elif isinstance(found, Again | Gone):
            found = Failure(reason=found.reason, kind="engine", hint=found.hint)
        return without_secrets(found, self._keys)


Asker: TypeAlias = Batch | Single
