"""What vLLM says: kept from the terminal, and found again when it is needed."""

import os
import subprocess
import sys
import tempfile

import pytest

from evalkit_vllm.quiet import MOST_CHARACTERS, SETTINGS, quietly, reason


@pytest.fixture
def log():
    with tempfile.TemporaryFile("a+b") as file:
        yield file


def test_nothing_reaches_the_terminal(log, capfd):
    with quietly(log):
        subprocess.run([sys.executable, "-c", "print('one')"], check=True)
        os.write(2, b"two\n")
    log.seek(0)
    assert log.read() == b"one\ntwo\n"
    print("three")
    assert capfd.readouterr() == ("three\n", "")


def test_a_child_goes_on_writing_to_the_log(log, capfd):
    code = "input(); print('later')"
    with quietly(log):
        child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    child.communicate(b"\n", timeout=60)
    log.seek(0)
    assert log.read() == b"later\n"
    assert capfd.readouterr() == ("", "")


def test_the_environment_is_put_back(log, monkeypatch):
    monkeypatch.setenv("VLLM_LOGGING_LEVEL", "DEBUG")
    before = dict(os.environ)
    with quietly(log):
        assert os.environ["VLLM_LOGGING_LEVEL"] == "DEBUG", "the user's own wish was ignored"
        assert os.environ["DO_NOT_TRACK"] == SETTINGS["DO_NOT_TRACK"]
        os.environ["LD_PRELOAD"] = "left-over.so"
    assert dict(os.environ) == before


def test_streams_are_put_back_after_an_error(log, capfd):
    with pytest.raises(ValueError, match="broken"), quietly(log):
        raise ValueError("broken")
    print("heard")
    assert capfd.readouterr().out == "heard\n"


def test_the_reason_is_the_first_error_that_says_something(log):
    log.write(
        b"(Worker pid=7) ERROR [x.py:1] Traceback (most recent call last):\n"
        b"(Worker pid=7) ERROR [x.py:1]   File x, line 1\n"
        b"(Worker pid=7) ERROR [x.py:1] ValueError: 8192 tokens need 3.75 GiB of KV cache\n"
        b"(Core pid=6) ERROR [y.py:1] RuntimeError: Worker failed with error, see root cause\n"
        b"RuntimeError: Engine core initialization failed. See root cause above.\n"
    )
    assert reason(log) == "8192 tokens need 3.75 GiB of KV cache"


def test_a_long_reason_is_cut(log):
    log.write(b"ValueError: missing: " + b"tensor, " * 1000)
    assert len(reason(log)) == MOST_CHARACTERS + len(" ...")


def test_without_an_error_there_is_no_reason(log):
    log.write(b"all is well\n")
    assert reason(log) == ""
