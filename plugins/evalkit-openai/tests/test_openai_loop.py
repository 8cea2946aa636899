"""Answers that nobody takes: no more are asked for than a kill may cost, and none is lost."""

import threading

import pytest

from evalkit import Completion, EngineError

from .endpoints import LONGEST_WAIT_S, error
from .test_openai_check import Ledger
from .test_openai_contract import ask
from .test_openai_end import in_thread
from .test_openai_stop import Stopped, questions

WIDTH, COUNT = 4, 20


@pytest.fixture
def server(serve):
    return serve(lambda e: e.say("fine"))


@pytest.fixture
def engine(server, connect):
    return connect(server.url, max_connections=WIDTH)


def sent(server):
    """How many of the batch's requests arrived."""
    texts = [body["messages"][0]["content"] for body in server.seen]
    return len([text for text in texts if text != "between"])


def let_time_pass(engine):
    """Ask so often, one after another, by the same loop, that the whole batch could be over."""
    for _ in range(COUNT // 2):
        assert isinstance(engine.ask(ask("between"), timeout_s=LONGEST_WAIT_S), Completion)


def test_a_reader_that_pauses_pauses_the_asking(server, engine):
    answers = engine.generate(questions(COUNT))
    first = next(answers)
    let_time_pass(engine)
    assert sent(server) <= WIDTH
    found = dict([first, *answers])
    assert sorted(found) == list(range(COUNT))
    assert all(isinstance(answer, Completion) for answer in found.values())
    assert sent(server) == COUNT


def test_each_answer_that_is_taken_lets_one_more_be_asked(server, engine):
    answers = engine.generate(questions(COUNT))
    for taken in range(8):
        next(answers)
        assert sent(server) <= WIDTH + taken
    let_time_pass(engine)
    assert sent(server) <= WIDTH + 7


def test_a_ledger_that_blocks_pauses_the_asking(server, engine):
    blocked, release = threading.Event(), threading.Event()

    class Busy(Ledger):
        def attempt(self, attempt):
            blocked.set()
            release.wait(LONGEST_WAIT_S)
            super().attempt(attempt)

    engine.journal = ledger = Busy()
    thread, outcome = in_thread(lambda: dict(engine.generate(questions(COUNT))))
    assert blocked.wait(LONGEST_WAIT_S)
    let_time_pass(engine)
    assert sent(server) <= WIDTH
    release.set()
    thread.join(LONGEST_WAIT_S)
    assert len(outcome[0]) == len(ledger.attempts) == COUNT


def test_a_reader_that_leaves_ends_what_waits_for_it(server, engine):
    answers = engine.generate(questions(COUNT))
    next(answers)
    answers.close()
    let_time_pass(engine)
    assert sent(server) <= WIDTH
    assert len(dict(engine.generate(questions(COUNT)))) == COUNT


def test_what_waits_at_a_stop_is_handed_over(server, engine):
    engine.journal = journal = Stopped()
    answers = engine.generate(questions(COUNT))
    first = next(answers)
    let_time_pass(engine)
    journal.asked.set()
    found = dict([first, *answers])
    assert len(found) == sent(server) <= WIDTH


def test_what_waits_when_the_endpoint_is_given_up_is_handed_over(serve, connect):
    one_taken = threading.Event()

    def behave(exchange):
        if exchange.body["messages"][0]["content"] == "Number 1.":
            one_taken.wait(LONGEST_WAIT_S)
            exchange.json(401, error("no"))
        else:
            exchange.say("fine")

    server = serve(behave)
    engine = connect(server.url, max_connections=WIDTH)
    answers = engine.generate(questions(COUNT))
    found = [next(answers)]
    one_taken.set()
    let_time_pass(engine)
    with pytest.raises(EngineError, match="401"):
        found.extend(answers)
    assert len(found) == sent(server) - 1 < WIDTH


def test_a_loop_that_is_closed_while_answers_wait_lets_them_be_read(server, engine):
    answers = engine.generate(questions(COUNT))
    found = [next(answers)]
    let_time_pass(engine)
    engine.close()
    with pytest.raises(EngineError, match="was closed while it was asked"):
        found.extend(answers)
    assert len(found) == sent(server) <= WIDTH
