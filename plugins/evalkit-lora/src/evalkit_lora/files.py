"""Files that last, and errors of the file system that say which file they are about."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an error of the file system say where it was met.

    Raises:
        OSError: with a path; also in place of safetensors' own error, which has the system's
            number in its text alone.
    """
    try:
        yield
    except SafetensorError as error:
        found = re.search(r"os error (\d+)", str(error))
        if found is None:
            raise
        number = int(found[1])
        raise OSError(number, os.strerror(number), str(path)) from error
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error


def sync(path: Path) -> None:
    """Wait until a file, or what a folder lists, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def leave_mark(path: Path) -> None:
    """Make an empty file that outlives a crash; that it is there is all it says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    sync(path.parent)
