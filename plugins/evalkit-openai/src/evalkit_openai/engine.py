"""The engine: requests in, completions out, many at a time."""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, TypeAlias

from evalkit import (
    Attempt,
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
from evalkit_openai.batch import Batch, StoppedError
from evalkit_openai.body import chat_body
from evalkit_openai.check import check_endpoint
from evalkit_openai.choices import weigh
from evalkit_openai.endpoint import Endpoint
from evalkit_openai.keys import Keys, read_keys
from evalkit_openai.loop import Loop, Outlet
from evalkit_openai.pace import Clock
from evalkit_openai.params import OpenAIParams
from evalkit_openai.single import Asker, Single

Answer: TypeAlias = Completion | Failure
Ask: TypeAlias = Callable[[Batch, Request], Awaitable[Answer]]
Item: TypeAlias = tuple[int, Answer] | Attempt | str
"""An answer with the index of its request, an attempt at one, or a line for the user."""


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
        self._single: Single | None = None

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

    def ask(self, request: Request, *, timeout_s: float) -> Answer:
        """Answer one request by one reply: nothing is paced, and nothing asked again.

        Where ``logprobs`` is ``prompt``, choices take several replies, one after another.

        Raises:
            TimeoutError: there was no whole answer in time.
            EngineError: the key is missing, or the engine was closed meanwhile.
        """

        async def answer(single: Single) -> Answer:
            async with asyncio.timeout(timeout_s):
                ask = self._complete if request.choices is None else self._weigh
                return await ask(single, request)

        with self._lock:
            if self._single is None:
                self._single = Single(self.params, self._keys(), self._clock)
            answered = self._loop.start(answer(self._single))
        try:
            return answered.result()
        except CancelledError:
            raise self._closed() from None

    def check(self) -> None:
        """Ask the model one tiny question, see `evalkit_openai.check`.

        Raises:
            ModelError: the key is missing, or the endpoint does not answer.
        """
        read_keys(self.params)
        with self._lock:
            endpoint = self._ready()

            def ask(outlet: Outlet[Attempt]) -> Coroutine[Any, Any, None]:
                return check_endpoint(endpoint, outlet.put)

            attempts = self._loop.stream(ask)
        for attempt in attempts:
            self.journal.attempt(attempt)

    def close(self) -> None:
        """Close all connections and end the thread."""
        with self._lock:
            opened = [one for one in (self._endpoint, self._single) if one is not None]
            self._endpoint = self._single = None

            async def finish() -> None:
                for one in opened:
                    await one.close()

            self._loop.close(finish)

    def _answer(self, requests: Sequence[Request], ask: Ask) -> Iterator[tuple[int, Answer]]:
        journal = self.journal
        if not requests or journal.stopping:
            return
        with self._lock:
            endpoint = self._ready()

            def serve(outlet: Outlet[Item]) -> Coroutine[Any, Any, None]:
                batch = Batch(endpoint, outlet.put, journal)
                workers = self.params.max_connections
                return _serve(batch, requests, ask=ask, outlet=outlet, workers=workers)

            items = self._loop.stream(serve)
        try:
            for item in items:
                if isinstance(item, str):
                    journal.notice(item)
                elif isinstance(item, Attempt):
                    journal.attempt(item)
                else:
                    yield item
        except CancelledError:
            raise self._closed() from None

    def _closed(self) -> EngineError:
        where = f"{self.params.model} at {self.params.base_url}"
        return EngineError(f"{where}: the engine was closed while it was asked")

    def _ready(self) -> Endpoint:
        """The endpoint, with the keys of the process that asks."""
        if self._endpoint is None:
            self._endpoint = Endpoint(self.params, self._keys(), self._clock)
        return self._endpoint

    def _keys(self) -> Keys:
        try:
            return read_keys(self.params)
        except ModelError as error:
            raise EngineError(error.message, error.hint) from None

    async def _complete(self, asker: Asker, request: Request) -> Answer:
        if isinstance(request.weights, LocalWeights):
            return Failure(reason="an endpoint cannot apply local weights", kind="engine")
        return await asker.ask(
            chat_body(request, self.params),
            lambda data, latency: completion_of(data, request, latency, self.params.context_length),
        )

    async def _weigh(self, asker: Asker, request: Request) -> Answer:
        if isinstance(request.weights, LocalWeights):
            return Failure(reason="an endpoint cannot apply local weights", kind="engine")
        return await weigh(asker, request, self.params)


async def _serve(
    batch: Batch, requests: Sequence[Request], *, ask: Ask, outlet: Outlet[Item], workers: int
) -> None:
    """Let as many workers as there may be connections take one request after another.

    Each takes its next one only when the reader is done with its answer: a kill loses no more
    answers than there are workers, however slowly they are kept.

    What is under way when the endpoint is given up, or when the user asks to stop, may still be
    answered, and was paid for.
    """
    waiting = deque(enumerate(requests))
    faults: list[EngineError] = []

    async def work() -> None:
        with suppress(StoppedError):
            while waiting and not faults:
                index, request = waiting.popleft()
                try:
                    answer = await ask(batch, request)
                except EngineError as error:
                    faults.append(error)
                else:
                    await outlet.deliver((index, answer))

    with batch:
        working = [asyncio.ensure_future(work()) for _ in range(min(workers, len(requests)))]
        watching = asyncio.ensure_future(batch.watch())
        try:
            await asyncio.gather(*working)
        finally:
            for task in (*working, watching):
                task.cancel()
            await asyncio.gather(*working, watching, return_exceptions=True)
    if faults:
        raise faults[0]
