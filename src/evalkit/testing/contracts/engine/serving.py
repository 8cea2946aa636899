"""Single requests of users who wait, for engines with the ability ``serve``."""

# ruff: noqa: D102 - the name of a test says what is promised

from concurrent.futures import ThreadPoolExecutor

import pytest

from evalkit.interfaces import Engine
from evalkit.testing.contracts.engine.base import EngineTests, ask, completed, need, texts

PATIENCE_S = 600.0
LIMIT = 24


class Serving(EngineTests):
    """Any number of callers may ask at a time, each for itself."""

    def test_a_single_request_is_answered_as_in_a_batch(self, engine: Engine) -> None:
        need(engine, "serve")
        self.need_exact()
        request = ask(self.prompts[0], max_tokens=LIMIT)
        found = completed(engine.ask(request, timeout_s=PATIENCE_S))
        assert [found.text] == texts(engine, [request])
        assert found.completion_tokens > 0

    def test_many_threads_may_ask_at_a_time(self, engine: Engine) -> None:
        need(engine, "serve")
        self.need_exact()
        batch = [ask(prompt, max_tokens=LIMIT) for prompt in self.prompts] * 4
        with ThreadPoolExecutor(len(batch)) as pool:
            found = list(pool.map(lambda one: engine.ask(one, timeout_s=PATIENCE_S), batch))
        assert [completed(answer).text for answer in found] == texts(engine, batch)

    def test_who_has_no_time_left_gets_a_timeout(self, engine: Engine) -> None:
        need(engine, "serve")
        with pytest.raises(TimeoutError):
            engine.ask(ask(self.prompts[0]), timeout_s=0.0)
