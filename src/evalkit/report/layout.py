"""A table as lines of text, in parts below each other where it is too wide. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from evalkit.report.printable import printable
from evalkit.report.table import Table
from evalkit.report.widths import padded, width_of

_GAPS: Final = (3, 2)
"""Columns of blanks between two columns; fewer where that spares a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Some columns of a table.

    Attributes:
        head: the headings.
        width: of the widest line.
        rows: a line for each row.
    """

    head: str
    width: int
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A row of a table by itself: its name, then a line for each column that says something."""

    name: str
    lines: tuple[tuple[str, str], ...]


def grids(table: Table, width: int) -> list[Grid]:
    """The table in as few parts as fit into a width, each with the columns that name the rows.

    Where there are several parts, each has only the rows of which it says something.

    Returns:
        Nothing if some column does not fit beside those.
    """
    cells = [[_flat(text) for text in row] for row in (table.columns, *table.rows)]
    widths = [max(map(width_of, column)) for column in zip(*cells, strict=True)]
    ways = [_parts(table.names, widths, width, gap) for gap in _GAPS]
    parts, gap = min(zip(ways, _GAPS, strict=True), key=lambda way: len(way[0]))
    if any(_width(part, widths, gap) > width for part in parts):
        return []
    spaced = _Spacing(numeric=table.numeric, widths=widths, gap=gap, names=table.names)
    return [spaced.grid(part, cells, only=len(parts) == 1) for part in parts]


def _parts(names: int, widths: Sequence[int], width: int, gap: int) -> list[list[int]]:
    """The columns of each part, with those that name the rows before them."""
    parts = [[*range(names)]]
    for column in range(names, len(widths)):
        if len(parts[-1]) > names and _width([*parts[-1], column], widths, gap) > width:
            parts.append([*range(names)])
        parts[-1].append(column)
    return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spacing:
    """How the columns of a table are set."""

    numeric: Sequence[bool]
    widths: Sequence[int]
    gap: int
    names: int

    def grid(self, part: Sequence[int], cells: Sequence[Sequence[str]], *, only: bool) -> Grid:
        head, *rows = cells
        others = part[self.names :]
        told = [row for row in rows if only or any(row[column] for column in others)]
        return Grid(
            head=self._line(head, part),
            width=_width(part, self.widths, self.gap),
            rows=tuple(self._line(row, part) for row in told),
        )

    def _line(self, row: Sequence[str], part: Sequence[int]) -> str:
        shown = (padded(row[c], self.widths[c], right=self.numeric[c]) for c in part)
        return (" " * self.gap).join(shown).rstrip()


def _width(part: Sequence[int], widths: Sequence[int], gap: int) -> int:
    return sum(widths[column] for column in part) + gap * (len(part) - 1)


def blocks(table: Table) -> Iterator[Block]:
    """Each row by itself."""
    for row in table.rows:
        cells = [_flat(text) for text in row]
        pairs = zip(table.columns[table.names :], cells[table.names :], strict=True)
        yield Block(
            name=", ".join(filter(None, cells[: table.names])),
            lines=tuple((_flat(heading), text) for heading, text in pairs if text),
        )


def _flat(text: str) -> str:
    """The text on one line, fit for a terminal."""
    return printable(" ".join(text.splitlines()))
