"""``evalkit export``."""

from collections.abc import Sequence
from pathlib import Path

import click

from evalkit.cli.local import say_local
from evalkit.export import Exported, Order, export
from evalkit.report.printable import printable
from evalkit.store import find_run
from evalkit.wording import counted


@click.command("export")
@click.argument("run", metavar="RUN")
@click.argument("cell", metavar="CELL")
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--merged", is_flag=True, help="A complete model, trained weights merged in.")
@click.option(
    "--base",
    default="",
    metavar="OWNER/NAME",
    help="Public name of the model that was adapted, if the suite does not tell it.",
)
@click.option("-p", "modules", multiple=True, metavar="MODULE", help="Load a plugin module.")
def command(
    run: str, cell: str, target: Path, *, merged: bool, base: str, modules: Sequence[str]
) -> int:
    """Export a cell of a finished run to a folder: prompt, trained weights, model card.

    RUN is a run folder, for instance runs/latest. CELL is the id of a cell, or best: the best one
    by the suite's first metric. DIR must not exist, or be empty.
    """
    say_local()
    order = Order(
        run=find_run(run), cell=cell, target=target, merged=merged, base=base, modules=modules
    )
    _show(export(order, lambda text: click.echo(printable(text), err=True)), order)
    return 0


def _show(exported: Exported, order: Order) -> None:
    """Print what was exported and where, and what is left for the user to say."""
    cell = exported.cell
    scores = [
        f"{name} {score['value']:.3f}"
        for name, score in cell["scores"].items()
        if score["value"] is not None
    ]
    lines = [
        f"{order.target}: {exported.content}",
        f"  cell: {cell['id']} of {order.run.name}",
        f"  scores: {', '.join(scores) or 'none'}, on {counted(cell['examples'], 'example')}",
        f"  files: {', '.join(exported.files)}",
    ]
    if not exported.base.public:
        lines.append(f"  if {exported.base.name} has a public name, say it: --base OWNER/NAME")
    for line in lines:
        click.echo(printable(line))
