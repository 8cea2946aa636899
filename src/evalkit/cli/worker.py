"""``evalkit worker``."""

import sys

import click

from evalkit.serving import serve


@click.command("worker")
@click.option(
    "--parent",
    type=int,
    metavar="PID",
    help="The process that starts it: the worker ends at once if that is gone.",
)
def command(parent: int | None) -> int:
    """Run jobs, or answer for a model, from standard input, one JSON object a line.

    Events go to standard output, one JSON object a line; the last one of a job has the key
    "ended": null, or why the job failed. Executors and models with an interpreter of their own
    start this command; it keeps its engine between jobs.
    """
    serve(sys.stdin, parent=parent)
    return 0
