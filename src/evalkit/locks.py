"""Locks that end with the process that holds them, so that none is ever stale.

A lock is on an open file (flock(2)), which the system gives back however its holder ended. Inside
the file stands who holds it, for messages alone.
"""

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakSet


class Lock:
    """A lock with a file, which goes when the lock is given back."""

    def __init__(self, path: Path) -> None:
        """Take nothing yet."""
        self._path = path
        self._descriptor: int | None = None

    def exists(self) -> bool:
        """Whether its file is there: somebody has the lock, or was killed with it."""
        return self._path.exists()

    def take(self) -> bool:
        """Take the lock; whether it is taken."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            except BaseException:
                os.close(descriptor)
                raise
            if self._is_at_its_place(descriptor):
                break
            os.close(descriptor)  # whoever had it removed the file meanwhile
        self._descriptor = descriptor
        _held().add(self)
        holder = {"process": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        with contextlib.suppress(OSError):  # a disk may be full, and it is for messages alone
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(holder).encode("ascii"), 0)
        return True

    def give_back(self) -> None:
        """Give the lock back, and remove its file; nothing if it is not taken."""
        if self._descriptor is not None:
            if self._is_at_its_place(self._descriptor):
                self._path.unlink(missing_ok=True)
            self.let_go()

    def let_go(self) -> None:
        """Close the file and leave it: the lock is given back once no process has it open."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def holder(self) -> Mapping[str, Any]:
        """Who has it: ``process``, ``host`` and ``since``; empty if that cannot be told."""
        with contextlib.suppress(OSError, ValueError):
            form = json.loads(self._path.read_text(encoding="ascii"))
            if isinstance(form, dict):
                return form
        return {}

    def _is_at_its_place(self, descriptor: int) -> bool:
        try:
            there, here = self._path.stat(), os.fstat(descriptor)
        except FileNotFoundError:
            return False
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


@cache
def _held() -> "WeakSet[Lock]":
    """The locks of this process. A process forked off it has them open too, and must let go."""
    held: WeakSet[Lock] = WeakSet()

    def let_go() -> None:
        for lock in list(held):
            lock.let_go()

    os.register_at_fork(after_in_child=let_go)
    return held


def is_held(path: Path) -> bool:
    """Whether some process has the lock with this file; for messages, as it may change at once."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
