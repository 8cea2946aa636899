"""What an answer took, counted alike by every engine."""

# ruff: noqa: D102 - the name of a test says what is promised

import math

from evalkit.interfaces import Engine
from evalkit.testing.contracts.engine.base import EngineTests, ask, completion, completions


class Counting(EngineTests):
    """Tokens and seconds."""

    def test_usage_is_counted(self, engine: Engine) -> None:
        short = completion(engine, ask("Hi.", max_tokens=8))
        long = completion(engine, ask("Hi. " + self.prompts[0] * 3, max_tokens=8))
        assert 0 < short.prompt_tokens < long.prompt_tokens, "prompt tokens do not grow"
        for found in (short, long):
            assert 0 <= found.cached_tokens <= found.prompt_tokens
            assert found.completion_tokens <= 8
            assert found.completion_tokens > 0 or not found.text

    def test_a_prompt_counts_the_same_whenever_it_is_asked(self, engine: Engine) -> None:
        batch = [ask(prompt) for prompt in (*self.prompts, self.prompts[0])]
        alone = [completion(engine, request).prompt_tokens for request in batch]
        together = [found.prompt_tokens for found in completions(engine, batch)]
        assert together == alone, "prompt tokens depend on the batch, or on what was cached"

    def test_an_answer_that_the_limit_ended_took_all_its_tokens(self, engine: Engine) -> None:
        for limit in (1, 7):
            found = completion(engine, ask(self.prompts[0], max_tokens=limit))
            assert found.completion_tokens == limit, f"{found.completion_tokens} of {limit} tokens"

    def test_latency_is_a_time(self, engine: Engine) -> None:
        for found in completions(engine, [ask(prompt) for prompt in self.prompts]):
            assert math.isfinite(found.latency_s)
            assert found.latency_s >= 0
