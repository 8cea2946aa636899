"""Options that several subcommands share."""

from collections.abc import Callable
from typing import Any

import click

from evalkit.cli.expression import matcher
from evalkit.prepare import Choice

Command = Callable[..., Any]


def suite_options(command: Command) -> Command:
    """Add the argument SUITE and the options that choose what of it to look at."""
    decorators = [
        click.argument("suite", metavar="SUITE"),
        click.option("--profile", default="", metavar="NAME", help="Lay [profiles.NAME] over it."),
        click.option(
            "--set", "overrides", multiple=True, metavar="KEY=VALUE",
            help="Override a key, as task.data=sample or adapters.lora.rank=8.",
        ),
        click.option("-k", "expression", default="", metavar="EXPR", help=_K_HELP),
        click.option(
            "--limit", type=click.IntRange(min=1), metavar="N",
            help="Evaluate at most N examples.",
        ),
        click.option(
            "--seed", "seeds", type=click.IntRange(min=0), multiple=True, metavar="N",
            help="Use this seed instead of the suite's; may be repeated.",
        ),
        click.option(
            "-p", "modules", multiple=True, metavar="MODULE",
            help="Load a plugin module; no:NAME switches a plugin off.",
        ),
        click.option(
            "--allow-local-plugins", "allow_local", is_flag=True,
            help="Run code from the suite's folder: evalkit_plugins.py, interpreters.",
        ),
    ]  # fmt: skip
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


_K_HELP = 'Only cells that match, as "lora and not 100" (parts of names; and, or, not).'


def make_choice(**options: Any) -> Choice:
    """The Choice that the shared options describe; other options are left alone."""
    expression = options["expression"]
    return Choice(
        source=options["suite"],
        profile=options["profile"],
        overrides=tuple(options["overrides"]),
        modules=tuple(options["modules"]),
        allow_local=options["allow_local"],
        limit=options["limit"],
        seeds=tuple(options["seeds"]),
        matches=matcher(expression) if expression else None,
    )
