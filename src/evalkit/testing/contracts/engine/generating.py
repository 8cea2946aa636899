"""Requests in, as many answers out, whatever else is asked."""

# ruff: noqa: D102 - the name of a test says what is promised

import random

import pytest

from evalkit.interfaces import Engine
from evalkit.records import Completion, Message, Request
from evalkit.testing.contracts.engine.base import (
    EngineTests,
    answers,
    ask,
    completion,
    texts,
)

_HOSTILE = ("a\x00b", "a\ud800b", "\u202egnp.exe", "\x1b[2J", "e\u0301 日本語 🗼 שלום")


class Generating(EngineTests):
    """One answer to each request, which depends on that request alone."""

    def test_every_request_gets_one_answer(self, engine: Engine) -> None:
        for count in (1, 2, 5):
            batch = [ask(f"Say {number}.", max_tokens=4) for number in range(count)]
            assert len(answers(engine, batch)) == count

    def test_an_empty_batch_has_no_answers(self, engine: Engine) -> None:
        assert list(engine.generate([])) == []
        assert list(engine.score([])) == []

    def test_greedy_answers_repeat(self, engine: Engine) -> None:
        batch = [ask(prompt) for prompt in self.prompts]
        assert texts(engine, batch) == texts(engine, batch), "asked twice, two answers"

    def test_answers_do_not_depend_on_the_batch(self, engine: Engine) -> None:
        self.need_exact()
        batch = [ask(prompt) for prompt in (*self.prompts, "Hi.")]
        together = texts(engine, batch)
        assert [texts(engine, [request])[0] for request in batch] == together, "alone, otherwise"
        order = list(range(len(batch)))
        random.Random(1).shuffle(order)
        shuffled = texts(engine, [batch[index] for index in order])
        assert shuffled == [together[index] for index in order], "another order, other answers"

    def test_answers_may_be_left_unread(self, engine: Engine) -> None:
        batch = [ask(prompt) for prompt in self.prompts]
        expected = texts(engine, batch[:1])
        started = iter(engine.generate(batch))
        next(started)
        del started
        assert texts(engine, batch[:1]) == expected, "an answer to what was asked before"

    def test_demos_are_read(self, engine: Engine) -> None:
        chat = (
            Message("system", "Answer with one word."),
            Message("user", "The sun."),
            Message("assistant", "bright"),
            Message("user", "The night."),
        )
        found = completion(engine, Request(messages=chat, max_tokens=8))
        bare = completion(engine, Request(messages=chat[-1:], max_tokens=8))
        assert found.prompt_tokens > bare.prompt_tokens, "turns are missing from the prompt"

    @pytest.mark.parametrize("text", _HOSTILE, ids=ascii)
    def test_any_text_can_be_asked(self, engine: Engine, text: str) -> None:
        first, _, last = answers(engine, [ask("Hi."), ask(text), ask("Hi.")])
        assert isinstance(first, Completion), "a hostile text took another request with it"
        assert isinstance(last, Completion), "a hostile text took another request with it"

    def test_other_scripts_are_answered(self, engine: Engine) -> None:
        found = completion(engine, ask("Repeat: 東京 é Ω 🗼 東京 é Ω 🗼", max_tokens=24))
        found.text.encode()  # half a character would be a lone surrogate
