"""Temperature and seeds."""

# ruff: noqa: D102 - the name of a test says what is promised

import pytest

from evalkit.interfaces import Engine
from evalkit.records import Request
from evalkit.testing.contracts.engine.base import EngineTests, ask, completion, texts


class Sampling(EngineTests):
    """The seed of a request decides its sample, and nothing else does."""

    def test_a_seeded_sample_repeats(self, engine: Engine) -> None:
        request = self._sample(7)
        assert completion(engine, request).text == completion(engine, request).text

    def test_different_seeds_give_different_samples(self, engine: Engine) -> None:
        self._need_samples()
        found = {completion(engine, self._sample(seed)).text for seed in range(5)}
        assert len(found) > 1, "five seeds, one answer"

    def test_a_sample_does_not_depend_on_the_batch(self, engine: Engine) -> None:
        self.need_exact()
        batch = [self._sample(7), ask(self.prompts[1]), self._sample(8), self._sample(7)]
        alone = [completion(engine, request).text for request in batch]
        assert texts(engine, batch) == alone, "a sample changes with its neighbours"

    def test_at_temperature_0_a_seed_has_no_effect(self, engine: Engine) -> None:
        request = ask(self.prompts[0])
        seeded = [ask(self.prompts[0], seed=seed) for seed in (1, 2)]
        assert [completion(engine, r).text for r in seeded] == [
            completion(engine, request).text
        ] * 2

    def test_a_sample_needs_no_seed(self, engine: Engine) -> None:
        assert completion(engine, self._sample(None)).text.strip()

    def _sample(self, seed: int | None) -> Request:
        return ask(self.prompts[0], max_tokens=12, temperature=1.0, seed=seed)

    def _need_samples(self) -> None:
        if not self.samples:
            pytest.skip("this engine answers alike at every temperature")
