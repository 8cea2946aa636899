"""Training on several devices: ``accelerate launch`` as a child, which starts a process for each.

What the processes report comes as marked lines on their standard output. Their standard input
is a pipe from this process: it ends when this process or the launcher does, and then so do they.
What this process writes into it asks them to stop; whichever reads it, all agree on the step.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from evalkit import AdaptationError
from evalkit_lora.caller import Caller
from evalkit_lora.memory import OutOfMemory
from evalkit_lora.tuning import Order, Tuned

MARK = "evalkit-lora: "
"""Begins the lines that are meant for the parent; libraries print others."""
_GRACE = 10.0
"""Seconds that the processes have to end when asked."""
_LINES = 12


def train_on(devices: int, order: Order, caller: Caller) -> Tuned:
    """Carry out an order on several devices.

    Raises:
        OutOfMemory: a device has too little memory.
        AdaptationError: the training failed, or a process died; then all have ended.
        OSError: a checkpoint or the weights could not be written.
        StopRequested: the caller asked to stop.
    """
    with tempfile.TemporaryDirectory(prefix="evalkit-lora-") as name:
        scratch = Path(name)
        (scratch / "order.json").write_text(json.dumps(order.to_json()))
        with (
            (scratch / "errors.txt").open("w+", encoding="utf-8", errors="replace") as errors,
            _launched(_command(devices, order, scratch), devices, errors) as process,
        ):
            heard = _listen(process, caller)
            code = process.wait()
            if heard.stopped:
                caller.stop()
            if heard.failures or code or heard.tuned is None:
                raise _error(heard.failures, _read(errors), code=code, devices=devices)
    return heard.tuned


def _command(devices: int, order: Order, scratch: Path) -> Sequence[str]:
    """``accelerate launch`` with a configuration of its own; the user's may ask for anything."""
    config = {
        "compute_environment": "LOCAL_MACHINE",
        "distributed_type": "MULTI_GPU",  # by torchrun, which serves CPUs as well
        "num_processes": devices,
        "num_machines": 1,
        "machine_rank": 0,
        "main_process_ip": "127.0.0.1",
        "main_process_port": 0,  # any that is free
        "mixed_precision": "no",  # the training sees to it
        "gpu_ids": "all",
        "use_cpu": False,
        "debug": False,
    }
    path = scratch / "accelerate.json"
    path.write_text(json.dumps(config))
    launch = ["-m", "accelerate.commands.launch", "--config_file", str(path)]
    logs = ["--log_dir", str(scratch / "logs")]
    task = ["-m", "evalkit_lora.launched", str(scratch / "order.json")]
    return [sys.executable, *launch, *logs, *task]


@contextmanager
def _launched(
    command: Sequence[str], devices: int, errors: IO[str]
) -> Iterator["subprocess.Popen[str]"]:
    """The running launcher; on the way out it and its processes have ended."""
    threads = str(max(1, (os.cpu_count() or 1) // devices))
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={"OMP_NUM_THREADS": threads, **os.environ},
        start_new_session=True,
    )
    # The trainers hold its standard output open: that would not end before they do.
    threading.Thread(target=_end_trainers, args=(process,), daemon=True).start()
    try:
        yield process
    finally:
        _end(process)


def _end_trainers(process: "subprocess.Popen[str]") -> None:
    """Close the trainers' pipe once the launcher has ended, however it did.

    They lead sessions of their own, so no signal to the launcher's group would reach them.
    """
    process.wait()
    assert process.stdin is not None
    process.stdin.close()


def _end(process: "subprocess.Popen[str]") -> None:
    """Close the pipe, at which the trainers end; then end the launcher, kindly at first."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(slots=True)
class _Heard:
    """What the processes reported: what failed, what it came to, whether they stopped early."""

    failures: list[dict[str, Any]] = field(default_factory=list)
    tuned: Tuned | None = None
    stopped: bool = False


def _listen(process: "subprocess.Popen[str]", caller: Caller) -> _Heard:
    """Pass progress on until all have ended; ask them to stop once the caller wants it."""
    heard = _Heard()
    asked = False
    assert process.stdout is not None
    for line in process.stdout:
        if not line.startswith(MARK):
            continue
        event = json.loads(line.removeprefix(MARK))
        if "progress" in event:
            caller.progress(*event["progress"])
        elif "failure" in event:
            heard.failures.append(event["failure"])
        elif "tuned" in event:
            heard.tuned = Tuned.from_json(event["tuned"])
        else:
            heard.stopped = True
        if not asked and caller.stopping():
            asked = True
            _ask_to_stop(process)
    return heard


def _ask_to_stop(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    with suppress(OSError, ValueError):  # they have ended, and the pipe may be closed
        process.stdin.write("stop\n")
        process.stdin.flush()


def _error(
    failures: Sequence[dict[str, Any]], said: str, *, code: int, devices: int
) -> AdaptationError | OSError:
    """What ended the training: when one process ends, others fail for the want of it.

    Args:
        failures: what the processes reported, in the order of time.
        said: what they and the launcher wrote to standard error.
        code: the launcher's exit code.
        devices: how many there were.
    """
    for failure in failures:
        if failure["kind"] == "memory":
            return OutOfMemory(failure["message"])
        if failure["kind"] == "adaptation":
            return AdaptationError(failure["message"], failure["hint"])
        if failure["kind"] == "machine":
            return OSError(failure["errno"], failure["message"], failure["path"])
    where = f"lora: training on {devices} devices"
    signals = {int(number) for number in re.findall(r"exitcode\s*:\s*-(\d+)", said)}
    signals |= {-code} if code < 0 else set()
    # With SIGTERM the launcher ends those that are left.
    last = "\n".join(said.strip().splitlines()[-_LINES:])
    if killed := signals - {signal.SIGTERM}:
        of_memory = "a killed process often means too little memory: lower batch-size"
        return AdaptationError(
            f"{where}: a process was ended by {signal.Signals(min(killed)).name}",
            of_memory if signal.SIGKILL in killed else last,
        )
    if failures:
        return AdaptationError(f"{where}: {failures[0]['message']}", failures[0]["hint"])
    return AdaptationError(f"{where}: the processes ended early", last)


def _read(errors: IO[str]) -> str:
    errors.seek(0)
    return errors.read()
