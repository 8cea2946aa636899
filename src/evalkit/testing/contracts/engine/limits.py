"""The token limit of a request, and the context of the model."""

# ruff: noqa: D102 - the name of a test says what is promised

import pytest

from evalkit.interfaces import Engine
from evalkit.records import Completion, Failure
from evalkit.testing.contracts.engine.base import (
    EngineTests,
    answers,
    ask,
    completion,
    completions,
)


class Limits(EngineTests):
    """No answer is longer than was allowed; what cannot fit is refused, and never cut."""

    def test_the_token_limit_holds(self, engine: Engine) -> None:
        for limit in (1, 5):
            found = completion(engine, ask(self.prompts[0], max_tokens=limit))
            assert found.completion_tokens <= limit, f"{found.completion_tokens} > {limit} tokens"
            assert found.finish_reason == "length", f"ended by {found.finish_reason}"
        longer = completion(engine, ask(self.prompts[0], max_tokens=16))
        shorter = completion(engine, ask(self.prompts[0], max_tokens=4))
        assert len(shorter.text) < len(longer.text), "more tokens allowed, no longer answer"

    def test_each_request_of_a_batch_has_its_own_limit(self, engine: Engine) -> None:
        limits = [3, 12, 6]
        batch = [ask(self.prompts[0], max_tokens=limit) for limit in limits]
        for limit, found in zip(limits, completions(engine, batch), strict=True):
            assert found.completion_tokens <= limit
            assert found.finish_reason == "length"

    def test_a_prompt_too_long_fails_alone(self, engine: Engine) -> None:
        limit = _context(engine)
        batch = [ask(self.prompts[0]), ask("word " * (limit + 1)), ask(self.prompts[1])]
        first, refused, last = answers(engine, batch)
        assert isinstance(refused, Failure), "a prompt over the limit was answered"
        assert str(limit) in refused.reason, f"the limit is not named: {refused.reason}"
        assert refused.kind == "prompt", f"the kind is {refused.kind}: such failures count apart"
        for found, request in ((first, batch[0]), (last, batch[2])):
            assert isinstance(found, Completion), "it took another request with it"
            if self.exact:
                assert found.text == completion(engine, request).text

    def test_a_limit_without_room_for_the_prompt_fails_alone(self, engine: Engine) -> None:
        limit = _context(engine)
        refused, found = answers(engine, [ask("Hi.", max_tokens=limit), ask("Hi.")])
        assert isinstance(refused, Failure), "prompt and answer exceed the context"
        assert isinstance(found, Completion), "it took another request with it"


def _context(engine: Engine) -> int:
    """The context length of the model; the test is skipped if it is not known."""
    if not engine.model.context_length:
        pytest.skip("the context length of the model is unknown")
    return engine.model.context_length
