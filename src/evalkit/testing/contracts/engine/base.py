"""What the tests of engines share: the engine under test, ways to ask it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import pytest

from evalkit.interfaces import Engine
from evalkit.records import Completion, Failure, Json, LocalWeights, Message, Request


class EngineTests:
    """What the author of an engine says about it."""

    exact: ClassVar[bool] = True
    """Whether greedy answers are the same whatever else is in the batch, as in float32. Where
    they are not, the tests that compare texts between batches are skipped."""

    samples: ClassVar[bool] = True
    """Whether a temperature has an effect. Where it has none, the tests that compare samples of
    different seeds are skipped."""

    prompts: ClassVar[Sequence[str]] = (
        "Write a long story about a ship and its crew, with many details of the sea.",
        "List the names of twelve animals and say where each of them lives.",
        "Explain in many words how bread is baked, step by step, from flour to the oven.",
    )
    """Inputs that the model answers with at least ten words."""

    def make(self) -> Engine:
        """The engine; called once."""
        raise NotImplementedError

    def weights(self) -> LocalWeights | None:
        """Trained weights for this model, or None if there are none to test with.

        They must change what it answers to at least one of the prompts within 24 tokens.
        """
        return None

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> Iterator[Engine]:
        """The engine under test, closed at the end."""
        engine = cls().make()
        yield engine
        engine.close()

    def free_answer(self, engine: Engine) -> Completion:
        """What the model says to the first prompt if nothing but the limit ends it."""
        found = completion(engine, ask(self.prompts[0], max_tokens=32))
        assert len(found.text.split()) >= 10, (
            f"the answer {found.text!r} is too short to test with: override `prompts`"
        )
        return found

    def need_exact(self) -> None:
        """Skip a test that compares greedy answers of different batches."""
        if not self.exact:
            pytest.skip("the answers of this engine depend on the batch")


def need(engine: Engine, ability: str) -> None:
    """Skip a test of something that the engine does not claim to be able to do."""
    if ability not in engine.model.abilities:
        pytest.skip(f"this engine has not the ability {ability!r}")


def ask(  # noqa: PLR0913 (the fields of a Request, all but the first by keyword)
    text: str,
    *,
    max_tokens: int = 12,
    stop: tuple[str, ...] = (),
    temperature: float = 0.0,
    seed: int | None = None,
    schema: Mapping[str, Json] | None = None,
    weights: LocalWeights | None = None,
) -> Request:
    """A request with one user turn."""
    return Request(
        messages=(Message("system", "You are a helpful assistant."), Message("user", text)),
        max_tokens=max_tokens,
        stop=stop,
        temperature=temperature,
        seed=seed,
        schema=schema,
        weights=weights,
    )


def choose(text: str, choices: tuple[str, ...]) -> Request:
    """A request with choices."""
    return Request(messages=(Message("user", text),), max_tokens=8, choices=choices)


def answers(engine: Engine, batch: Sequence[Request]) -> list[Completion | Failure]:
    """The answers to a batch, in its order; exactly one for each request."""
    return _in_order(list(engine.generate(batch)), len(batch))


def completions(engine: Engine, batch: Sequence[Request]) -> list[Completion]:
    """The same, where none may fail."""
    return [completed(answer) for answer in answers(engine, batch)]


def completion(engine: Engine, request: Request) -> Completion:
    """The answer to one request, which may not fail."""
    return completions(engine, [request])[0]


def texts(engine: Engine, batch: Sequence[Request]) -> list[str]:
    """The texts of the answers to a batch."""
    return [found.text for found in completions(engine, batch)]


def scored(engine: Engine, batch: Sequence[Request]) -> list[Completion | Failure]:
    """The answers to requests with choices, in their order."""
    return _in_order(list(engine.score(batch)), len(batch))


def chosen(engine: Engine, request: Request) -> Completion:
    """The answer to one request with choices, which may not fail."""
    return completed(scored(engine, [request])[0])


def completed(answer: Completion | Failure) -> Completion:
    """An answer that may not be a failure."""
    assert isinstance(answer, Completion), f"no answer: {answer.reason}"
    return answer


def _in_order(
    found: list[tuple[int, Completion | Failure]], count: int
) -> list[Completion | Failure]:
    indices = sorted(index for index, _ in found)
    assert indices == list(range(count)), f"answers to {indices}, asked were {count} requests"
    return [answer for _, answer in sorted(found, key=lambda item: item[0])]
