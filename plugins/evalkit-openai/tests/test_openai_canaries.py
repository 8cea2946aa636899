"""Keys planted in the environment are in nothing that a run leaves, whatever is echoed."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from urllib.parse import quote, quote_plus

import pytest

from .endpoints import error, saying
from .fake_model import FakeModel
from .test_openai_suite import SUITE

pytest_plugins = ["evalkit.testing.plugin"]

KEY = 'sk-canary/+&="quoted"/0123456789'
HEADERS = {"CANARY_ONE": 'one/+&="q"/abcdefghijklm', "CANARY_TWO": "Bearer two-canary-nopqrstuvw"}
SECRETS = [KEY, *HEADERS.values(), "two-canary-nopqrstuvw"]
MORE = 'headers-env = { X-One = "CANARY_ONE", X-Two = "CANARY_TWO" }\nattempts = 2\n'
WORKER = '\n[executor]\nuse = "worker"\n'


def forms(secret):
    raw = secret.encode()
    yield secret
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield json.dumps(secret)[1:-1]
    yield from (f(raw).decode().rstrip("=") for f in (base64.b64encode, base64.urlsafe_b64encode))


FORMS = [form for secret in SECRETS for form in forms(secret)]
ECHO = " | ".join([*FORMS, base64.b64encode(b"Bearer " + KEY.encode()).decode()])


def leaks(text):
    return [form for form in FORMS if form in text]


def no_file_leaks(folder):
    """Looks into every file, journals, caches and damaged ones included; how many there are."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in files:
        assert not leaks(path.read_bytes().decode("utf-8", "replace")), path
        assert not leaks(str(path))
    return len(files)


def echoing(exchange, model=None):
    """Echoes what it was sent: in answers, in errors of each kind and in headers."""
    model = model or FakeModel()
    said = str(exchange.body)
    sent = " | ".join(f"{name}: {value}" for name, value in exchange.headers.items())
    echo = f"{ECHO} | {sent}"
    if "Number 1." in said:
        exchange.json(400, error(f"odd request: {echo}"), X_Echo=KEY)
    elif "Number 2." in said:
        exchange.text(500, f"<html>{echo}</html>", X_Echo=KEY)
    elif "Number 3." in said:
        exchange.json(200, error(echo))
    elif "Number 4." in said:
        exchange.json(200, saying(f"your headers: {echo}"), X_Echo=HEADERS["CANARY_ONE"])
    else:
        model(exchange)


@pytest.fixture
def write(project, monkeypatch):
    for name, value in {"CANARY_KEY": KEY, **HEADERS}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EVALKIT_CACHE", str(project.path / "cache"))
    rows = "\n".join(f'{{"text": "Number {n}.", "answer": "x"}}' for n in range(60))
    project.write("test.jsonl", rows)

    def write(url, more="", end=""):
        text = SUITE.format(url=url, variable="CANARY_KEY", more=MORE + more)
        project.write("suite.toml", text + end)

    return write


def test_the_canaries_would_be_noticed(tmp_path):
    (tmp_path / "a").write_text(f"key: {quote(KEY)}")
    with pytest.raises(AssertionError):
        no_file_leaks(tmp_path)


@pytest.mark.parametrize("executor", ["", WORKER], ids=["local", "worker"])
def test_nothing_that_a_run_leaves_holds_a_key(executor, project, write, serve):
    write(serve(echoing).url, end=executor)
    first = project.spawn("run", "suite.toml", "--junitxml", "junit.xml")
    assert first.exit_code == 1, first.output
    again = project.spawn("run", "suite.toml", "--refresh", "--junitxml", "again.xml")
    shown = [first.output, again.output, project.spawn("compare", "runs/latest").output]
    shown.append(project.spawn("cache", "info").output)
    assert not [leak for text in shown for leak in leaks(text)]
    assert no_file_leaks(project.path) > 10
    kept = "".join(path.read_text() for path in project.path.glob("runs/2*/predictions/*.jsonl"))
    assert "your headers: [secret]" in kept
    assert "odd request: [secret]" in kept


def test_an_endpoint_that_refuses_the_key_is_told_of_without_it(project, write, serve):
    write(serve(lambda e: e.json(401, error(f"Incorrect API key: {ECHO}"), X_Echo=KEY)).url)
    result = project.spawn("run", "suite.toml")
    assert result.exit_code == 2, result.output
    assert "the key was refused" in result.output
    assert not leaks(result.output)
    no_file_leaks(project.path)


@pytest.mark.parametrize("executor", ["", WORKER], ids=["local", "worker"])
def test_the_log_of_a_killed_job_holds_no_key(executor, project, write, serve):
    model, slow = FakeModel(), []

    def behave(exchange):
        if "Number 5" in str(exchange.body):  # one of ten stays under way
            slow.append(exchange)
            exchange.keep_silent()
        else:
            echoing(exchange, model)

    write(serve(behave).url, more="max-connections = 2\n", end=executor)
    process = subprocess.Popen(
        [sys.executable, "-m", "evalkit", "run", "suite.toml"],
        cwd=project.path,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while not slow and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    shown, _ = process.communicate(timeout=60)
    logs = list(project.path.glob("runs/jobs/.unfinished/*.journal"))
    assert logs, shown
    assert "[secret]" in "".join(path.read_text(errors="replace") for path in logs)
    assert not leaks(shown)
    no_file_leaks(project.path)
