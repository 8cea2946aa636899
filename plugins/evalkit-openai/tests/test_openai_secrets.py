"""Keys are sent to the endpoint and shown nowhere, even by an endpoint that echoes them."""

import base64
import logging
import traceback
from urllib.parse import quote

import pytest

from evalkit import EngineError, Failure, ModelError
from evalkit_openai.engine import OpenAIEngine
from evalkit_openai.keys import Keys, read_keys
from evalkit_openai.params import OpenAIParams

from .endpoints import Server, error, saying
from .fake_model import FakeModel
from .test_openai_contract import ask, only
from .test_openai_suite import SUITE

pytest_plugins = ["evalkit.testing.plugin"]

CANARY = 'sk-canary/+&="quoted"/0123456789'
RAW = CANARY.encode()
FORMS = [
    CANARY,
    quote(CANARY),
    quote(CANARY, safe=""),
    base64.b64encode(RAW).decode().rstrip("="),
    base64.urlsafe_b64encode(RAW).decode().rstrip("="),
    base64.b64encode(b"Bearer " + RAW).decode().rstrip("="),
]
ECHO = " | ".join(FORMS)


@pytest.fixture(autouse=True)
def canaries(monkeypatch):
    monkeypatch.setenv("CANARY_KEY", CANARY)
    monkeypatch.setenv("CANARY_HEADER", f"Bearer {CANARY[::-1]}")


PARAMS = {"api_key_env": "CANARY_KEY", "headers_env": {"X-Secret": "CANARY_HEADER"}}


def leaks(text):
    return [form for form in (*FORMS, CANARY[::-1]) if form in text]


def test_the_canaries_would_be_noticed():
    assert leaks(f"key: {quote(CANARY)}")
    assert leaks(ECHO)


@pytest.mark.parametrize(
    "behave",
    [
        lambda e: e.json(400, error(f"odd request of {ECHO}")),
        lambda e: e.text(500, f"<html>{ECHO}</html>"),
        lambda e: e.text(200, f"<html>{ECHO}</html>"),
        lambda e: e.json(401, error(f"Incorrect API key provided: {ECHO}")),
        lambda e: e.json(200, error(ECHO)),
        lambda e: e.say(f"Your key is {ECHO}"),
        lambda e: e.reset(),
        lambda e: e.json(200, saying("fine"), X_Echo=CANARY),
        lambda e: e.json(400, error("odd"), X_Echo=CANARY[::-1]),
    ],
)
def test_no_answer_failure_or_traceback_shows_a_key(behave, serve, connect, caplog):
    caplog.set_level(logging.DEBUG)
    engine = connect(serve(behave).url, attempts=2, **PARAMS)
    try:
        shown = repr(only(engine.generate([ask()])))
    except EngineError as caught:
        shown = "".join(traceback.format_exception(caught)) + repr(caught)
    assert not leaks(shown)
    assert not leaks(caplog.text)


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_key_that_is_cut_shows_no_part_of_itself(status, serve, connect):
    engine = connect(serve(lambda e: e.json(status, error("x" * 270 + CANARY))).url, **PARAMS)
    try:
        shown = repr(only(engine.generate([ask()])))
    except EngineError as caught:
        shown = repr(caught)
    assert "xxx" in shown
    assert CANARY[:5] not in shown


@pytest.mark.parametrize("status", [401, 404, 400, 500, 200])
def test_the_check_shows_no_key_that_is_echoed(status, connect, caplog):
    caplog.set_level(logging.DEBUG)
    echo = {"X_Echo": CANARY}
    with (
        Server(
            lambda e: e.json(status, error("x" * 270 + CANARY), **echo),
            listing=lambda e: e.json(200, {"data": [{"id": f"mode {CANARY}"}]}, **echo),
        ) as server,
        pytest.raises(ModelError) as caught,
    ):
        connect(server.url, **PARAMS).check()
    assert "httpcore" in caplog.text
    assert CANARY[:5] not in str(caught.value) + caught.value.hint
    assert not leaks(caplog.text)


def test_logs_are_as_before_when_the_engine_is_closed(serve, connect):
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore.http11")]
    before = [list(logger.filters) for logger in loggers]
    engine = connect(serve(FakeModel()).url, **PARAMS)
    list(engine.generate([ask()]))
    assert [logger.filters for logger in loggers] != before
    engine.close()
    assert [logger.filters for logger in loggers] == before


def test_no_repr_shows_a_key(serve, connect):
    engine = connect(serve(FakeModel()).url, **PARAMS)
    list(engine.generate([ask()]))
    keys = read_keys(engine.params)
    assert not leaks(f"{engine!r} {vars(engine)!r} {keys!r} {engine.params!r}")
    assert repr(keys) == "Keys(Authorization, X-Secret)"


def test_a_key_that_no_header_can_hold_is_refused_without_showing_it(monkeypatch):
    monkeypatch.setenv("CANARY_KEY", f"{CANARY}\nmore")
    params = OpenAIParams(model="m", api_key_env="CANARY_KEY")
    with pytest.raises(EngineError, match="CANARY_KEY") as caught:
        list(OpenAIEngine(None, params).generate([ask()]))
    assert not leaks("".join(traceback.format_exception(caught.value)))


def test_short_values_are_words_and_no_secrets():
    assert Keys({}, ["EMPTY"]).hide("an EMPTY room") == "an EMPTY room"


@pytest.mark.parametrize("wrong", ["key", "url"])
def test_a_key_in_the_wrong_place_is_not_repeated(wrong, project):
    key = "sk-proj-" + "0123456789" * 3
    variable, url = (key, "http://h/v1") if wrong == "key" else ("K", f"http://u:{key}@h/v1")
    text = SUITE.format(url=url, variable=variable, more="")
    project.write("suite.toml", text)
    for command in ("validate", "run", "ls"):
        result = project.run(command, "suite.toml")
        assert result.exit_code == 2
        assert "environment variable" in result.stderr
        assert key not in result.output


@pytest.mark.parametrize("fails", [False, True])
def test_no_file_of_a_run_holds_a_key(fails, project, serve):
    model = FakeModel()

    def behave(exchange):
        if fails and "Number 3." in str(exchange.body):
            exchange.json(400, error(ECHO))
        elif "Number 4." in str(exchange.body):
            exchange.say(f"echo {ECHO}")
        else:
            model(exchange)

    more = 'headers-env = { X-Secret = "CANARY_HEADER" }'
    text = SUITE.format(url=serve(behave).url, variable="CANARY_KEY", more=more)
    project.write("suite.toml", text)
    rows = "\n".join(f'{{"text": "Number {n}.", "answer": "x"}}' for n in range(6))
    project.write("test.jsonl", rows)
    result = project.run("run", "suite.toml")
    assert result.exit_code == int(fails), result.output
    files = [path for path in project.path.rglob("*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        assert not leaks(path.read_bytes().decode("utf-8", "replace")), path
    assert not leaks(result.output)


def test_a_failure_is_still_told(serve, connect):
    server = serve(lambda e: e.json(400, error(f"odd key {CANARY} here")))
    found = only(connect(server.url, **PARAMS).generate([ask()]))
    assert isinstance(found, Failure)
    assert "odd key [secret] here" in found.reason
