"""Drawings that were made before, so that a report in which nothing changed needs no engine.

They lie in evalkit's cache folder, one file each, under the hash of all that they are made of. A
file begins with the hash of what follows: one that is damaged counts as not there. Files are
written whole, by rename, and only the user can read them: names in charts may be private. The least
recently used make room. What the disk refuses is no reason to fail: it is drawn again.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from evalkit import cache_folder

MOST: Final = 400
"""How many drawings are kept at most."""
_LAYOUT: Final = "1"
_LINE: Final = 65  # a sha256 and the end of its line


@dataclass(frozen=True, slots=True)
class Kept:
    """A folder of drawings.

    Attributes:
        folder: where they lie; None keeps nothing.
        most: how many there are at most.
    """

    folder: Path | None
    most: int = MOST

    def find(self, key: str) -> str | None:
        """The drawing under a key; None if there is no sound one."""
        if self.folder is None:
            return None
        path = self.folder / f"{key}.svg"
        with suppress(OSError, UnicodeDecodeError):
            content = path.read_bytes()
            body = content[_LINE:]
            if content[:_LINE] == _first_line(body):
                os.utime(path)
                return body.decode()
        return None

    def keep(self, drawings: Mapping[str, str]) -> None:
        """Keep drawings under their keys, and remove the least recently used beyond `most`."""
        if self.folder is None or not drawings:
            return
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for key, drawing in drawings.items():
                _write(self.folder / f"{key}.svg", drawing.encode())
            _make_room(self.folder, self.most)


def kept_drawings() -> Kept:
    """The folder for drawings; none if ``EVALKIT_CACHE_SIZE`` is 0, which switches caches off."""
    size = os.environ.get("EVALKIT_CACHE_SIZE", "").strip().rstrip("KMGTBkmgtb ")
    off = bool(size) and not size.strip("0.")
    return Kept(None if off else cache_folder() / "charts")


def engine_version() -> str:
    """The version of what draws, without loading it."""
    return metadata.version("vl-convert-python")


def key_of(spec: Mapping[str, Any], engine: str) -> str:
    """The hash of a spec, and of the version of what draws it."""
    made_of = [_LAYOUT, engine, spec]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


def _first_line(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode() + b"\n"


def _write(path: Path, body: bytes) -> None:
    handle, draft = tempfile.mkstemp(prefix=".draft-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_first_line(body) + body)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _make_room(folder: Path, most: int) -> None:
    """Remove the oldest files; drafts that a killed process left behind are among them in time."""
    files = [entry for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False)]
    if len(files) <= most:
        return
    by_age = sorted(files, key=lambda entry: entry.stat().st_mtime_ns)
    for entry in by_age[: len(files) - most]:
        Path(entry.path).unlink(missing_ok=True)
