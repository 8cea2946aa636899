"""A child process that runs ``evalkit worker``, perhaps under another interpreter.

It is told one JSON object a line on its standard input and tells events, one JSON object a line,
on its standard output; the last event of each task has the key ``ended``. It leads a process
group of its own, so that it ends together with whatever it has started.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit import __version__
from evalkit.errors import UserError
from evalkit.serialization import line

_PATIENCE_S = 20
"""How long a child may take to give devices back when it is asked to end."""


STOP = signal.SIGUSR1
"""Asks a child to save what it has, and to end what it is doing."""

_EVALKIT = ("-P", "-m", "evalkit")
"""Without -P, Python would import from the working folder first, which the command does not."""


class Child:
    """A running ``evalkit worker``."""

    def __init__(self, python: Path | None, *, where: str) -> None:
        """Start it.

        Args:
            python: the interpreter; None is the one that runs this.
            where: the suite's key that names it, for errors.

        Raises:
            UserError: it cannot be started.
        """
        program = str(python or sys.executable)
        self._busy = False
        self._group_ended, self._ending = False, threading.Lock()
        try:
            self._process = subprocess.Popen(
                [program, *_EVALKIT, "worker", "--parent", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
        except OSError as error:
            what = f"{where}: {program} cannot be started: {error.strerror}"
            raise UserError(what, "name the interpreter of an environment") from error
        # What it forked holds its end of the pipe: events would not end before that does.
        threading.Thread(target=self._clear_up, daemon=True).start()

    def stop(self) -> None:
        """Ask it to save what it has, and to end what it is doing."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(STOP)

    def tell(self, form: Mapping[str, Any]) -> None:
        """Write a line to it; a child that is gone shows in `events`."""
        assert self._process.stdin is not None
        self._busy = True
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line(form) + "\n")
            self._process.stdin.flush()

    def events(self) -> Iterator[dict[str, Any]]:
        """What it tells, the event with ``ended`` included; ends early if the child is gone."""
        assert self._process.stdout is not None
        for text in self._process.stdout:
            event = _event(text)
            if event is None:
                continue  # half a line of a child that died, or what a start-up file printed
            if "ended" in event:
                self._busy = False
            yield event
            if "ended" in event:
                return

    def how_it_ended(self) -> str:
        """Why there are no more events."""
        code = self._wait()
        return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"

    def close(self) -> None:
        """Let it end; end it if it does not, or has a task that nobody waits for."""
        if self._busy:
            self._process.terminate()
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._wait()
        self._end_group()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _wait(self) -> int:
        """Its exit code, once it has ended, if need be by force."""
        try:
            return self._process.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _clear_up(self) -> None:
        self._process.wait()
        self._end_group()

    def _end_group(self) -> None:
        """End what the child started and left behind, once: later its number may be another's."""
        with self._ending:
            if self._group_ended:
                return
            self._group_ended = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _event(text: str) -> dict[str, Any] | None:
    """An event of a child; None if the line is none."""
    try:
        event = json.loads(text)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def check_interpreter(python: Path, *, where: str) -> None:
    """Ask an interpreter for its evalkit.

    Args:
        python: the interpreter.
        where: the suite's key that names it, for errors.

    Raises:
        UserError: there is none, or another version.
    """
    hint = f"{where} is an interpreter with the same evalkit and plugins installed"
    command = [str(python), *_EVALKIT, "--version"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UserError(f"{where}: {python}: {error.strerror}", hint) from None
    if told.stdout.strip() != f"evalkit {__version__}":
        last = (told.stderr.strip() or told.stdout.strip() or "nothing").splitlines()[-1]
        what = f"{where}: {python} has no evalkit {__version__}: {last}"
        raise UserError(what, hint)
