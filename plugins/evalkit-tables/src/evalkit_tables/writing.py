"""Files that appear whole or not at all, in a folder that lies within the run folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from evalkit import UserError


def folder_within(run: Path, name: str) -> Path:
    """Make the folder of that name in a run folder.

    Raises:
        UserError: it cannot be made, or a link leads out of the run folder.
    """
    place = run / name
    if not place.resolve().is_relative_to(run.resolve()):
        raise UserError(f"{place}: a link leads out of the run folder", "remove the link")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(place, error) from None
    return place


@contextmanager
def atomically(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which takes its place when all of it is on the disk.

    Whatever is raised meanwhile, nothing is left: a file of an earlier time is removed too, as
    it would pass for the one that could not be written.

    Raises:
        UserError: it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException as error:
        _remove(unfinished)
        _remove(path)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from None
        raise


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # what is said is why it could not be written


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"{path}: cannot be written: {error.strerror or error}",
        "make room or give way there, then make them again by evalkit report",
    )
