"""``evalkit schema``."""

import json

import click

from evalkit.plugins import KINDS, build_manager, local_folders
from evalkit.results import results_schema
from evalkit.schemas import params_schema, suite_schema


@click.command("schema")
@click.argument("what", type=click.Choice(["results", "suite", *KINDS]))
@click.argument("name", required=False)
@click.option("-p", "modules", multiple=True, metavar="MODULE", help="Load a plugin module.")
def command(what: str, name: str | None, modules: tuple[str, ...]) -> int:
    """Print a JSON schema.

    results: of results.json. suite: of a suite with the plugins that are installed.
    A kind with a NAME: of that plugin's parameters, as in `evalkit schema adapter lora`.
    """
    plugins = build_manager(modules, local_folders=local_folders())
    if what == "results":
        schema = results_schema()
    elif what == "suite":
        schema = suite_schema(plugins)
    elif name is None:
        raise click.UsageError(f"which {what}? one of: {', '.join(plugins.names(what))}")
    else:
        schema = params_schema(plugins, what, name)
    click.echo(json.dumps(schema, indent=2))
    return 0
