"""Ctrl-C, SIGTERM and readers that go away, with real processes."""

import os
import signal
import subprocess
import sys
import time

import pytest

FAKES = "evalkit.testing.fakes"
SLOW = '[[models]]\nname = "parrot"\nengine = "fake"\nanswer = "recall"\ndelay = 0.25\n'
ONE = '[[adapters]]\nuse = "fake-bare"\n'


@pytest.fixture
def start(lab):
    """Start `evalkit run` in a process group of its own; what is left of it is ended."""
    begun = []

    def begin(*args, **options):
        process = subprocess.Popen(
            [sys.executable, "-m", "evalkit", "run", "suite.toml", "-p", FAKES, *args],
            cwd=lab.path,
            env=lab.project.environment(),
            stderr=subprocess.PIPE,
            stdout=options.pop("stdout", subprocess.PIPE),
            text=True,
            start_new_session=True,
            preexec_fn=_heard,  # what started the tests may ignore it, as shells do with jobs
            **options,
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _heard():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_for(path, pattern, size=0):
    """Wait until there is a file of more than so many bytes."""
    for _ in range(400):
        if any(found.stat().st_size > size for found in path.glob(pattern)):
            return
        time.sleep(0.05)
    raise AssertionError(f"no {pattern}")


def is_gone(group):
    """Whether no process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("executor", ["", '[executor]\nuse = "worker"\n'])
def test_a_first_signal_saves_and_the_same_command_goes_on(lab, start, number, executor):
    lab.suite(models=SLOW, adapters=ONE, executor=executor)
    process = start()
    wait_for(lab.path, "runs/jobs/.unfinished/predict-*.journal", size=200)
    os.kill(process.pid, number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "stopping" in told
    assert is_gone(process.pid)
    (journal,) = lab.path.glob("runs/jobs/.unfinished/predict-*.journal")
    answered = journal.read_text().count('"answer"')
    assert 1 <= answered < 4
    result = lab.run()
    assert result.exit_code == 0, result.output
    assert not list(lab.path.glob("runs/jobs/.unfinished/*"))
    assert len(lab.runs()) == 1


def test_a_second_signal_ends_at_once_and_loses_nothing(lab, start):
    lab.suite(models=SLOW.replace("0.25", "30"), adapters=ONE)
    process = start()
    wait_for(lab.path, "runs/jobs/.unfinished/predict-*.journal")
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert is_gone(process.pid)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_run_outlives_its_readers(lab, start, stream):
    lab.suite(adapters=ONE)
    process = start("--junitxml", "tests.xml")
    getattr(process, stream).close()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert lab.cell("fake-bare")["status"] == "done"
    assert (lab.path / "tests.xml").exists()


def test_a_second_process_at_the_same_run_leaves_with_the_name_of_the_first(lab, start):
    lab.suite(models=SLOW, adapters=ONE)
    process = start()
    wait_for(lab.path, "runs/jobs/.unfinished/predict-*.journal")
    told = lab.errors(command="run")
    assert f"process {process.pid}" in told
    assert "--output-dir" in told
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_the_same_job_of_another_suite_is_waited_for_and_not_done_again(lab, start):
    lab.suite(models=SLOW, adapters=ONE)
    lab.suite(top='name = "other"\n', name="other.toml", models=SLOW, adapters=ONE)
    process = start()
    wait_for(lab.path, "runs/jobs/.unfinished/predict-*.lock")
    result = lab.run(suite="other.toml")
    _, told = process.communicate(timeout=60)
    assert (process.returncode, result.exit_code) == (0, 0), told + result.output
    assert f"waiting for process {process.pid}" in result.stderr
    assert len(lab.jobs("predict")) == 1
