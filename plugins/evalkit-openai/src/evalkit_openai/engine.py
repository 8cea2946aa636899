"""The engine: requests in, completions out, many at a time."""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import Any, TypeAlias

from evalkit import (
    Completion,
    Engine,
    EngineError,
    Failure,
    LocalWeights,
    ModelError,
    Request,
    ResolvedModel,
)
from evalkit_openai.answer import completion_of
from evalkit_openai.batch import Batch
from evalkit_openai.body import chat_body
from evalkit_openai.choices import weigh
from evalkit_openai.endpoint import Endpoint
from evalkit_openai.keys import read_keys
from evalkit_openai.loop import Loop, Put
from evalkit_openai.pace import Clock
from evalkit_openai.params import OpenAIParams

Answer: TypeAlias = Completion | Failure
Ask: TypeAlias = Callable[[Batch, Request], Awaitable[Answer]]
Item: TypeAlias = tuple[int, Answer] | str
"""An answer with the index of its request, or a line for the user."""


class OpenAIEngine(Engine):
    """Asks a model behind an OpenAI-compatible endpoint."""

    params: OpenAIParams

    def __init__(
        self, model: ResolvedModel, params: OpenAIParams, clock: Clock | None = None
    ) -> None:
        """Nothing is sent yet.

        Args:
            model: what the resolver made.
            params: what the suite says.
            clock: the time, for tests.
        """
        super().__init__(model, params)
        self._clock = clock or Clock()
        self._lock = threading.Lock()  # what begins a batch, and what ends all
        self._loop = Loop()
        self._endpoint: Endpoint | None = None

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
        """Answer requests, up to ``max-connections`` of them at a time.

        Raises:
            EngineError: the endpoint refuses the key or the model, or is gone.
        """
        yield from self._answer(requests, self._complete)

    def score(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
        """Answer requests with choices, by what ``logprobs`` says the endpoint can do.

        Raises:
            EngineError: as for `generate`.
        """
        yield from self._answer(requests, self._weigh)

    def close(self) -> None:
        """Close all connections and end the thread."""
        with self._lock:
            endpoint, self._endpoint = self._endpoint, None
            self._loop.close(endpoint.close if endpoint is not None else None)

    def _answer(self, requests: Sequence[Request], ask: Ask) -> Iterator[tuple[int, Answer]]:
        if not requests:
            return
        with self._lock:
            endpoint = self._ready()

            def serve(put: Put[Item]) -> Coroutine[Any, Any, None]:
                return self._serve(endpoint, requests, ask, put)

            items = self._loop.stream(serve)
        try:
            for item in items:
                if isinstance(item, str):
                    self.journal.notice(item)
                else:
                    yield item
        except CancelledError:
            where = f"{self.params.model} at {self.params.base_url}"
            raise EngineError(f"{where}: the engine was closed while it was asked") from None

    def _ready(self) -> Endpoint:
        """The endpoint, with the keys of the process that asks."""
        if self._endpoint is None:
            try:
                keys = read_keys(self.params)
            except ModelError as error:
                raise EngineError(error.message, error.hint) from None
            self._endpoint = Endpoint(self.params, keys, self._clock)
        return self._endpoint

    async def _serve(
        self, endpoint: Endpoint, requests: Sequence[Request], ask: Ask, put: Put[Item]
    ) -> None:
        """Let as many workers as there may be connections take one request after another."""
        waiting = deque(enumerate(requests))
        faults: list[EngineError] = []

        async def work(batch: Batch) -> None:
            while waiting and not faults:
                index, request = waiting.popleft()
                try:
                    put((index, await ask(batch, request)))
                except EngineError as error:
                    faults.append(error)

        # What is under way when the endpoint is given up may still be answered, and was paid for.
        count = min(self.params.max_connections, len(requests))
        with Batch(endpoint, put) as batch:
            workers = [asyncio.ensure_future(work(batch)) for _ in range(count)]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
        if faults:
            raise faults[0]

    async def _complete(self, batch: Batch, request: Request) -> Answer:
        if isinstance(request.weights, LocalWeights):
            return Failure(reason="an endpoint cannot apply local weights", kind="engine")
        return await batch.ask(
            chat_body(request, self.params),
            lambda data, latency: completion_of(data, request, latency, self.params.context_length),
        )

    async def _weigh(self, batch: Batch, request: Request) -> Answer:
        if isinstance(request.weights, LocalWeights):
            return Failure(reason="an endpoint cannot apply local weights", kind="engine")
        return await weigh(batch, request, self.params)
