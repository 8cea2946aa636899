"""Local plugins of the working directory, for commands that read no suite: said, then loaded."""

from pathlib import Path

import click

from evalkit.plugins import LOCAL_MODULE, local_folders
from evalkit.report.printable import printable


def say_local() -> tuple[Path, ...]:
    """Folders whose local plugins this command loads, once it has said so."""
    folders = local_folders()
    for folder in folders:
        told = f"loading local plugins from {folder}/{LOCAL_MODULE}.py"
        click.echo(printable(told), err=True)
    return folders
