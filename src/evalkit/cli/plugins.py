"""``evalkit plugins``."""

import json
from collections.abc import Sequence

import click

from evalkit.cli import EXIT_FAILED
from evalkit.cli.local import say_local
from evalkit.plugins import KINDS, Plugins, build_manager, summary
from evalkit.report.printable import printable


@click.command("plugins")
@click.option("--kind", type=click.Choice(KINDS), help="Only one kind.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.option("-p", "modules", multiple=True, metavar="MODULE", help="Load a module as well.")
def command(kind: str | None, *, as_json: bool, modules: Sequence[str]) -> int:
    """List what is installed, by kind, and what is wrong with broken plugins.

    The exit code is 1 if a plugin is broken.
    """
    local = say_local()
    plugins = build_manager(modules, local_folders=local)
    if as_json:
        click.echo(json.dumps(summary(plugins), indent=2))
    else:
        for each in [kind] if kind else KINDS:
            _print_kind(plugins, each)
        if not kind and plugins.suites:
            click.echo(printable(f"suites: {', '.join(sorted(plugins.suites))}"))
    problems = [(plugin, problem) for plugin in plugins.plugins for problem in plugin.problems]
    for plugin, problem in problems:
        told = f"broken: {plugin.distribution} ({plugin.name}): {problem}"
        click.echo(printable(told), err=True)
    return EXIT_FAILED if problems else 0


def _print_kind(plugins: Plugins, kind: str) -> None:
    found = sorted(
        (r for r in plugins.registrations if r.kind == kind),
        key=lambda registration: registration.entry.name,
    )
    if not found:
        return
    names = [r.entry.name for r in found]
    click.echo(f"{kind}s:")
    width = max(len(r.qualified if names.count(r.entry.name) > 1 else r.entry.name) for r in found)
    for r in found:
        name = r.qualified if names.count(r.entry.name) > 1 else r.entry.name
        origin = f"{r.plugin.distribution} {r.plugin.version}".strip()
        click.echo(printable(f"  {name:{width}}  {r.entry.summary}  ({origin})"))
