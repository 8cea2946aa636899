"""An endpoint that misbehaves, over real sockets: retried or failed by class, and bounded."""

import email.utils
import threading

import pytest

from evalkit import Completion, EngineError, Failure

from .endpoints import closed_port, error, saying
from .test_openai_contract import ask, only

HTML = "<html><body>502 Bad Gateway</body></html>"
CUT = b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"choices": [{"index": 0, "mess'
TWO = {**saying("a"), "choices": saying("a")["choices"] + saying("b")["choices"]}

# What may pass: each is tried again. The second part is what the reason names.
PASSING = {
    "429": (lambda e: e.json(429, error("slow down")), "slow down"),
    "500": (lambda e: e.json(500, error("oops")), "500: oops"),
    "503": (lambda e: e.text(503, HTML), "503"),
    "408": (lambda e: e.text(408, ""), "408"),
    "409": (lambda e: e.json(409, {"detail": "busy"}), "busy"),
    "reset": (lambda e: e.reset(), "network"),
    "hang up": (lambda e: e.hang_up(), "network"),
    "cut short": (lambda e: e.hang_up(CUT), "network"),
    "truncated JSON": (lambda e: e.text(200, '{"choices": [{"ind'), "no JSON"),
    "deep JSON": (lambda e: e.text(200, "[" * 100_000), "no JSON"),
    "HTML with 200": (lambda e: e.text(200, HTML), "no JSON"),
    "nothing with 200": (lambda e: e.text(200, ""), "no JSON"),
    "empty choices": (lambda e: e.json(200, {**saying("a"), "choices": []}), "no choices"),
    "null choices": (lambda e: e.json(200, {"choices": None}), "no choices"),
    "two choices": (lambda e: e.json(200, TWO), "2 came"),
    "no message": (lambda e: e.json(200, {"choices": [{"index": 0}]}), "without an answer"),
    "error choice": (lambda e: e.say("half", finish="error"), "without an answer"),
    "error with 200": (lambda e: e.json(200, error("overloaded")), "overloaded"),
    "odd code with 200": (lambda e: e.json(200, error("busy", 100)), "500: busy"),
    "429 with 200": (lambda e: e.json(200, error("slow down", 429)), "429: slow down"),
    "silence": (lambda e: e.keep_silent(), "in time"),
    "slow drip": (lambda e: e.drip(), "in time"),
}
SLOW = {"silence", "slow drip"}


def settings(name):
    return {"timeout": 0.3} if name in SLOW else {}


@pytest.mark.parametrize("name", PASSING)
def test_what_may_pass_is_tried_again(name, serve, connect, clock):
    fault, _ = PASSING[name]
    server = serve(lambda e: fault(e) if e.number <= 2 else e.say("fine"))
    found = only(connect(server.url, **settings(name)).generate([ask()]))
    assert (found.text, found.prompt_tokens, found.completion_tokens) == ("fine", 7, 3)
    assert len(server.seen) == 3
    assert len(clock.waits) == 2


@pytest.mark.parametrize("name", PASSING)
def test_what_does_not_pass_is_a_failure_with_its_reason(name, serve, connect):
    fault, reason = PASSING[name]
    server = serve(fault)
    found = only(connect(server.url, attempts=3, **settings(name)).generate([ask()]))
    assert isinstance(found, Failure)
    assert reason in found.reason
    assert "3 attempts" in found.reason
    assert found.kind == "engine"
    assert len(server.seen) == 3


# What will not pass: asked once, and the others go on.
REFUSALS = {
    "400": (lambda e: e.json(400, error("bad temperature value")), "bad temp", "temperature"),
    "403": (lambda e: e.json(403, error("not for you")), "not for you", "permission"),
    "422": (lambda e: e.json(422, {"detail": [{"msg": "odd"}]}), "odd", ""),
    "tokens key": (
        lambda e: e.json(400, error("Use 'max_completion_tokens' instead.")),
        "instead",
        "max-tokens-key",
    ),
    "system role": (
        lambda e: e.json(400, error("System role not supported")),
        "System role",
        "fold-system",
    ),
    "context": (
        lambda e: e.json(400, error("maximum context length is 64 tokens")),
        "64 tokens",
        "shorten",
    ),
    "context code": (
        lambda e: e.json(400, error("too much", "context_length_exceeded")),
        "context",
        "shorten",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_refused_fails_at_once_and_alone(name, serve, connect):
    fault, reason, hint = REFUSALS[name]
    server = serve(lambda e: fault(e) if "bad" in str(e.body) else e.say("fine"))
    questions = [ask("Hi."), ask("bad"), ask("Hi again.")]
    found = dict(connect(server.url).generate(questions))
    assert found[0].text == found[2].text == "fine"
    assert isinstance(found[1], Failure)
    assert reason in found[1].reason
    assert hint in found[1].hint
    assert len(server.seen) == 3


def test_a_known_limit_is_named(serve, connect):
    server = serve(lambda e: e.json(400, error("prompt is too long")))
    found = only(connect(server.url, context_length=4096).generate([ask()]))
    assert "4096" in found.reason
    assert found.kind == "prompt"


THOUGHT = {"type": "thinking", "thinking": "Hm."}


def part(text):
    return {"type": "text", "text": text}


def test_an_answer_in_parts_is_joined(serve, connect):
    server = serve(lambda e: e.say([THOUGHT, part("hel"), part("lo")]))
    assert only(connect(server.url).generate([ask()])).text == "hello"


@pytest.mark.parametrize("content", [5, {"text": "a"}, [], [5], [THOUGHT], [part(None)]])
def test_an_answer_that_is_no_text_is_paid_for_once(content, serve, connect):
    server = serve(lambda e: e.say(content))
    found = only(connect(server.url).generate([ask()]))
    assert isinstance(found, Failure)
    assert "not a text" in found.reason
    assert len(server.seen) == 1


# What no request could survive: the engine ends, instead of failing thousands of times.
ENDS = {
    "401": (lambda e: e.json(401, error("Incorrect API key")), "api-key-env"),
    "402": (lambda e: e.json(402, error("no money")), "credit"),
    "404": (lambda e: e.json(404, error("no such model", "model_not_found")), "correct model"),
    "HTML 404": (lambda e: e.text(404, HTML), "base-url"),
    "redirect": (lambda e: e.text(307, "", Location="http://127.0.0.1:1/"), "base-url"),
    "quota": (lambda e: e.json(429, error("quota", "insufficient_quota")), "credit"),
    "quota with 200": (lambda e: e.json(200, error("quota", "insufficient_quota")), "credit"),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_no_request_survives_ends_the_engine(name, serve, connect, clock):
    fault, hint = ENDS[name]
    server = serve(fault)
    engine = connect(server.url, max_connections=4)
    with pytest.raises(EngineError, match="model at http://") as caught:
        list(engine.generate([ask(f"Number {n}.") for n in range(100)]))
    assert hint in caught.value.hint
    assert len(server.seen) <= 4
    assert not clock.waits


def test_what_is_under_way_when_the_endpoint_is_given_up_still_counts(serve, connect):
    both_in = threading.Barrier(2, timeout=30)

    def behave(exchange):
        both_in.wait()
        if "bad" in str(exchange.body):
            exchange.json(401, error("no"))
        else:
            exchange.server.closing.wait(0.2)
            exchange.say("paid")

    engine = connect(serve(behave).url, max_connections=2)
    answers = engine.generate([ask("bad"), ask("good"), ask("never asked")])
    index, answer = next(answers)
    assert (index, answer.text) == (1, "paid")
    with pytest.raises(EngineError):
        next(answers)


def test_a_dead_endpoint_is_given_up_after_five_requests(serve, connect):
    server = serve(lambda e: e.text(500, "dead"))
    engine = connect(server.url, attempts=3, max_connections=1)
    found = []
    with pytest.raises(EngineError, match="5 requests in a row"):
        found.extend(engine.generate([ask(f"Number {n}.") for n in range(100)]))
    assert [type(answer) for _, answer in found] == [Failure] * 4
    assert len(server.seen) == 15


def test_an_endpoint_that_refuses_everything_from_the_start_is_given_up(serve, connect):
    server = serve(lambda e: e.json(400, error("seed is not supported")))
    engine = connect(server.url, max_connections=1)
    with pytest.raises(EngineError, match="in a row") as caught:
        list(engine.generate([ask(f"Number {n}.") for n in range(100)]))
    assert 'omit = ["seed"]' in caught.value.hint
    assert len(server.seen) == 5


def test_an_endpoint_that_refuses_first_and_answers_later_is_kept(serve, connect):
    """The first five of sixteen are refused, before any of the good ones has its answer."""
    state = threading.Condition()
    arrived = 0

    def behave(exchange):
        nonlocal arrived
        with state:
            arrived += 1
            state.notify_all()
            if "bad" not in str(exchange.body):
                state.wait_for(lambda: arrived >= 5 + 16, timeout=5)
        if "bad" in str(exchange.body):
            exchange.json(400, error("odd"))
        else:
            exchange.say("fine")

    questions = [ask("bad")] * 5 + [ask(f"Number {n}.") for n in range(45)]
    found = dict(connect(serve(behave).url, max_connections=16).generate(questions))
    assert [isinstance(found[at], Failure) for at in range(50)] == [True] * 5 + [False] * 45


def test_an_endpoint_that_refuses_everything_at_a_time_is_given_up(serve, connect):
    server = serve(lambda e: e.json(400, error("seed is not supported")))
    engine = connect(server.url, max_connections=16)
    with pytest.raises(EngineError, match="in a row"):
        list(engine.generate([ask(f"Number {n}.") for n in range(500)]))
    assert 16 <= len(server.seen) < 500


@pytest.mark.parametrize("status", [400, 500])
def test_a_dead_endpoint_is_given_up_however_few_are_asked_at_a_time(status, serve, connect):
    server = serve(lambda e: e.text(status, "dead"))
    engine = connect(server.url, attempts=1)
    outcomes = []
    for _ in range(10):
        try:
            outcomes.append(type(only(engine.generate([ask()]))))
        except EngineError as error:
            outcomes.append(type(error))
    assert outcomes == ([Failure] * 4 + [EngineError]) * 2
    assert len(server.seen) == 10


def test_an_endpoint_that_answered_may_refuse_any_number(serve, connect):
    server = serve(lambda e: e.say("fine") if e.number == 1 else e.json(400, error("no")))
    found = dict(connect(server.url, max_connections=1).generate([ask()] * 20))
    assert isinstance(found[0], Completion)
    assert all(isinstance(found[at], Failure) for at in range(1, 20))


def test_nobody_at_the_address(connect):
    with closed_port() as url, pytest.raises(EngineError, match="network"):
        list(connect(url, attempts=2).generate([ask(f"Number {n}.") for n in range(10)]))


def test_an_engine_that_was_given_up_can_be_asked_again(serve, connect):
    server = serve(lambda e: e.json(401, error("no")) if e.number == 1 else e.say("fine"))
    engine = connect(server.url)
    with pytest.raises(EngineError):
        list(engine.generate([ask()]))
    assert only(engine.generate([ask()])).text == "fine"


def test_waits_grow_are_drawn_and_repeat(serve, connect, clock):
    server = serve(lambda e: e.text(500, ""))
    engine = connect(server.url, attempts=8)
    list(engine.generate([ask("one")]))
    first, clock.waits = clock.waits, []
    list(engine.generate([ask("one")]))
    again, clock.waits = clock.waits, []
    list(engine.generate([ask("two")]))
    assert first == again, "the same request waits alike"
    assert first != clock.waits, "all requests come back at the same time"
    assert len(first) == 7
    assert all(wait <= 0.5 * 2**at for at, wait in enumerate(first))
    assert max(first) > 4


def test_the_total_time_is_bounded(serve, connect, clock):
    server = serve(lambda e: e.text(500, ""))
    engine = connect(server.url, attempts=100, total_timeout=30.0)
    found = only(engine.generate([ask()]))
    assert isinstance(found, Failure)
    assert sum(clock.waits) <= 30
    assert 3 <= len(server.seen) < 20


@pytest.mark.parametrize("form", ["seconds", "date", "milliseconds"])
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(form, status, serve, connect, clock):
    def headers():
        at = email.utils.formatdate(clock.wall() + 20, usegmt=True)
        forms = {
            "seconds": {"Retry_After": "20"},
            "date": {"Retry_After": at},
            "milliseconds": {"retry_after_ms": "20000"},
        }
        return forms[form]

    server = serve(
        lambda e: e.json(status, error("wait"), **headers()) if e.number == 1 else e.say("fine")
    )
    assert only(connect(server.url).generate([ask()])).text == "fine"
    assert sum(clock.waits) >= 19
    assert len(server.seen) == 2


def test_a_retry_after_beyond_the_bound_fails_at_once(serve, connect):
    server = serve(lambda e: e.json(429, error("wait"), Retry_After="86400"))
    found = only(connect(server.url, total_timeout=60.0).generate([ask()]))
    assert "no request for 86400 s" in found.reason
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("content", "refusal", "text"),
    [(None, "I will not.", "I will not."), (None, None, ""), ("", "No.", "")],
)
def test_a_refusal_is_an_answer(content, refusal, text, serve, connect):
    server = serve(lambda e: e.say(content, refusal=refusal))
    found = only(connect(server.url).generate([ask()]))
    assert (found.text, found.finish_reason) == (text, "refusal")


@pytest.mark.parametrize(
    ("text", "finish", "expected"),
    [
        ("partly", "content_filter", "refusal"),
        ("partly", "length", "length"),
        (None, "length", "length"),
        ("done", "stop", "stop"),
        ("done", None, "stop"),
        ("", "stop", "stop"),
    ],
)
def test_why_an_answer_ended(text, finish, expected, serve, connect):
    server = serve(lambda e: e.say(text, finish=finish))
    found = only(connect(server.url).generate([ask()]))
    assert (found.text, found.finish_reason) == (text or "", expected)


@pytest.mark.parametrize(
    "text",
    ["a\x00b", "\u202egnp.exe", "\x1b[2J", "\ud800 half", "日本語 🗼", "x" * 5_000_000],
    ids=["NUL", "bidi", "escape", "surrogate", "scripts", "long"],
)
def test_any_text_is_kept_as_it_came(text, serve, connect):
    server = serve(lambda e: e.say(text))
    assert only(connect(server.url).generate([ask()])).text == text


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": None}, {"prompt_tokens": -3}, "many", [1]]
)
def test_missing_usage_counts_nothing(usage, serve, connect):
    server = serve(lambda e: e.json(200, {**saying("fine"), "usage": usage}))
    found = only(connect(server.url).generate([ask()]))
    assert (found.text, found.prompt_tokens, found.completion_tokens) == ("fine", 0, 0)
