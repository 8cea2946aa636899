"""Trained weights on top of the model."""

# ruff: noqa: D102 - the name of a test says what is promised

from dataclasses import replace

import pytest

from evalkit.errors import EngineError
from evalkit.interfaces import Engine
from evalkit.records import Failure, LocalWeights
from evalkit.testing.contracts.engine.base import EngineTests, answers, ask, completion, texts


class Weights(EngineTests):
    """Weights act on the requests that name them, and on no others."""

    def test_weights_change_the_answers(self, engine: Engine) -> None:
        weights = self._weights(engine)
        bare = texts(engine, [ask(prompt, max_tokens=24) for prompt in self.prompts])
        batch = [ask(prompt, max_tokens=24, weights=weights) for prompt in self.prompts]
        assert texts(engine, batch) != bare, "with the weights and without, the same answers"
        again = texts(engine, [ask(prompt, max_tokens=24) for prompt in self.prompts])
        assert again == bare, "without the weights again, other answers than before"

    def test_weights_concern_their_own_request_only(self, engine: Engine) -> None:
        weights = self._weights(engine)
        self.need_exact()
        batch = [ask(prompt, weights=given) for prompt in self.prompts for given in (None, weights)]
        alone = [completion(engine, request).text for request in batch]
        assert texts(engine, batch) == alone, "the weights of a neighbour act, or do not"

    def test_weights_that_are_not_there_fail_and_the_engine_goes_on(self, engine: Engine) -> None:
        weights = self._weights(engine)
        expected = completion(engine, ask(self.prompts[0])).text
        lost = replace(weights, folder=f"{weights.folder}-lost", sha256="0" * 64)
        try:
            (found,) = answers(engine, [ask(self.prompts[0], weights=lost)])
            assert isinstance(found, Failure), "weights that are not there were applied"
        except EngineError:
            pass  # as good: nothing was answered
        assert completion(engine, ask(self.prompts[0])).text == expected

    def _weights(self, engine: Engine) -> LocalWeights:
        """The weights to test with; the test is skipped if there are none."""
        weights = self.weights()
        if weights is None:
            pytest.skip("no weights to test with: override `weights`")
        assert f"weights:{weights.kind}" in engine.model.abilities, "the engine does not claim it"
        return weights
