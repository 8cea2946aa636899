"""The folder that is made: there is a whole one at the end, or none."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalkit.errors import JobError, UserError


def check_target(target: Path) -> None:
    """See that a folder is free: not there, or empty.

    Raises:
        UserError: it is taken.
    """
    hint = "name a folder that does not exist yet, or is empty"
    if target.is_dir():
        if any(target.iterdir()):
            raise UserError(f"{target}: this folder is not empty", hint)
    elif target.exists() or target.is_symlink():
        raise UserError(f"{target}: this is no folder", hint)


@contextmanager
def written_whole(target: Path, cell: str) -> Iterator[Path]:
    """An empty folder beside `target`, which gets its name if the block succeeds, else is removed.

    Args:
        target: a free folder.
        cell: id of the cell, for messages.

    Raises:
        UserError: it cannot be written, or the cell's adapter could not do its part.
    """
    target = target.absolute()
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        unfinished.rename(target)
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError(f"{target}: cannot be written: {why}", "name another folder") from error
    except JobError as error:
        raise UserError(f"{cell}: {error.message}", error.hint) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
