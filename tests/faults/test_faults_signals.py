"""Ctrl-C and SIGTERM: the first lets a run save, the second ends it; readers that go away."""

import os
import signal
import subprocess
import sys

import pytest
from tests.faults.lives import Lab, orphans, wait
from tests.faults.suites import slow

pytestmark = pytest.mark.slow  # tests/test_signals.py has the shorter ones
SIGNALS = [signal.SIGINT, signal.SIGTERM]
PLACES = {
    "here": "",
    "worker": '\n[executor]\nuse = "worker"\n',
    "engine elsewhere": "",
}


@pytest.fixture
def whole(tmp_path, light):
    """What a run ends with that nobody disturbs."""

    def run(suite):
        lab = Lab(tmp_path / "whole", suite, light)
        assert lab.live().code == 0
        return lab

    return run


def suite_at(place, delay, test=12):
    model = f'python = "{sys.executable}"\n' if place == "engine elsewhere" else ""
    return slow(delay, test=test, model=model) + PLACES[place]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)
@pytest.mark.parametrize("place", PLACES)
def test_the_first_signal_saves_what_is_done(tmp_path, whole, place, number):
    if number == signal.SIGTERM and place != "here":
        pytest.skip("whichever signal it is, the same is sent to the worker")
    suite = suite_at(place, 0.05, test=40)
    lab = Lab(tmp_path / "stopped", suite)
    process = lab.start()
    lab.wait_for(3)
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "stopping: what is under way is being saved" in err
    assert "interrupted; what is finished is kept" in err
    assert "Traceback" not in err
    wait(lambda: not orphans(lab, process.pid))
    before = len(lab.asked)
    assert before < 40
    end = lab.spawn()
    assert end.code == 0, end.err
    assert len(lab.asked) == 40
    assert lab.left() == []
    assert lab.outcome() == whole(suite).outcome()


@pytest.mark.parametrize("place", PLACES)
def test_the_second_signal_ends_it_at_once(tmp_path, place):
    """The answer that is under way would take ten minutes."""
    lab = Lab(tmp_path, suite_at(place, 600.0, test=2))
    process = lab.start()
    lab.wait_for(1)
    process.send_signal(signal.SIGINT)
    said = ""
    while "stopping" not in said:
        said = process.stderr.readline()
        assert said
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    wait(lambda: not orphans(lab, process.pid))


@pytest.mark.parametrize("closed", ["out", "err", "both"])
@pytest.mark.parametrize("how", ["reader gone", "never open"])
def test_a_run_outlives_its_readers(tmp_path, whole, closed, how):
    suite = slow(0.0, test=4)
    lab = Lab(tmp_path / "unread", suite)
    gone = {"out": ["stdout"], "err": ["stderr"], "both": ["stdout", "stderr"]}[closed]
    if how == "reader gone":
        process = lab.start(**{name: unread() for name in gone})
    else:
        process = closing([("stdout", "stderr").index(name) + 1 for name in gone], lab)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert lab.outcome() == whole(suite).outcome()
    assert lab.left() == []


def unread():
    """The writing end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def closing(descriptors, lab):
    """Start a run without some of the standard streams, as a shell does by ``>&-``."""
    command = " ".join(f"{number}>&-" for number in descriptors)
    return subprocess.Popen(
        ["sh", "-c", f'exec "$@" {command}', "sh", sys.executable, "-m", "evalkit", *lab.args()],
        cwd=lab.path,
        env=lab.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
