"""``evalkit score``."""

from collections.abc import Sequence

import click

from evalkit.cli.local import say_local
from evalkit.compare.runs import analyse_again
from evalkit.errors import UserError
from evalkit.params import Params
from evalkit.report.printable import printable
from evalkit.report.terminal import TerminalReporter
from evalkit.rescore import rescore
from evalkit.results import read_results
from evalkit.store import find_run


@click.command("score")
@click.argument("run", metavar="RUN")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    required=True,
    metavar="NAME",
    help="A metric to score by; may be repeated.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter of the metrics, as average=micro.",
)
@click.option("--name", default="", metavar="NAME", help="Call the score so in the results.")
@click.option("-p", "modules", multiple=True, metavar="MODULE", help="Load a plugin module.")
def command(
    run: str, *, metrics: Sequence[str], overrides: Sequence[str], name: str, modules: Sequence[str]
) -> int:
    """Score the predictions of a finished run by other metrics; nothing is generated.

    RUN is a run folder, for instance runs/latest. The scores are added to its results.json, and
    what it says of the methods and of the suite's expectations is found anew.
    """
    if name and len(metrics) > 1:
        raise click.UsageError("--name needs a single --metric")
    folder = find_run(run)
    say_local()
    rescore(folder, metrics, overrides=overrides, name=name, modules=modules)
    try:
        results = analyse_again(folder)
    except UserError as error:  # the scores are there all the same
        click.echo(printable(f"the methods were not compared: {error}"), err=True)
        results = read_results(folder)
    TerminalReporter(Params()).report(results, folder)
    return 0
