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
from pathlib import Path
from typing import Any


class Lock:
    """A lock with a file, which goes when the lock is given back."""

    def __init__(self, path: Path) -> None:
        """Take nothing yet."""
        self._path = path
        self._descriptor: int | None = None

    def take(self, *, wait: bool = False) -> bool:
        """Take the lock.

        Args:
            wait: wait as long as somebody else has it.

        Returns:
            Whether it is taken.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
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
        holder = {"process": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode("ascii"), 0)
        return True

    def give_back(self) -> None:
        """Give the lock back, and remove its file; nothing if it is not taken."""
        if self._descriptor is not None:
            self._path.unlink(missing_ok=True)
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


def is_held(path: Path) -> bool:
    """Whether some process has the lock with this file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
