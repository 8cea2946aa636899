"""``evalkit latency``."""

import sys
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import click

from evalkit.cli import EXIT_FAILED, EXIT_NOTHING
from evalkit.cli.expression import matcher
from evalkit.cli.local import say_local
from evalkit.compare.latency import describe
from evalkit.latency.load import LEAST_WARM_UP, Load
from evalkit.latency.measure import Order, measure
from evalkit.report.printable import printable
from evalkit.report.progress import BarProgress, PlainProgress
from evalkit.store import find_run


def _finite(context: click.Context, option: click.Parameter, value: float) -> float:
    if not isfinite(value):
        raise click.BadParameter("a finite number is needed", context, option)
    return value


def _load_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say when requests are due."""
    above_0 = click.FloatRange(min=0, min_open=True)
    decorators = [
        click.option(
            "--rate", required=True, type=above_0, callback=_finite, metavar="R",
            help="Requests a second, on average.",
        ),
        click.option(
            "--requests", default=200, show_default=True, type=click.IntRange(min=1), metavar="N",
            help="Measure N requests of each cell.",
        ),
        click.option(
            "--warm-up", default=LEAST_WARM_UP, show_default=True,
            type=click.IntRange(min=LEAST_WARM_UP), metavar="N",
            help="Send N requests before those, not counted.",
        ),
        click.option(
            "--timeout", "timeout_s", default=60.0, show_default=True, type=above_0,
            callback=_finite, metavar="S", help="Seconds after which nobody waits any more.",
        ),
        click.option(
            "--seed", default=0, show_default=True, type=click.IntRange(min=0), metavar="N",
            help="Of the schedule.",
        ),
    ]  # fmt: skip
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


@click.command("latency")
@click.argument("run", metavar="RUN")
@click.option(
    "-k",
    "expression",
    default="",
    metavar="EXPR",
    help='Only cells that match, as "lora and not 100" (parts of names; and, or, not).',
)
@_load_options
@click.option("-p", "modules", multiple=True, metavar="MODULE", help="Load a plugin module.")
def command(run: str, *, expression: str, modules: Sequence[str], **load: Any) -> int:
    """Measure how long users would wait for the answers of a finished run.

    RUN is a run folder, for instance runs/latest. Requests of the evaluated examples are sent on
    a schedule, by Poisson arrivals, whether or not earlier ones were answered. The engine must
    serve single requests; every request is asked anew, and paid for.
    """
    say_local()
    order = Order(
        run=find_run(run),
        load=Load(**load),
        matches=matcher(expression) if expression else lambda text: True,
        modules=modules,
    )
    with BarProgress() if sys.stderr.isatty() else PlainProgress() as progress:
        found = measure(order, progress)
    if not found:
        click.echo("no finished cell is selected", err=True)
        return EXIT_NOTHING
    for form in found:
        for line in describe(form):
            click.echo(printable(line))
    click.echo(printable(f"compare: evalkit compare {order.run}"))
    return EXIT_FAILED if any(set(form["times_s"]) == {None} for form in found) else 0
