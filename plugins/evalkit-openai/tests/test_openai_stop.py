"""The user asks to stop: nothing new is sent, what was paid for is handed over, no wait goes on."""

import asyncio
import threading

import pytest

from evalkit import Completion, Journal

from .endpoints import LONGEST_WAIT_S, error
from .test_openai_contract import ask, only
from .test_openai_end import in_thread


class Stopped(Journal):
    """Says that the user asked to stop, once an event has happened."""

    def __init__(self):
        super().__init__()
        self.asked = threading.Event()

    @property
    def stopping(self):
        return self.asked.is_set()


def questions(count):
    return [ask(f"Number {n}.") for n in range(count)]


def test_what_is_under_way_is_handed_over_and_nothing_else_is_sent(serve, connect):
    all_in, release = threading.Barrier(5, timeout=LONGEST_WAIT_S), threading.Event()

    def behave(exchange):
        all_in.wait()
        release.wait(LONGEST_WAIT_S)
        exchange.say("paid")

    server = serve(behave)
    engine = connect(server.url, max_connections=4)
    engine.journal = journal = Stopped()
    thread, outcome = in_thread(lambda: dict(engine.generate(questions(50))))
    all_in.wait()
    journal.asked.set()
    release.set()
    thread.join(LONGEST_WAIT_S)
    (found,) = outcome
    assert len(found) == len(server.seen) == 4
    assert all(isinstance(answer, Completion) for answer in found.values())


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "600"}], ids=["back-off", "limit"])
def test_waits_end_at_once(headers, serve, connect, monkeypatch):
    """One waits to be asked again, the others for their turn, each for longer than the test."""
    monkeypatch.setattr("evalkit_openai.batch._FIRST_WAIT_S", 1000.0)
    monkeypatch.setattr("evalkit_openai.batch._LONGEST_WAIT_S", 1000.0)
    server = serve(lambda e: e.json(503, error("later"), **headers))
    engine = connect(server.url, max_connections=1, total_timeout=2000.0)
    engine._clock.sleep = in_truth = WaitsInTruth()
    engine.journal = journal = Stopped()
    thread, outcome = in_thread(lambda: dict(engine.generate(questions(5))))
    assert in_truth.begun.wait(LONGEST_WAIT_S)
    journal.asked.set()
    thread.join(LONGEST_WAIT_S)
    assert outcome == [{}], "what was not answered is left out; no Failure stands for it"
    assert len(server.seen) <= 5


class WaitsInTruth:
    def __init__(self):
        self.begun = threading.Event()

    async def __call__(self, seconds):
        self.begun.set()
        await asyncio.sleep(seconds)


def test_a_fault_that_comes_after_the_stop_is_not_repeated(serve, connect):
    arrived = threading.Event()

    def behave(exchange):
        arrived.set()
        journal.asked.wait(LONGEST_WAIT_S)
        exchange.text(500, "oops")

    journal = Stopped()
    server = serve(behave)
    engine = connect(server.url, max_connections=1)
    engine.journal = journal
    thread, outcome = in_thread(lambda: dict(engine.generate(questions(3))))
    assert arrived.wait(LONGEST_WAIT_S)
    journal.asked.set()
    thread.join(LONGEST_WAIT_S)
    assert outcome == [{}]
    assert len(server.seen) == 1


def test_a_batch_that_begins_after_the_stop_sends_nothing(serve, connect):
    server = serve(lambda e: e.say("fine"))
    engine = connect(server.url)
    engine.journal = journal = Stopped()
    journal.asked.set()
    assert list(engine.generate(questions(3))) == []
    assert not server.seen
    engine.journal = Journal()
    assert only(engine.generate([ask()])).text == "fine"


def test_choices_that_are_half_weighed_are_left_out(serve, connect):
    """Each takes several requests, one after another."""
    journal = Stopped()

    def behave(exchange):
        journal.asked.set()
        exchange.json(200, {"prompt_logprobs": [None, {"1": {"logprob": -1.0}}]})

    server = serve(behave)
    engine = connect(server.url, logprobs="prompt")
    engine.journal = journal
    assert list(engine.score([ask(choices=("a", "b"))])) == []
    assert len(server.seen) == 1
