"""Which faults of an endpoint are found before the first job, by one tiny question."""

import threading

import pytest

from evalkit import Journal, ModelError

from .endpoints import Server, closed_port, error
from .fake_model import FakeModel
from .test_openai_contract import ask, only

HTML = "<html>hello</html>"


class Ledger(Journal):
    def __init__(self):
        super().__init__()
        self.attempts = []
        self.threads = set()

    def attempt(self, attempt):
        self.attempts.append(attempt)
        self.threads.add(threading.get_ident())


def test_a_model_that_answers_is_asked_once_and_as_in_a_run(serve, connect):
    server = serve(FakeModel())
    engine = connect(server.url, extra_body={"reasoning_effort": "low"})
    engine.check()
    assert server.seen == [
        {
            "model": "model",
            "messages": [{"role": "user", "content": "Hi."}],
            "max_tokens": 16,
            "temperature": 0.0,
            "reasoning_effort": "low",
        }
    ]
    assert only(engine.generate([ask()])).text


def test_what_it_took_is_told(serve, connect):
    server = serve(lambda e: e.text(503, "") if e.number == 1 else e.say("hello"))
    engine = connect(server.url)
    engine.journal = ledger = Ledger()
    engine.check()
    assert [one.outcome for one in ledger.attempts] == ["503", "answered"]
    assert [one.prompt_tokens for one in ledger.attempts] == [0, 7]
    assert ledger.threads == {threading.get_ident()}


def test_nobody_at_the_address(connect):
    with closed_port() as url, pytest.raises(ModelError, match="no endpoint answers") as caught:
        connect(url).check()
    assert "base-url" in caught.value.hint


def test_a_host_that_cannot_be(connect):
    with pytest.raises(ModelError, match="no endpoint answers"):
        connect("http://a..b/v1").check()


@pytest.mark.parametrize("behave", [lambda e: e.drip(), lambda e: e.keep_silent()])
def test_an_endpoint_that_never_ends_its_answer_is_not_waited_for(behave, serve, connect):
    """When it drips, each byte comes in time, but never the last one."""
    server = serve(behave)
    with pytest.raises(ModelError, match="no answer in time") as caught:
        connect(server.url, timeout=0.3).check()
    assert "raise timeout" in caught.value.hint
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [500, 503, 408])
def test_a_list_of_models_is_no_answer(status, serve, connect, clock):
    """The models are listed, and nothing can be generated."""
    server = serve(lambda e: e.text(status, "the engine is dead"))
    with pytest.raises(ModelError, match=f'"model" does not answer: status {status}') as caught:
        connect(server.url).check()
    assert "generates nothing" in caught.value.hint
    assert len(server.seen) == 3
    assert clock.waits == [1.0, 2.0]


@pytest.mark.parametrize(
    "fault", [lambda e: e.text(500, ""), lambda e: e.reset(), lambda e: e.text(200, HTML)]
)
def test_what_passes_is_no_fault(fault, serve, connect):
    server = serve(lambda e: fault(e) if e.number < 3 else e.say("hello"))
    connect(server.url).check()
    assert len(server.seen) == 3


def test_an_unknown_model_is_told_with_what_there_is(connect):
    models = ("model-large", "other")
    with (
        Server(FakeModel(), models=models) as server,
        pytest.raises(ModelError, match='no model "model-larg"') as caught,
    ):
        connect(server.url, model="model-larg").check()
    assert 'did you mean "model-large"?' in caught.value.hint
    assert "other" in caught.value.hint


@pytest.mark.parametrize(
    "listing",
    [
        lambda e: e.json(403, error("not for you")),
        lambda e: e.json(200, {"data": None}),
        lambda e: e.text(200, HTML),
        lambda e: e.drip(),
    ],
)
def test_an_unknown_model_is_told_without_a_list_too(listing, connect):
    with (
        Server(FakeModel(), listing=listing) as server,
        pytest.raises(ModelError, match='no model "lost"') as caught,
    ):
        connect(server.url, model="lost", timeout=0.3).check()
    assert "base-url" in caught.value.hint


def test_a_model_that_is_served_but_not_listed_is_found(serve, connect):
    connect(serve(FakeModel(("model", "alias"))).url, model="alias").check()


@pytest.mark.parametrize(
    ("behave", "message", "hint"),
    [
        (lambda e: e.json(401, error("bad key")), "bad key", "api-key-env"),
        (lambda e: e.json(402, error("pay first")), "pay first", "credit"),
        (lambda e: e.json(429, error("q", "insufficient_quota")), "429: q", "credit"),
        (lambda e: e.json(403, error("no")), "plain question: status 403", "permission"),
        (lambda e: e.json(400, error("odd temperature")), "plain question", 'omit = ["temp'),
        (lambda e: e.json(400, error("x", "model_not_found")), "no model", "model"),
        (lambda e: e.text(200, HTML), "no OpenAI-compatible endpoint", "/v1"),
        (lambda e: e.json(200, {"choices": []}), "no OpenAI-compatible endpoint", ""),
        (lambda e: e.text(404, ""), "no model", "base-url"),
        (lambda e: e.text(307, "", Location="/elsewhere"), "redirect", "base-url"),
    ],
)
def test_what_no_request_could_survive_is_told(behave, message, hint, connect):
    with (
        Server(behave, models=()) as server,
        pytest.raises(ModelError, match=message) as caught,
    ):
        connect(server.url).check()
    assert server.url in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "behave",
    [
        lambda e: e.json(429, error("slow down"), Retry_After="3600"),
        lambda e: e.json(400, error("max_tokens or model output limit was reached.")),
        lambda e: e.say(None, finish="length"),
        lambda e: e.say(None, refusal="I will not."),
    ],
)
def test_what_a_living_model_may_say_is_no_fault(behave, serve, connect):
    server = serve(behave)
    connect(server.url, context_length=8).check()
    assert len(server.seen) == 1


def test_a_missing_key_is_told(connect, monkeypatch):
    monkeypatch.delenv("SOME_KEY", raising=False)
    with pytest.raises(ModelError, match="SOME_KEY is not set"):
        connect("http://192.0.2.1/v1", api_key_env="SOME_KEY").check()
