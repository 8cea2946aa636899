"""The table on the terminal, with rich; on a pipe, the same without colour or wrapping."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from evalkit.interfaces import Reporter
from evalkit.params import Params
from evalkit.records import Json
from evalkit.report.printable import drop, printable
from evalkit.report.table import Table, expectation_rows, make_table

_PIPE_WIDTH = 10_000
"""Wider than any table: on a pipe nothing is cut or wrapped."""
_COLOURS = {"met": "green", "not met": "bold red", "not judged": "yellow"}


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
        for place in places:
            console.print(Text(f"  {printable(place)}", style="dim"), soft_wrap=True)


def _print_expectations(console: Console, results: Mapping[str, Json]) -> None:
    """Print what the suite expects, a line each; colours only repeat what the words say."""
    rows = expectation_rows(results)
    for word, text in rows:
        line = Text(f"  {word:<{max(len(one) for one, _ in rows)}}", style=_COLOURS[word])
        console.print(line.append(f"  {printable(text)}", style="default"), soft_wrap=True)


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
    """Print a table and its notes."""
    shown = RichTable(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for heading, numeric in zip(table.columns, table.numeric, strict=True):
        shown.add_column(Text(heading), justify="right" if numeric else "left")
    for row in table.rows:
        shown.add_row(*(Text(printable(text)) for text in row))
    console.print(shown)
    for note in table.notes:
        console.print(Text(f"  {printable(note)}"), soft_wrap=True)
