"""``evalkit validate``."""

from dataclasses import replace
from typing import Any

import click

from evalkit.cli.options import make_choice, suite_options
from evalkit.errors import SuiteError, UserError
from evalkit.preflight import check_data
from evalkit.prepare import Choice, prepare
from evalkit.report.printable import printable
from evalkit.wording import counted


@click.command("validate")
@suite_options
@click.option("--no-data", is_flag=True, help="Do not read the data.")
def command(no_data: bool, **choice: Any) -> int:
    """Check a suite, all its profiles, and the data of the chosen one.

    Every fault is printed, with its place, what is allowed and what to do. Models are not
    looked for; `evalkit run` does that before anything expensive starts.
    """
    chosen = make_choice(**choice)
    prepared = prepare(chosen)
    for notice in prepared.notices:
        click.echo(printable(notice), err=True)
    others = [name for name in prepared.raw.profiles if name != chosen.profile]
    bare = replace(chosen, overrides=())  # what --set names need not exist in another profile
    problems = [p for name in others for p in _problems(replace(bare, profile=name))]
    if not no_data:
        problems += _data_problems(chosen)
    if problems:
        raise SuiteError(problems)
    profiles = ", ".join(prepared.raw.profiles) or "none"
    told = (
        f"{prepared.suite.path}: ok, {counted(len(prepared.cells), 'cell')}; profiles: {profiles}"
    )
    click.echo(printable(told))
    return 0


def _problems(choice: Choice) -> list[UserError]:
    """The problems of a suite with a profile, each said to be of that profile."""
    try:
        prepare(replace(choice, matches=None))
    except SuiteError as error:
        where = f"with --profile {choice.profile}: "
        return [UserError(where + p.message, p.hint) for p in error.problems]
    return []


def _data_problems(choice: Choice) -> list[UserError]:
    prepared = prepare(choice)
    try:
        check_data(prepared.suite, prepared.cells, prepared.plugins)
    except SuiteError as error:
        return error.problems
    return []
