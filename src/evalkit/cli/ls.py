"""``evalkit ls``."""

from typing import Any

import click

from evalkit.cli import EXIT_NOTHING
from evalkit.cli.options import make_choice, suite_options
from evalkit.prepare import Prepared, prepare
from evalkit.report.printable import printable
from evalkit.wording import counted


@click.command("ls")
@suite_options
def command(**choice: Any) -> int:
    """List the cells of a suite, one a line, without running anything."""
    prepared = prepare(make_choice(**choice))
    for notice in prepared.notices:
        click.echo(printable(notice), err=True)
    print_cells(prepared)
    return 0 if prepared.cells else EXIT_NOTHING


def print_cells(prepared: Prepared) -> None:
    """Print the id of each cell, with its model, training size and seed."""
    width = max((len(cell.id) for cell in prepared.cells), default=0)
    for cell in prepared.cells:
        size = "all" if cell.train_size is None else str(cell.train_size)
        line = f"{cell.id:{width}}  {cell.model}  train-size {size}  seed {cell.seed}"
        click.echo(printable(line))
    click.echo(counted(len(prepared.cells), "cell"), err=True)
