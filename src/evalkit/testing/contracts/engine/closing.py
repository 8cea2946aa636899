"""The end of an engine. The tests of this class run last."""

# ruff: noqa: D102 - the name of a test says what is promised

import contextlib

from evalkit.errors import EngineError
from evalkit.interfaces import Engine
from evalkit.testing.contracts.engine.base import EngineTests, ask, texts


class Closing(EngineTests):
    """Closing gives memory back, and does no harm."""

    def test_a_closed_engine_loads_anew_or_says_that_it_cannot(self, engine: Engine) -> None:
        expected = texts(engine, [ask(self.prompts[0])])
        engine.close()
        engine.close()
        with contextlib.suppress(EngineError):
            assert texts(engine, [ask(self.prompts[0])]) == expected
