"""Reading a JSONL or CSV file into rows, each with the line on which it begins.

Files are UTF-8, with or without a byte order mark. What is wrong with single rows is gathered,
so that a user sees all of it at once and not one fault per run.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evalkit.errors import DataError
from evalkit.strict import strict_json

SHOWN = 20
"""How many bad rows an error lists."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Attributes:
        line: number of its first line, from 1.
        values: column -> value, as the file has it.
    """

    line: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Faults:
    """The bad rows of one file, gathered.

    Attributes:
        path: the file.
        found: the line of each fault, and a sentence about it.
    """

    path: Path
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, column: str, what: str) -> None:
        """Note what is wrong with a column, or with the whole row if `column` is empty."""
        where = f"line {line}: {column}" if column else f"line {line}"
        self.found.append((line, f"{where}: {what}"))

    def raise_any(self, hint: str = "") -> None:
        """Raise DataError with the first faults, if there are any."""
        if not self.found:
            return
        more = len(self.found) - SHOWN
        first = [sentence for _, sentence in sorted(self.found, key=lambda fault: fault[0])]
        lines = [*first[:SHOWN], *([f"... and {more} more"] if more > 0 else []), hint]
        noun = "fault" if len(self.found) == 1 else "faults"
        raise DataError(f"{self.path}: {len(self.found)} {noun}", "\n".join(filter(None, lines)))


def read_rows(path: Path, faults: Faults) -> list[Row]:
    """All rows that can be read; the others are added to `faults`.

    Raises:
        DataError: the file as a whole cannot be read.
    """
    readers = {".jsonl": _jsonl_rows, ".csv": _csv_rows}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: unknown kind of file", "allowed: .jsonl, .csv")
    return list(reader(_text_of(path), faults))


def _text_of(path: Path) -> str:
    """The content of a UTF-8 file, without a byte order mark."""
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:  # no path may hold a NUL
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path}: cannot be read: {reason}", "check the path") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{content[error.start]:02x}"
        raise DataError(
            f"{path}: line {line}: not UTF-8 ({byte})", "save the file as UTF-8"
        ) from error


def _jsonl_rows(text: str, faults: Faults) -> Iterator[Row]:
    """One JSON object a line; blank lines are passed over."""
    # Not splitlines(): JSON strings may hold U+2028 and its like as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            values = strict_json(line)
        except json.JSONDecodeError as error:
            faults.add(number, "", f"no valid JSON: {error.msg} (column {error.colno})")
            continue
        except ValueError as error:
            faults.add(number, "", f"no valid JSON: {error}")
            continue
        if isinstance(values, dict):
            yield Row(number, values)
        else:
            faults.add(number, "", "a JSON object is needed")


def _csv_rows(text: str, faults: Faults) -> Iterator[Row]:
    """Comma-separated values below a header; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = next(reader, [])
        if len(set(header)) < len(header):
            faults.add(1, "", "the header names a column twice")
        line = reader.line_num + 1
        for cells in reader:
            if cells and len(cells) == len(header):
                yield Row(line, dict(zip(header, cells, strict=True)))
            elif cells:
                faults.add(line, "", f"{len(cells)} cells, but the header has {len(header)}")
            line = reader.line_num + 1
    except csv.Error as error:
        faults.add(line, "", f"no valid CSV: {error}")
