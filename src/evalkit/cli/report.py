"""``evalkit report``."""

import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from evalkit.cli.local import say_local
from evalkit.errors import PluginError, SuiteError, UserError
from evalkit.params import Params, kebab
from evalkit.plugins import Plugins, build_manager
from evalkit.report.place import check_place, shown_place
from evalkit.report.printable import printable
from evalkit.reporting import make_report
from evalkit.results import read_results
from evalkit.run_folder import refuse_taken
from evalkit.store import find_run
from evalkit.suite import Use
from evalkit.suite.fields import read_params
from evalkit.suite.read import apply_overrides

_COMES_WITH = {
    "html": "evalkit-report",
    "csv": "evalkit-tables",
    "parquet": "evalkit-tables",
    "mlflow": "evalkit-mlflow",
}
"""Reporters that are installed apart from the core, and what brings them."""


@click.command("report")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--open", "show", is_flag=True, help="Show what was written in the web browser.")
@click.option(
    "-o",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write there, not into the run folder.",
)
@click.option(
    "--with",
    "names",
    default=["html"],
    show_default=True,
    multiple=True,
    metavar="NAME",
    help="The reporter; may be repeated.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter of the reporter; may be repeated.",
)
@click.option("-p", "modules", multiple=True, metavar="MODULE", help="Load a plugin module.")
def command(runs: Sequence[str], *, show: bool, names: Sequence[str], **options: Any) -> int:
    """Make the report of a run again, from its run folder alone.

    RUN is a run folder, for instance runs/latest. Further ones are shown beside it, if the reporter
    can do that. Nothing is run, scored or compared anew.
    """
    folder, *others = dict.fromkeys(map(find_run, runs))
    for taken in (folder, *others):
        refuse_taken(taken)
    results = read_results(folder)
    plugins = build_manager(options["modules"], local_folders=say_local())
    places = _places(options["file"], others)
    uses = [_use(plugins, name, options["overrides"], places) for name in dict.fromkeys(names)]
    if options["file"] is not None:
        if len(uses) > 1:
            raise UserError("-o FILE: one reporter writes to it", "name one by --with")
        check_place(options["file"])
    written: list[Path] = []
    for use in uses:
        made = _written(use, plugins, results, folder)
        for path in made:
            click.echo(printable(f"report: {shown_place(path)}"))
        written += made
    if show:
        _open(written)
    return 0


def _places(file: Path | None, others: Sequence[Path]) -> dict[str, Any]:
    """What the arguments say of the reporter's parameters; as texts, in which tables have paths."""
    table: dict[str, Any] = {}
    if file is not None:
        table["file"] = str(file.resolve())  # a link stays one: what it points to is written
    if others:
        table["runs"] = list(map(str, others))
    return table


def _use(plugins: Plugins, name: str, overrides: Sequence[str], places: dict[str, Any]) -> Use:
    """The reporter with its parameters.

    Raises:
        UserError: there is no such reporter, or it takes no such parameters.
    """
    cls = _params_of(plugins, name)
    known = {kebab(field) for field in cls.model_fields}
    told = {"file": "-o FILE", "runs": "a second RUN"}
    for key in places:
        if key not in known:
            what = f'{told[key]}: reporter "{name}" has no parameter "{key}"'
            raise UserError(what, f"its parameters: {', '.join(sorted(known)) or 'none'}")
    table: dict[str, Any] = {}
    apply_overrides(table, overrides)
    problems: list[UserError] = []

    def note(key: str, what: str, hint: str) -> None:
        named = (f'reporter "{name}"', key, what)  # a fault of the whole has no key
        problems.append(UserError(": ".join(filter(None, named)), hint))

    params = read_params(cls, {**table, **places}, Path.cwd(), note)
    if params is None:
        raise SuiteError(problems)
    return Use(name=name, use=name, params=params.suite_form())


def _params_of(plugins: Plugins, name: str) -> type[Params]:
    """The parameters of a reporter.

    Raises:
        PluginError: it is not installed; says how to get it.
    """
    there = any(r.kind == "reporter" and r.entry.name == name for r in plugins.registrations)
    try:
        return plugins.params("reporter", name)
    except PluginError as error:
        if there or name not in _COMES_WITH:
            raise
        what = f'the reporter "{name}" is not installed'
        raise PluginError(what, f"pip install {_COMES_WITH[name]}\n{error.hint}") from None


def _written(use: Use, plugins: Plugins, results: dict[str, Any], folder: Path) -> tuple[Path, ...]:
    try:
        return make_report(use, plugins, results, folder)
    except SystemExit as ended:  # else it would end this command, and say nothing
        what = f'reporter "{use.name}" ended the program: exit code {ended.code}'
        raise PluginError(what, "that is a bug: tell its authors") from None


def _open(written: Sequence[Path]) -> None:
    """Show the first file in the web browser.

    Raises:
        UserError: there is no file.
    """
    if not written:
        raise UserError("--open: no file was written", "leave --open out")
    if not webbrowser.open(written[0].absolute().as_uri()):
        click.echo("no web browser could be started: open the file yourself", err=True)
