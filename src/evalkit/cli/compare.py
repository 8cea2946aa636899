"""``evalkit compare``."""

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any

import click

from evalkit.compare.runs import Request, compare_runs
from evalkit.compare.table import comparison_table, to_csv
from evalkit.report.markdown import to_markdown
from evalkit.report.printable import printable
from evalkit.report.terminal import console_for, print_table
from evalkit.store import find_run


def _finite(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not isfinite(value):
        raise click.BadParameter("a finite number is needed", context, option)
    return value


@click.command("compare")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--baseline", default="", metavar="METHOD", help="Compare the others with this one.")
@click.option("--metric", default="", metavar="NAME", help="The primary metric.")
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="METHOD",
    help="Only these: a name or a pattern; may be repeated.",
)
@click.option("--all-pairs", is_flag=True, help="Compare every pair, not only with the baseline.")
@click.option(
    "--meaningful-difference",
    type=click.FloatRange(min=0, min_open=True),
    callback=_finite,
    metavar="X",
    help="The least difference that matters.",
)
@click.option(
    "--replicates",
    type=click.IntRange(min=99, max=1_000_000),
    metavar="N",
    help="Of the bootstrap.",
)
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="List design effects, differences of ratings and the checks that hold, too.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
def command(runs: Sequence[str], *, form: str, **options: Any) -> int:
    """Compare the methods of finished runs: differences with intervals, tests, a verdict.

    RUN is a run folder, for instance runs/latest. Methods whose task, split or normalisation
    differ are refused. What a run's suite says in [analysis] holds unless an option says else.
    """
    changes = {
        "baseline": options["baseline"] or None,
        "metric": options["metric"] or None,
        "pairs": "all" if options["all_pairs"] else None,
        "meaningful-difference": options["meaningful_difference"],
        "replicates": options["replicates"],
    }
    folders = tuple(dict.fromkeys(find_run(run) for run in runs))
    request = Request(runs=folders, methods=tuple(options["methods"]), changes=changes)
    _print(compare_runs(request), form, all_checks=options["verbose"])
    return 0


def _print(analysis: dict[str, Any], form: str, *, all_checks: bool) -> None:
    if form == "json":
        click.echo(json.dumps(analysis, indent=2, ensure_ascii=True, allow_nan=False))
        return
    if form == "csv":
        click.echo(printable(to_csv(analysis)), nl=False)
        return
    table = comparison_table(analysis, all_checks=all_checks)
    if form == "markdown":
        click.echo(printable(to_markdown(table)), nl=False)
    else:
        print_table(console_for(None), table)
