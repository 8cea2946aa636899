"""Choices, weighed by their log-probabilities."""

# ruff: noqa: D102 - the name of a test says what is promised

import math

import pytest

from evalkit.interfaces import Engine
from evalkit.records import Completion, Failure
from evalkit.testing.contracts.engine.base import (
    EngineTests,
    choose,
    chosen,
    completed,
    need,
    scored,
)

_COLOURS = ("red", "a very dark blue", "green")
_UNLIKELY = (
    "zinc waltz quartz ostrich velvet fjord pylon mango sphinx jigsaw tundra lilac vortex "
    "kayak bishop nylon gecko plinth umbra crypt"
)


class Choosing(EngineTests):
    """The likeliest choice is the answer."""

    def test_choices_are_scored(self, engine: Engine) -> None:
        need(engine, "choices")
        found = chosen(engine, choose("What colour is grass?", _COLOURS))
        assert found.logprobs is not None
        assert len(found.logprobs) == len(_COLOURS), "not one log-probability for each choice"
        assert all(math.isfinite(p) and p <= 0 for p in found.logprobs), f"{found.logprobs}"
        assert found.text == _COLOURS[found.logprobs.index(max(found.logprobs))]
        assert found.finish_reason == "choice"
        assert found.prompt_tokens > 0
        assert found.completion_tokens >= len(_COLOURS)

    def test_choices_keep_their_scores_in_another_order(self, engine: Engine) -> None:
        need(engine, "choices")
        there = chosen(engine, choose("What colour is grass?", _COLOURS)).logprobs
        back = chosen(engine, choose("What colour is grass?", _COLOURS[::-1])).logprobs
        assert there is not None
        assert back is not None
        assert back[::-1] == pytest.approx(there, abs=1e-3), "the order of choices matters"

    def test_equal_requests_get_equal_scores(self, engine: Engine) -> None:
        need(engine, "choices")
        other = choose("Is snow black? Think well before you answer.", ("yes", "no"))
        same = choose("Is the sea wet?", ("yes", "no"))
        found = [completed(item).logprobs for item in scored(engine, [same, other, same])]
        alone = chosen(engine, same).logprobs
        assert found[0] == pytest.approx(found[2], abs=1e-4)
        if self.exact:
            assert found[0] == pytest.approx(alone, abs=1e-3), "the batch changes the scores"

    def test_the_log_probabilities_of_tokens_are_summed(self, engine: Engine) -> None:
        need(engine, "choices")
        found = chosen(engine, choose("What is wet?", ("the sea", _UNLIKELY)))
        assert found.logprobs is not None
        if found.logprobs[0] == found.logprobs[1]:
            return  # a fake that weighs nothing
        assert found.logprobs[1] < -30, "twenty odd words in a row are as likely as that?"

    def test_any_text_can_be_a_choice(self, engine: Engine) -> None:
        need(engine, "choices")
        choices = ("é", "日本語", "🗼 tower", "two\nlines", "{}")
        found = chosen(engine, choose("Choose.", choices))
        assert found.text in choices
        assert found.logprobs is not None
        assert all(map(math.isfinite, found.logprobs)), f"{found.logprobs}"

    def test_choices_of_a_prompt_too_long_fail_alone(self, engine: Engine) -> None:
        need(engine, "choices")
        limit = engine.model.context_length
        if not limit:
            pytest.skip("the context length of the model is unknown")
        batch = [choose("word " * (limit + 1), ("yes", "no")), choose("Hi.", ("yes", "no"))]
        refused, found = scored(engine, batch)
        assert isinstance(refused, Failure), "a prompt over the limit was answered"
        assert isinstance(found, Completion), "it took another request with it"
