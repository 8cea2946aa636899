"""What was tried and what it took: every attempt is told, and all together are bounded."""

import threading

import pytest

from evalkit import Completion, EngineError, Failure

from .endpoints import error, saying
from .test_openai_check import Ledger
from .test_openai_contract import ask, only
from .test_openai_faults import CUT, HTML, TWO

TOKENS = saying("fine")["usage"]

# What goes wrong first: what the ledger calls it, and whether its tokens are told.
FAULTS = {
    "429": (lambda e: e.json(429, error("slow down")), False),
    "500": (lambda e: e.json(500, error("oops")), False),
    "503": (lambda e: e.text(503, HTML), False),
    "network": (lambda e: e.reset(), False),
    "network ": (lambda e: e.hang_up(CUT), False),
    "timeout": (lambda e: e.keep_silent(), False),
    "timeout ": (lambda e: e.drip(), False),
    "unreadable": (lambda e: e.text(200, HTML), False),
    "unreadable ": (lambda e: e.json(200, {"choices": [], "usage": TOKENS}), True),
    "unreadable  ": (lambda e: e.json(200, TWO), True),
    "429 ": (lambda e: e.json(200, error("slow down", 429)), False),
}


@pytest.mark.parametrize("name", FAULTS)
def test_an_attempt_is_told_by_its_class_with_the_tokens_that_are_known(name, serve, connect):
    fault, paid = FAULTS[name]
    server = serve(lambda e: fault(e) if e.number == 1 else e.say("fine"))
    engine = connect(server.url, timeout=0.3)
    engine.journal = ledger = Ledger()
    assert only(engine.generate([ask()])).text == "fine"
    first, second = ledger.attempts
    assert (first.outcome, second.outcome) == (name.strip(), "answered")
    assert (first.prompt_tokens, first.completion_tokens) == ((7, 3) if paid else (0, 0))
    assert (second.prompt_tokens, second.completion_tokens) == (7, 3)
    assert ledger.threads == {threading.get_ident()}


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_refusal_is_one_attempt(status, serve, connect):
    engine = connect(serve(lambda e: e.json(status, error("no"))).url)
    engine.journal = ledger = Ledger()
    only(engine.generate([ask()]))
    assert [one.outcome for one in ledger.attempts] == [str(status)]


@pytest.mark.parametrize("status", [401, 404])
def test_the_attempt_that_ends_the_engine_is_told(status, serve, connect):
    engine = connect(serve(lambda e: e.json(status, error("no"))).url, max_connections=1)
    engine.journal = ledger = Ledger()
    with pytest.raises(EngineError):
        list(engine.generate([ask(), ask("Or so.")]))
    assert [one.outcome for one in ledger.attempts] == [str(status)]


def test_an_answer_that_is_no_text_was_answered_and_paid_for(serve, connect):
    engine = connect(serve(lambda e: e.say(5)).url)
    engine.journal = ledger = Ledger()
    assert isinstance(only(engine.generate([ask()])), Failure)
    (attempt,) = ledger.attempts
    assert (attempt.outcome, attempt.prompt_tokens) == ("answered", 7)


def test_weighing_choices_tells_each_of_its_requests(serve, connect):
    reply = {"prompt_logprobs": [None, {"1": {"logprob": -1.0}}], "usage": TOKENS}
    engine = connect(serve(lambda e: e.json(200, reply)).url, logprobs="prompt")
    engine.journal = ledger = Ledger()
    list(engine.score([ask(choices=("a", "b"))]))
    assert [one.prompt_tokens for one in ledger.attempts] == [7] * 4


def test_what_was_never_sent_is_no_attempt(serve, connect):
    server = serve(lambda e: e.json(429, error("wait"), Retry_After="86400"))
    engine = connect(server.url, total_timeout=60.0)
    engine.journal = ledger = Ledger()
    only(engine.generate([ask()]))
    assert [one.outcome for one in ledger.attempts] == ["429"]


class TestRetries:
    def test_all_requests_share_a_budget(self, serve, connect):
        server = serve(lambda e: e.text(500, "oops"))
        engine = connect(server.url, retries=3, max_connections=1)
        told = []
        engine.journal.notice = told.append
        found = dict(engine.generate([ask("one"), ask("two")]))
        assert len(server.seen) == 2 + 3
        assert "500: oops; all 3 retries are spent" in found[0].reason
        assert "retries" in found[0].hint
        assert found[1].reason.endswith("all 3 retries are spent")
        assert told == ["3 attempts were repeated, as many as retries allows"]

    def test_batches_share_it_too(self, serve, connect):
        server = serve(lambda e: e.text(500, "") if e.number <= 2 else e.say("fine"))
        engine = connect(server.url, retries=2, max_connections=1)
        assert isinstance(only(engine.generate([ask()])), Completion)
        server.behave = lambda e: e.text(500, "")
        assert isinstance(only(engine.generate([ask()])), Failure)
        assert len(server.seen) == 4

    def test_none_may_be_allowed(self, serve, connect):
        server = serve(lambda e: e.text(500, ""))
        assert isinstance(only(connect(server.url, retries=0).generate([ask()])), Failure)
        assert len(server.seen) == 1

    def test_any_number_may_be_allowed(self, serve, connect):
        server = serve(lambda e: e.text(500, ""))
        engine = connect(server.url, retries="unlimited", attempts=20)
        assert "20 attempts" in only(engine.generate([ask()])).reason

    def test_when_it_is_spent_a_dead_endpoint_is_still_given_up(self, serve, connect):
        server = serve(lambda e: e.text(500, ""))
        engine = connect(server.url, retries=1, max_connections=1)
        with pytest.raises(EngineError, match="5 requests in a row"):
            list(engine.generate([ask(f"Number {n}.") for n in range(100)]))
        assert len(server.seen) == 6


@pytest.mark.parametrize("behave", [lambda e: e.keep_silent(), lambda e: e.drip()])
def test_the_time_of_a_request_is_bounded_within_an_attempt_too(behave, serve, connect):
    server = serve(behave)
    engine = connect(server.url, timeout=300.0, total_timeout=0.3, attempts=1)
    assert "in time" in only(engine.generate([ask()])).reason
    assert len(server.seen) == 1
