"""Locks of processes: one holder at a time, named, and none that outlives its process."""

import os
import signal
import subprocess
import sys
import time

from evalkit.locks import Lock

HOLD = """
import os, sys, time
from pathlib import Path
from evalkit.locks import Lock
lock = Lock(Path(sys.argv[1]))
assert lock.take()
if sys.argv[2] == "fork" and os.fork() == 0:
    print(os.getpid(), flush=True)
    time.sleep(30)
    os._exit(0)
if sys.argv[2] == "hold":
    print(os.getpid(), flush=True)
time.sleep(30)
"""


def holder(path, how="hold"):
    """A process that holds the lock, and the number that it prints."""
    command = [sys.executable, "-c", HOLD, str(path), how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    return process, int(process.stdout.readline())


def end(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def taken_soon(lock):
    """Whether the lock can be taken within a few seconds: the system takes its time."""
    return any(lock.take() or time.sleep(0.05) for _ in range(100))


def test_one_holder_at_a_time_who_is_named(tmp_path):
    path = tmp_path / "deep" / "lock"
    process, number = holder(path)
    try:
        lock = Lock(path)
        assert not lock.take()
        assert lock.holder["process"] == number == process.pid
    finally:
        end(process)


def test_a_lock_ends_with_a_killed_process(tmp_path):
    process, _ = holder(tmp_path / "lock")
    end(process)
    lock = Lock(tmp_path / "lock")
    assert taken_soon(lock)
    assert lock.holder["process"] == os.getpid()


def test_a_forked_process_does_not_keep_the_lock_of_its_parent(tmp_path):
    process, child = holder(tmp_path / "lock", "fork")
    try:
        lock = Lock(tmp_path / "lock")
        assert not lock.take()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        os.kill(child, 0)  # it lives on
        assert taken_soon(lock)
    finally:
        os.kill(child, signal.SIGKILL)
        process.communicate()


def test_giving_back_removes_the_file_and_no_other(tmp_path):
    lock, other = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    assert lock.take()
    (tmp_path / "lock").unlink()  # by somebody who should not
    assert other.take()
    lock.give_back()
    assert (tmp_path / "lock").exists()
    other.give_back()
    assert list(tmp_path.iterdir()) == []
    other.give_back()
