"""Single requests of users who wait, over a real connection."""

import json
import threading
import time

import pytest

from evalkit import EngineError, Failure, HostedModel, LocalWeights, Message, Request

from .endpoints import error

KEY = "sk-0123456789abcdef"


def ask(text="Say something.", **more):
    return Request(messages=(Message("user", text),), **{"max_tokens": 8, **more})


def test_a_reply_is_an_answer(serve, connect):
    server = serve(lambda e: e.say("well", finish="length"))
    found = connect(server.url).ask(ask(), timeout_s=30)
    assert (found.text, found.finish_reason, found.prompt_tokens) == ("well", "length", 7)
    assert server.seen[0]["messages"] == [{"role": "user", "content": "Say something."}]


@pytest.mark.parametrize("status", [429, 500, 400, 401, 404])
def test_nothing_is_asked_again(serve, connect, status):
    server = serve(lambda e: e.json(status, error("no"), Retry_After="9"))
    engine = connect(server.url)
    for count in (1, 2):  # and the first refusal does not hold up the second request
        found = engine.ask(ask(), timeout_s=30)
        assert isinstance(found, Failure)
        assert f"status {status}" in found.reason
        assert len(server.seen) == count


def test_what_breaks_off_is_a_failure(serve, connect):
    server = serve(lambda e: e.reset())
    found = connect(server.url).ask(ask(), timeout_s=30)
    assert found.reason.startswith("network: ")
    assert len(server.seen) == 1


def test_a_prompt_too_long_is_a_failure_of_its_kind(serve, connect):
    server = serve(lambda e: e.json(400, error("too long", "context_length_exceeded")))
    found = connect(server.url, context_length=20).ask(ask(), timeout_s=30)
    assert found.kind == "prompt"
    assert "20 tokens" in found.reason


@pytest.mark.parametrize("behave", ["keep_silent", "drip"])
def test_no_whole_answer_in_time_is_a_timeout(serve, connect, behave):
    server = serve(lambda e: getattr(e, behave)())
    with pytest.raises(TimeoutError):
        connect(server.url).ask(ask(), timeout_s=0.2)


def test_more_may_be_under_way_than_a_batch_has_connections(serve, connect):
    together = threading.Barrier(6)

    def behave(exchange):
        together.wait(20)
        exchange.say("all here")

    engine = connect(serve(behave).url, max_connections=1)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(engine.ask(ask(), timeout_s=30)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.text for answer in found] == ["all here"] * 6


def test_choices_are_weighed(serve, connect):
    top = [{"token": "B", "logprob": -0.1}, {"token": "A", "logprob": -2.5}]
    choice = {"message": {"content": "B"}, "logprobs": {"content": [{"top_logprobs": top}]}}
    server = serve(lambda e: e.json(200, {"choices": [choice]}))
    found = connect(server.url, logprobs="top").ask(ask(choices=("A", "B")), timeout_s=30)
    assert (found.text, found.logprobs) == ("B", (-2.5, -0.1))


def test_weights(serve, connect, tmp_path):
    server = serve(lambda e: e.say("well"))
    engine = connect(server.url)
    hosted = HostedModel(provider="openai", job_id="job", model_id="tuned")
    local = LocalWeights(folder=str(tmp_path), kind="lora", sha256="0")
    assert engine.ask(ask(weights=hosted), timeout_s=30).text == "well"
    assert server.seen[0]["model"] == "tuned"
    assert "local weights" in engine.ask(ask(weights=local), timeout_s=30).reason


def test_keys_are_sent_and_never_shown(serve, connect, monkeypatch):
    monkeypatch.setenv("MY_KEY", KEY)
    server = serve(lambda e: e.json(400, error(f"odd key {KEY}")))
    found = connect(server.url, api_key_env="MY_KEY").ask(ask(), timeout_s=30)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert KEY not in found.reason
    assert "[secret]" in found.reason


def test_closing_ends_what_is_under_way(serve, connect):
    asked = threading.Event()

    def behave(exchange):
        asked.set()
        exchange.keep_silent()

    engine = connect(serve(behave).url)
    faults = []

    def wait():
        with pytest.raises(EngineError) as raised:
            engine.ask(ask(), timeout_s=30)
        faults.append(raised.value.message)

    thread = threading.Thread(target=wait)
    thread.start()
    assert asked.wait(20)
    engine.close()
    thread.join()
    assert "closed while it was asked" in faults[0]


SUITE = """
name = "served"

[task]
use = "fake-task"

[[models]]
name = "served"
engine = "openai"
model = "model"
base-url = "{url}"
api-key-env = ""

[[adapters]]
use = "fake-bare"

[[metrics]]
use = "contains"
"""
FAKES = ("-p", "evalkit.testing.fakes")


def test_a_stall_of_the_server_is_in_the_times_of_later_requests(serve, project):
    """A client that waited for each answer before it asked again would measure one slow request."""
    stall, busy = 0.6, threading.Lock()

    def behave(exchange):
        with busy:  # a server that does one thing at a time, and stops once
            if measuring and exchange.number == first + 25:
                time.sleep(stall)
        exchange.say("red")

    server, measuring, first = serve(behave), False, 0
    project.write("suite.toml", SUITE.format(url=server.url))
    project.run("run", "suite.toml", *FAKES, check=True)
    measuring, first = True, len(server.seen)
    rate = ("--rate", "50", "--requests", "60")
    project.run("latency", "runs/latest", *rate, *FAKES, check=True)
    path = project.path / "runs" / "latest" / "latency" / "fake-bare.json"
    times = json.loads(path.read_text())["times_s"]
    assert len(server.seen) == first + 1 + 80, "once to see that it answers, then nothing twice"
    assert max(times) >= stall
    # About 30 requests are due in 0.6 s; those of the first half wait for more than 0.15 s.
    assert sum(one > stall / 4 for one in times) >= 8

    table = project.run("compare", "runs/latest", check=True).stdout
    assert "p95 s" in table
    assert "50 requests a second" in table


def test_an_endpoint_that_is_not_there_any_more(serve, project):
    server = serve(lambda e: e.say("red"))
    project.write("suite.toml", SUITE.format(url=server.url))
    project.run("run", "suite.toml", *FAKES, check=True)
    server.behave = server.listing = lambda e: e.json(401, error("no"))
    result = project.run("latency", "runs/latest", "--rate", "50", *FAKES)
    assert result.exit_code == 2
    assert "the key was refused" in result.stderr
