"""``evalkit run``."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import click

from evalkit.api import execute, look_ahead
from evalkit.cli import EXIT_FAILED, EXIT_NOTHING
from evalkit.cli.ls import print_cells
from evalkit.cli.options import make_choice, suite_options
from evalkit.errors import UserError
from evalkit.params import Params
from evalkit.prepare import Prepared, prepare
from evalkit.report.durations import duration_lines, finished_jobs
from evalkit.report.junit import write_junit
from evalkit.report.place import check_place, shown_place
from evalkit.report.printable import printable
from evalkit.report.progress import BarProgress, PlainProgress
from evalkit.report.terminal import TerminalReporter
from evalkit.results import lacking
from evalkit.runner import Finished, Options


@click.command("run")
@suite_options
@click.option(
    "--output-dir",
    default="runs",
    show_default=True,
    metavar="DIR",
    help="Where finished jobs and run folders are kept.",
)
@click.option("--fresh", is_flag=True, help="Run every job anew, and ask every question anew.")
@click.option("--no-cache", is_flag=True, help="Use nothing that other runs were answered.")
@click.option("--refresh", is_flag=True, help="Ask anew what is not finished, and cache it.")
@click.option(
    "--keep-going",
    is_flag=True,
    help="Cells whose model or data cannot be had fail; the others run.",
)
@click.option("-x", "first", is_flag=True, help="Stop after the first failed cell.")
@click.option("--maxfail", type=click.IntRange(min=1), metavar="N", help="Stop after N of them.")
@click.option("--lf", "last_failed", is_flag=True, help="Only cells that the last run lacks.")
@click.option(
    "--dry-run", is_flag=True, help="Check everything, ask no model, and estimate what a run takes."
)
@click.option("--collect-only", is_flag=True, help="Only list the cells.")
@click.option(
    "--junitxml",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write cells, comparisons and expectations as JUnit XML.",
)
@click.option("--durations", type=click.IntRange(0), metavar="N", help="Slowest N jobs; 0: all.")
@click.option("-v", "--verbose", is_flag=True, help="Show the estimate though nothing is paid.")
@click.option("-q", "--quiet", is_flag=True, help="Only the table and failures.")
def command(**options: Any) -> int:
    """Run a suite: adapt the models, predict, score, compare.

    SUITE is a TOML file, or the name of a suite that a plugin registers. Finished jobs in the
    output folder are not run again.
    """
    prepared = prepare(make_choice(**options))
    if options["last_failed"]:
        prepared = _failed_last(prepared, Path(options["output_dir"]))
    if not prepared.cells:
        click.echo("no cell is selected; list them with: evalkit ls", err=True)
        return EXIT_NOTHING
    if options["collect_only"]:
        print_cells(prepared)
        return 0
    chosen = _options(options, prepared)
    if options["dry_run"]:
        return _dry_run(prepared, chosen)
    junit: Path | None = options["junitxml"]
    if junit is not None:
        check_place(junit)
    finished = _run(prepared, chosen, quiet=options["quiet"], durations=options["durations"])
    if junit is not None:
        write_junit(finished.results, junit, finished.problems)
    return EXIT_FAILED if finished.failed else 0


def _options(options: Mapping[str, Any], prepared: Prepared) -> Options:
    return Options(
        output=Path(options["output_dir"]),
        fresh=options["fresh"],
        cache=cache_use(options),
        keep_going=options["keep_going"],
        max_failures=1 if options["first"] else options["maxfail"] or 0,
        verbose=options["verbose"],
        modules=tuple(options["modules"]),
        local=prepared.local,
        command=tuple(click.get_current_context().obj or ()),
    )


def _run(prepared: Prepared, options: Options, *, quiet: bool, durations: int | None) -> Finished:
    fancy = sys.stderr.isatty() and not quiet
    with BarProgress() if fancy else PlainProgress(quiet=quiet) as progress:
        for notice in prepared.notices:
            progress.notice(notice)
        finished = execute(prepared, options, progress)
    TerminalReporter(Params()).report(finished.results, finished.folder)
    if durations is not None:
        before = finished_jobs(finished.results)
        for line in duration_lines(progress.took, durations, before):
            click.echo(printable(f"  {line}"))
    for text in finished.told:
        click.echo(printable(text), err=True)
    for path in finished.written:
        click.echo(printable(f"  report: {shown_place(path)}"))
    return finished


def _dry_run(prepared: Prepared, options: Options) -> int:
    """Print what a run would take."""
    progress = PlainProgress()
    for notice in prepared.notices:
        progress.notice(notice)
    for text in look_ahead(prepared, options, progress):
        click.echo(printable(text))
    return 0


def _failed_last(prepared: Prepared, output: Path) -> Prepared:
    """Only the cells that the newest run of the suite lacks: failed, not run, or with failures."""
    name = prepared.suite.name
    missing = lacking(output, name)
    if missing is None:
        click.echo(f"{output}: there is no run of {name} yet", err=True)
    elif not missing:
        click.echo(f"{output}: no cell of the last run of {name} failed", err=True)
    chosen = tuple(cell for cell in prepared.cells if cell.id in (missing or ()))
    return replace(prepared, cells=chosen)


def cache_use(options: Mapping[str, Any]) -> Literal["use", "refresh", "off"]:
    """What the response cache is for.

    Raises:
        UserError: the options contradict each other.
    """
    if options["no_cache"] and options["refresh"]:
        raise UserError("--no-cache and --refresh exclude each other", "leave one of them out")
    if options["no_cache"]:
        return "off"
    return "refresh" if options["refresh"] or options["fresh"] else "use"
