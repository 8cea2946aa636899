"""``evalkit worker``."""

import sys

import click

from evalkit.serving import serve


@click.command("worker")
def command() -> int:
    """Run jobs, or answer for a model, from standard input, one JSON object a line.

    Events go to standard output, one JSON object a line; the last one of a job has the key
    "ended": null, or why the job failed. Executors and models with an interpreter of their own
    start this command; it keeps its engine between jobs.
    """
    serve(sys.stdin)
    return 0
