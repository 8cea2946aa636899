"""What the core itself registers, through the same hooks as everybody else."""

from collections.abc import Iterable

from evalkit.hookspecs import hookimpl
from evalkit.interfaces import Entry


@hookimpl
def evalkit_tasks() -> Iterable[Entry]:
    """A task that is described in the suite alone."""
    return [
        Entry(
            name="declared",
            target="evalkit.declared.task:DeclaredTask",
            params="evalkit.declared.params:DeclaredParams",
            summary="a task described in the suite: fields, instruction, template, data files",
        )
    ]


@hookimpl
def evalkit_executors() -> Iterable[Entry]:
    """Where jobs run."""
    return [
        Entry(
            name="local",
            target="evalkit.executors:LocalExecutor",
            summary="runs jobs in this process",
        ),
        Entry(
            name="worker",
            target="evalkit.executors:WorkerExecutor",
            params="evalkit.executor_params:WorkerParams",
            summary="runs jobs in a child process, `evalkit worker`",
        ),
    ]


@hookimpl
def evalkit_reporters() -> Iterable[Entry]:
    """How results are shown."""
    return [
        Entry(
            name="terminal",
            target="evalkit.report.terminal:TerminalReporter",
            summary="the table, on the terminal",
        ),
        Entry(
            name="junit",
            target="evalkit.reporters.junit:JunitReporter",
            params="evalkit.reporters.params:JunitParams",
            summary="cells, comparisons and expectations as JUnit XML, for build servers",
        ),
        Entry(
            name="markdown",
            target="evalkit.reporters.markdown:MarkdownReporter",
            params="evalkit.reporters.params:MarkdownParams",
            summary="the results in short as Markdown, for pull requests",
        ),
    ]
