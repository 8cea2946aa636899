"""Servers and engines that the tests share."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from evalkit import ResolvedModel
from evalkit_openai.engine import OpenAIEngine
from evalkit_openai.pace import Clock
from evalkit_openai.params import OpenAIParams
from evalkit_openai.resolve import resolve

from .endpoints import Behave, Server


class FastClock(Clock):
    """Time passes by waiting alone, which takes no time; several may wait at a time."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_700_000_000 + self.time

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        target = self.time + seconds
        await asyncio.sleep(0)
        self.time = max(self.time, target)


@pytest.fixture
def clock() -> FastClock:
    return FastClock()


@pytest.fixture
def serve() -> Iterator[Callable[[Behave], Server]]:
    """Starts a server."""
    with ExitStack() as stack:
        yield lambda behave: stack.enter_context(Server(behave))


@pytest.fixture
def connect(clock: FastClock) -> Iterator[Callable[..., OpenAIEngine]]:
    """Makes an engine for a base URL, without asking it whether it is there."""
    made: list[OpenAIEngine] = []

    def make(url: str, **params: object) -> OpenAIEngine:
        chosen = OpenAIParams(**{"model": "model", "base_url": url, "api_key_env": "", **params})
        model = ResolvedModel(name="served", engine="openai", revision="")
        made.append(OpenAIEngine(model, chosen, clock))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def resolved_engine(url: str, **params: object) -> OpenAIEngine:
    """An engine as a run makes it."""
    chosen = OpenAIParams(**{"model": "model", "base_url": url, "api_key_env": "", **params})
    return OpenAIEngine(resolve("served", chosen, print), chosen)
