"""Converted models and remembered file hashes, kept in evalkit's cache folder."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evalkit import cache_folder


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock of a name, across processes; waits for whoever holds it."""
    path = cache_folder() / "locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """An empty folder to fill, which becomes `target` in one step if nothing is raised."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield draft
        draft.chmod(0o755)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def digest(path: Path) -> str:
    """sha256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def file_sha256(path: Path) -> str:
    """The same, remembered by path, size and time of change, so that twice is instant."""
    known = known_sha256(path)
    if known is not None:
        return known
    found = digest(path)
    with locked("hashes"):
        _remember({**_remembered(), str(path.resolve()): [*_state(path), found]})
    return found


def known_sha256(path: Path) -> str | None:
    """The remembered hash of a file; None if it changed or was never asked for."""
    known = _remembered().get(str(path.resolve()))
    return str(known[2]) if known is not None and known[:2] == _state(path) else None


def _state(path: Path) -> list[int | str]:
    """Size and time of change in ns."""
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns]


def _notes() -> Path:
    return cache_folder() / "hashes.json"


def _remembered() -> dict[str, list[int | str]]:
    """Path -> size, time of change in ns, sha256. A damaged file counts as an empty one."""
    with suppress(OSError, ValueError):
        notes = json.loads(_notes().read_text("utf-8"))
        if isinstance(notes, dict):
            return notes
    return {}


def _remember(notes: dict[str, list[int | str]]) -> None:
    """Replace the notes in one step."""
    draft = _notes().with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(notes), "utf-8")
    draft.replace(_notes())
