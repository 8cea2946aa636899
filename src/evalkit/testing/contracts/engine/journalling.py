"""What an engine does with the journal of its job, and before the first one."""

# ruff: noqa: D102 - the name of a test says what is promised

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from evalkit.interfaces import Attempt, Engine, Journal
from evalkit.records import Completion, Request
from evalkit.testing.contracts.engine.base import (
    EngineTests,
    ask,
    choose,
    completed,
    completions,
    texts,
)


class Noted(Journal):
    """A journal that keeps what it is told.

    Attributes:
        stop: whether the user asked to stop.
        attempts: every attempt.
        threads: those that told of attempts.
    """

    def __init__(self, *, stop: bool = False, wave: int = 0) -> None:
        """Begin with nothing recorded."""
        super().__init__()
        self.wave = wave
        self.stop = stop
        self.attempts: list[Attempt] = []
        self.threads: set[int] = set()

    @property
    def stopping(self) -> bool:
        """See Journal."""
        return self.stop

    def attempt(self, attempt: Attempt) -> None:
        """See Journal."""
        self.attempts.append(attempt)
        self.threads.add(threading.get_ident())


class Journalling(EngineTests):
    """A job can be stopped and repeated, and what it took is known."""

    def test_an_engine_that_answers_passes_its_check(self, engine: Engine) -> None:
        request = ask(self.prompts[0])
        before = texts(engine, [request])
        engine.check()
        assert not self.exact or texts(engine, [request]) == before

    def test_nothing_is_begun_once_the_user_asked_to_stop(self, engine: Engine) -> None:
        with _working_for(engine, Noted(stop=True)):
            assert list(engine.generate(self._batch())) == [], "it answers all the same"
            if "choices" in engine.model.abilities:
                assert list(engine.score([choose("Red?", ("yes", "no"))])) == []
        assert completions(engine, self._batch())

    def test_a_stop_spoils_no_answer(self, engine: Engine) -> None:
        whole = texts(engine, self._batch())
        found: dict[int, Completion] = {}
        with _working_for(engine, Noted()) as journal:
            for index, answer in engine.generate(self._batch()):
                assert index not in found
                found[index] = completed(answer)
                journal.stop = True
        assert found
        if self.exact:
            assert all(answer.text == whole[index] for index, answer in found.items())
            assert texts(engine, self._batch()) == whole, "it does not go on as before"

    def test_attempts_are_told_whole_and_in_the_thread_that_asks(self, engine: Engine) -> None:
        with _working_for(engine, Noted()) as journal:
            found = completions(engine, self._batch())
        if not journal.attempts:
            return  # it asks once for each answer
        assert journal.threads == {threading.get_ident()}, "a journal belongs to one thread"
        answered = [one for one in journal.attempts if one.outcome == "answered"]
        assert len(answered) >= len(found), "an answer without an attempt"
        told = sum(one.prompt_tokens + one.completion_tokens for one in answered)
        assert told >= sum(one.prompt_tokens + one.completion_tokens for one in found)
        for one in journal.attempts:
            assert one.outcome
            assert math.isfinite(one.seconds)
            assert one.seconds >= 0

    def test_what_is_asked_again_is_answered_alike(self, engine: Engine) -> None:
        """After a kill: what was not answered, or the whole batch where answers depend on it."""
        independent = "independent" in engine.model.abilities
        if independent:
            self.need_exact()
        batch, first, again = self._batch(), Noted(wave=3), Noted(wave=3)
        with _working_for(engine, first):
            whole = texts(engine, batch)
        again.records.update(first.records)
        left = slice(1, None, 2) if independent else slice(None)
        with _working_for(engine, again):
            assert texts(engine, batch[left]) == whole[left]

    def _batch(self) -> list[Request]:
        return [ask(prompt) for prompt in (*self.prompts, "Hi.")]


@contextmanager
def _working_for(engine: Engine, journal: Noted) -> Iterator[Noted]:
    """Let the engine work for a job."""
    usual, engine.journal = engine.journal, journal
    try:
        yield journal
    finally:
        engine.journal = usual
