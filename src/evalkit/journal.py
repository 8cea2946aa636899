"""The journal of one job on disk: what its engines decided, kept through a kill.

Each line holds a record and a hash of it. A line that was cut by a crash is the last one; it and
whatever follows it are dropped with a notice, and the job decides that point anew.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit.interfaces import Journal
from evalkit.records import Json
from evalkit.serialization import digest, line


class Part(Journal):
    """The part of a journal that belongs to one of a job's engines."""

    def __init__(self, whole: Journal, name: str) -> None:
        """Keep what is recorded in `whole`, under keys that begin with `name`."""
        super().__init__()
        self._whole = whole
        self._name = name

    def recall(self, key: str) -> Json:
        """See the base class."""
        return self._whole.recall(f"{self._name}/{key}")

    def recall_all(self) -> Mapping[str, Json]:
        """See the base class."""
        start = f"{self._name}/"
        recorded = self._whole.recall_all().items()
        return {key.removeprefix(start): v for key, v in recorded if key.startswith(start)}

    def record(self, key: str, value: Json) -> None:
        """See the base class."""
        self._whole.record(f"{self._name}/{key}", value)

    def notice(self, text: str) -> None:
        """See the base class."""
        self._whole.notice(text)


class FileJournal(Journal):
    """A Journal in a file, which is made with the first record."""

    def __init__(self, path: Path, notice: Callable[[str], None]) -> None:
        """Read what an earlier attempt at the job left, if it left anything.

        Args:
            path: the file.
            notice: told of what is worth a line.
        """
        super().__init__()
        self._path = path
        self._notice = notice
        whole = 0
        for length, form in _records(path):
            whole += length
            self.records[form["key"]] = form["value"]
        if path.exists() and path.stat().st_size > whole:
            os.truncate(path, whole)
            notice(f"{path.name}: a record that was cut off has been dropped")

    def record(self, key: str, value: Json) -> None:
        """Append a record and wait until the disk has it."""
        super().record(key, value)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        form = {"key": key, "value": value}
        with self._path.open("a", encoding="ascii") as file:
            file.write(line({**form, "sha256": digest(form)}) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def notice(self, text: str) -> None:
        """Tell the user something worth a line."""
        self._notice(text)

    def remove(self) -> None:
        """Forget everything: the job is over."""
        self.records.clear()
        self._path.unlink(missing_ok=True)


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The whole records at the start of a file, each with its length in bytes."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for written in file:
            try:
                form = json.loads(written)
                known = form.pop("sha256")
            except (ValueError, KeyError, AttributeError, TypeError):
                return
            if not written.endswith(b"\n") or digest(form) != known:
                return
            yield len(written), form
