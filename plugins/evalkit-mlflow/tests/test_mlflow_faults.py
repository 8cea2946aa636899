"""Servers that are not there, say nothing, or refuse: told, in bounded time, without secrets."""

import http.server
import socket
import sys
import threading
from base64 import b64encode

import pytest

from evalkit import UserError
from evalkit_mlflow.credentials import hidden
from evalkit_mlflow.params import MlflowParams
from evalkit_mlflow.reporter import MlflowReporter
from evalkit_mlflow.server import PYTHON, send, shown

PASSWORD = "open-sesame/42"
IN_HEADER = b64encode(f"alibaba:{PASSWORD}".encode()).decode()


@pytest.fixture
def report(results, folder, monkeypatch):
    """Report to a server that the environment names, with credentials; the message."""

    def report(place, **params):
        monkeypatch.setenv(
            "MLFLOW_TRACKING_URI", f"http://alibaba:open-sesame%2F42@{place}/?key=abc"
        )
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "token-of-the-cave")
        with pytest.raises(UserError) as caught:
            MlflowReporter(MlflowParams(**params)).report(results, folder)
        told = str(caught.value)
        for secret in (
            "alibaba",
            PASSWORD,
            "open-sesame",
            "key=abc",
            "token-of-the-cave",
            IN_HEADER,
        ):
            assert secret not in told
        assert f"MLflow at http://{place}/: " in told
        return told

    return report


@pytest.fixture
def refusing():
    """A server that answers every request alike, by its headers if `body` is None; its place."""
    servers = []

    def start(status, body):
        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(str(self.headers).encode() if body is None else body)

            do_GET = do_POST = answer

            def log_message(self, *args):
                return

        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"127.0.0.1:{servers[-1].server_port}"

    yield start
    for one in servers:
        one.shutdown()
        one.server_close()


def test_nobody_there(mlflow_python, report, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        told = report(f"127.0.0.1:{bound.getsockname()[1]}")
    assert "no answer: Connection refused" in told
    assert "see whether a tracking server answers there" in told


def test_a_server_that_says_nothing_is_given_up(mlflow_python, report):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        told = report(f"127.0.0.1:{listening.getsockname()[1]}", timeout=0.5)
    assert "not done after 0.5 s, and given up" in told
    assert "not doubled" in told


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_refuses(mlflow_python, report, refusing, status):
    told = report(refusing(status, b"go away, alibaba:open-sesame/42"))
    assert "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in told


def test_a_server_that_repeats_the_credentials(mlflow_python, report, refusing):
    assert "Authorization: Basic [secret]" in report(refusing(400, None))


def test_a_server_that_fails(mlflow_python, report, refusing, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    told = report(refusing(500, b"alibaba:open-sesame/42"))
    assert "500" in told
    assert "what its log says" in told


@pytest.mark.parametrize(
    "body", [b"<html>\x1b[31m\xff</html>", b"", b"[]", b'{"runs": 1', b"1" * 9_999]
)
def test_something_else_that_answers(mlflow_python, report, refusing, body):
    told = report(refusing(200, body))
    assert "\x1b" not in told
    assert len(told) < 900


def test_a_uri_that_is_none(mlflow_python, results, folder, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "rubbish://x")
    with pytest.raises(UserError, match="rubbish"):
        MlflowReporter(MlflowParams()).report(results, folder)


class TestWithoutMlflow:
    """These need no server, and no MLflow."""

    @pytest.fixture
    def interpreter(self, tmp_path, monkeypatch):
        def make(script):
            path = tmp_path / "python"
            path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            path.chmod(0o755)
            monkeypatch.setenv(PYTHON, str(path))
            return path

        return make

    def test_no_server_is_named(self, results, folder, monkeypatch):
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        with pytest.raises(UserError, match="no MLflow tracking server is named") as caught:
            MlflowReporter(MlflowParams()).report(results, folder)
        assert "MLFLOW_TRACKING_URI" in caught.value.hint

    def test_an_environment_without_mlflow_says_what_to_install(self, interpreter, report):
        path = interpreter(f'exec "{sys.executable}" -S "$@"')
        with pytest.raises(UserError, match="has no MLflow") as caught:
            send({"uri": "http://127.0.0.1:1"}, 60)
        assert str(path) in caught.value.message
        assert 'pip install "evalkit-mlflow[skinny]"' in caught.value.hint

    def test_an_interpreter_that_is_not_there(self, monkeypatch, tmp_path):
        monkeypatch.setenv(PYTHON, str(tmp_path / "nothing"))
        with pytest.raises(UserError, match=r"nothing cannot be started: No such file") as caught:
            send({"uri": "http://127.0.0.1:1"}, 60)
        assert PYTHON in caught.value.hint

    @pytest.mark.parametrize(
        "says",
        [
            '{"stage": "x", "error": "http://alibaba:open-sesame%2F42@h/ alibaba open-sesame/42"}',
            '{"stage": "x", "error": "token-of-the-cave key=abc"}',
            "{",
        ],
    )
    def test_what_it_says_is_shown_without_secrets(self, interpreter, report, says):
        interpreter(f"cat >/dev/null; echo '{says}'; echo alibaba:open-sesame/42 >&2; exit 3")
        report("h")

    @pytest.mark.parametrize("repeated", ["cassim", "50%", "50%25", "Y2Fzc2ltOjUwJQ=="])
    def test_what_mlflows_own_file_holds_is_not_shown(self, credentials_file, repeated):
        assert hidden(f"you sent <{repeated}>", "http://h") == "you sent <[secret]>"

    def test_a_file_that_cannot_be_read_hides_nothing(self, credentials_file):
        credentials_file.write_bytes(b"\xff no section")
        assert hidden("it is said", "http://h") == "it is said"

    def test_it_is_ended_when_the_time_is_over(self, interpreter, report):
        interpreter("exec sleep 600")
        assert "not done after 0.2 s" in report("h", timeout=0.2)

    @pytest.mark.parametrize(
        ("uri", "expected"),
        [
            ("http://h:5000", "http://h:5000"),
            ("https://u:p@h/x?token=t#f", "https://h/x"),
            ("http://u:p@s@h", "http://h"),
            ("databricks", "databricks"),
            ("http://[broken", "the tracking server"),
        ],
    )
    def test_what_is_shown_of_a_uri(self, uri, expected):
        assert shown(uri) == expected
