"""An append-only file of checked lines, which is read back whatever happened to it.

A line is the beginning of a SHA-256 over the rest of it, a space, and a JSON object. Lines are
written whole, in one call, so that a kill leaves all of them or none; what a power cut or a full
disk left of the last one is cut off, and a line that was damaged later is left out.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_DIGITS = 16
AROUND = _DIGITS + 2
"""Bytes of a line around its JSON."""
_SYNC_EVERY_S = 0.5


class Log:
    """The file, made with the first line that is written."""

    def __init__(self, path: Path) -> None:
        """Neither read nor written yet."""
        self._path = path
        self._descriptor: int | None = None
        self._end = 0
        self._synced = time.monotonic()

    def read(self) -> Iterator[tuple[int, int, dict[str, Any] | None]]:
        """Lines from the beginning: where each is, its length in bytes, and what it says.

        None stands for a line that is damaged. What was cut off at the end is removed.
        """
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for written in file:
                if written.endswith(b"\n"):
                    yield self._end, len(written), _checked(written)
                    self._end += len(written)
        if self._path.stat().st_size > self._end:
            os.truncate(self._path, self._end)
            yield self._end, 0, None

    def write(self, forms: Sequence[bytes], *, sync: bool) -> list[int]:
        """Append JSON objects.

        Args:
            forms: each on one line of ASCII, without its end.
            sync: wait until the disk has it; else it may wait for half a second.

        Returns:
            Where each of them is.

        Raises:
            OSError: for instance the disk is full; nothing was written.
        """
        lines = [_line(form) for form in forms]
        places, end = [], self._end
        for line in lines:
            places.append(end)
            end += len(line)
        self._append(b"".join(lines))
        self._end = end
        if sync or time.monotonic() - self._synced > _SYNC_EVERY_S:
            self.sync()
        return places

    def at(self, place: int, length: int) -> dict[str, Any] | None:
        """What a line says; None if it is damaged."""
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        return _checked(os.pread(self._descriptor, length, place))

    def sync(self) -> None:
        """Wait until the disk has everything.

        Raises:
            OSError: it cannot be written.
        """
        if self._descriptor is not None:
            try:
                os.fdatasync(self._descriptor)
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(self._path)) from None
        self._synced = time.monotonic()

    def close(self) -> None:
        """Close the file; what was written stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _append(self, data: bytes) -> None:
        try:
            if self._descriptor is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
                made = not self._path.exists()
                self._descriptor = os.open(self._path, flags, 0o644)
                if made:
                    _sync_names(self._path.parent)
            done = 0
            while done < len(data):
                done += os.pwrite(self._descriptor, data[done:], self._end + done)
        except OSError as error:
            if self._descriptor is not None:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._descriptor, self._end)
            raise OSError(error.errno, error.strerror, str(self._path)) from None


def _sync_names(folder: Path) -> None:
    """Wait until the disk has the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _line(form: bytes) -> bytes:
    return hashlib.sha256(form).hexdigest()[:_DIGITS].encode() + b" " + form + b"\n"


def _checked(written: bytes) -> dict[str, Any] | None:
    known, _, form = written.rstrip(b"\n").partition(b" ")
    if hashlib.sha256(form).hexdigest()[:_DIGITS].encode() != known:
        return None
    try:
        found = json.loads(form)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
