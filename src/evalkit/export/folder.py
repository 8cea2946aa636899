"""The folder that is made: there is a whole one at the end, or none."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalkit.errors import JobError, UserError


def free_target(target: Path) -> Path:
    """Where a folder is to be made, links followed: nothing is there yet, or an empty folder.

    Raises:
        UserError: it is taken, or cannot be replaced.
    """
    hint = "name a folder that does not exist yet, or is empty"
    if target.is_dir():
        if os.path.ismount(target.resolve()):
            raise UserError(f"{target}: this is a mount point", "name a folder below it")
        if any(target.iterdir()):
            raise UserError(f"{target}: this folder is not empty", hint)
    elif target.exists() or target.is_symlink():
        raise UserError(f"{target}: this is no folder", hint)
    return target.resolve()


@contextmanager
def written_whole(target: Path, cell: str) -> Iterator[Path]:
    """An empty folder beside `target`, which gets its name if the block succeeds, else is removed.

    Args:
        target: a free folder, as ``free_target`` gives it.
        cell: id of the cell, for messages.

    Raises:
        UserError: it cannot be made, or the block could not do its part.
    """
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with _blamed_on(target):
            unfinished.mkdir(parents=True)
        try:
            yield unfinished
        except OSError as error:  # it may speak of any file, and says of which
            raise UserError(f"{cell}: cannot be exported: {error}") from error
        except JobError as error:
            raise UserError(f"{cell}: {error.message}", error.hint) from error
        with _blamed_on(target):
            unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _blamed_on(target: Path) -> Iterator[None]:
    """Errors of the block are those of the folder that the user named."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError(f"{target}: cannot be written: {why}", "name another folder") from error
