"""The table on the terminal, laid out for its width; on a pipe, plain lines of any length.

What a terminal or a pipe cannot show is written in ASCII.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.text import Text

from evalkit.interfaces import Reporter
from evalkit.params import Params
from evalkit.records import Json
from evalkit.report.bars import ASCII, Bars, Signs, bar_lines
from evalkit.report.layout import blocks, grids
from evalkit.report.printable import drop, printable
from evalkit.report.table import Table, expectation_rows, make_table
from evalkit.report.widths import width_of

_PIPE_WIDTH = 10_000
"""Wider than any table: on a pipe nothing is cut or wrapped."""
_NARROWEST = 10
"""With fewer columns left for a text, the terminal itself breaks its lines."""
_COLOURS = {"met": "green", "not met": "bold red", "not judged": "yellow"}
_IN_ASCII = str.maketrans({"\N{EN DASH}": "-", "\N{MINUS SIGN}": "-"})


class TerminalReporter(Reporter):
    """Prints the table of a run."""

    def __init__(self, params: Params, file: IO[str] | None = None) -> None:
        """Print to `file`, by default standard output."""
        super().__init__(params)
        self._file = file

    def report(self, results: Mapping[str, Json], folder: Path) -> None:
        """Print the table and what stands below it."""
        console = console_for(self._file)
        print_table(console, make_table(results))
        _print_expectations(console, results)
        places = [f"run folder: {folder}"]
        if results.get("analysis"):
            places.append(f"differences, tests, advice: evalkit compare {folder}")
        for place in places:  # never broken by a line end of ours: a path is there to be copied
            console.print(Text(_shown(console, f"  {place}"), style="dim"), soft_wrap=True)


def _print_expectations(console: Console, results: Mapping[str, Json]) -> None:
    """Print what the suite expects, a line each; colours only repeat what the words say."""
    rows = expectation_rows(results)
    width = max((len(word) for word, _ in rows), default=0)
    for word, text in rows:
        head = Text(f"  {word:<{width}}  ", style=_COLOURS[word])
        _print_hanging(console, head, Text(_shown(console, text)))


class _Patient(Console):
    """A console that goes on without a reader; rich's own ends the process."""

    def on_broken_pipe(self) -> None:
        """Drop what is printed from now on."""
        self.quiet = True
        drop(self.file)


def console_for(file: IO[str] | None) -> Console:
    """A console on `file`, by default standard output."""
    console = _Patient(file=file, highlight=False)
    if console.is_terminal:
        return console
    return _Patient(file=file, highlight=False, width=_PIPE_WIDTH)


def print_table(console: Console, table: Table) -> None:
    """Print a table, its bars and its notes."""
    console.print()
    parts = grids(table, console.width)
    for part in parts:
        _print_line(console, part.head, "bold")
        _print_line(console, ("-" if _is_plain(console) else "─") * part.width, "dim")
        for row in part.rows:
            _print_line(console, row)
        if part is not parts[-1]:
            console.print()
    if not parts:
        _print_blocks(console, table)
    console.print()
    if table.bars is not None:
        _print_bars(console, table.bars)
        console.print()
    for note in table.notes:
        _print_hanging(console, Text("  "), Text(_shown(console, note)), hang=2)


def _print_blocks(console: Console, table: Table) -> None:
    """Print each row by itself: the terminal is too narrow for columns."""
    width = max(map(width_of, table.columns[table.names :]), default=0)
    for number, block in enumerate(blocks(table)):
        if number:
            console.print()
        _print_hanging(console, Text(), Text(_shown(console, block.name), style="bold"))
        for heading, text in block.lines:
            line = Text(f"  {heading:<{width}}  ").append(_shown(console, text))
            if line.cell_len <= console.width:
                console.print(line, soft_wrap=True)
                continue
            _print_hanging(console, Text("  "), Text(heading))
            _print_hanging(console, Text("    "), Text(_shown(console, text)))


def _print_bars(console: Console, bars: Bars) -> None:
    signs = ASCII if _is_plain(console) else Signs()
    for text, drawn in bar_lines(bars, console.width, signs):
        line = Text(_shown(console, text))
        _print_hanging(console, Text(), line.append(drawn, style="cyan"), hang=6)


def _print_line(console: Console, line: str, style: str = "") -> None:
    """Print a line that fits, or that goes to a pipe."""
    console.print(Text(_shown(console, line), style=style), soft_wrap=True)


def _print_hanging(console: Console, head: Text, text: Text, *, hang: int = 0) -> None:
    """Print a text of any length; on a terminal, its further lines begin below the first."""
    before = head.cell_len + hang
    room = console.width - before
    fits = "\n" not in text.plain and head.cell_len + text.cell_len <= console.width
    if fits or not console.is_terminal or room < _NARROWEST:
        console.print(head + text, soft_wrap=True)
        return
    first, *others = text.wrap(console, room) or [Text()]
    first.rstrip()
    console.print(head + first, soft_wrap=True)
    for line in others:
        line.rstrip()
        console.print(Text(" " * before) + line, soft_wrap=True)


def _is_plain(console: Console) -> bool:
    """Whether only ASCII can be relied on."""
    return console.is_dumb_terminal or not console.encoding.startswith("utf")


def _shown(console: Console, text: str) -> str:
    """The text without control characters, and without what the stream cannot hold."""
    text = printable(text)
    if _is_plain(console):
        text = text.translate(_IN_ASCII)
    return text.encode(console.encoding, "backslashreplace").decode(console.encoding)
