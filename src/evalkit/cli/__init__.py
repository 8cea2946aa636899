"""The command line: one subcommand per file, imported only when it is called."""

import errno
import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from evalkit.errors import SuiteError, UserError
from evalkit.report.printable import printable
from evalkit.secrets import hide

EXIT_FAILED, EXIT_USAGE, EXIT_BUG, EXIT_NOTHING, EXIT_INTERRUPTED = 1, 2, 3, 4, 130

_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO, errno.EFBIG}
"""What no bug is the cause of: full, read only, not permitted, broken."""

_COMMANDS = {
    "run": "Run a suite: adapt, predict, score, compare.",
    "ls": "List the cells of a suite without running it.",
    "validate": "Check a suite, its profiles and its data.",
    "plugins": "List the plugins, and what is wrong with broken ones.",
    "score": "Score a finished run by other metrics, without generating.",
    "compare": "Compare the methods of finished runs: differences, intervals, verdicts.",
    "report": "Make the report of a finished run again, and look at it.",
    "latency": "Measure how long users would wait for the answers of a finished run.",
    "export": "Export a cell: prompt, trained weights, model card.",
    "cache": "Look at the answers kept across runs, remove or check them.",
    "schema": "Print a JSON schema: of results, suites or a plugin's parameters.",
    "init": "Write a suite to start from.",
    "worker": "Run jobs from standard input (for executors).",
}


class _Lazy(click.Group):
    """Knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"evalkit.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from evalkit import __version__

        click.echo(f"evalkit {__version__}")
        ctx.exit()


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Print the version.",
)  # fmt: skip
def cli() -> None:
    """Which way of teaching a language model a task is best, by how much, how surely?

    Exit codes: 0 all cells done, all expectations met; 1 a cell failed or an expectation is not
    met; 2 usage or suite error; 3 internal error; 4 nothing selected; 130 interrupted.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    Args:
        argv: the arguments without the program's name; by default the process's own.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    _open_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # not every terminal knows every sign
    try:
        return int(cli.main(args=args, prog_name="evalkit", standalone_mode=False, obj=args) or 0)
    except UserError as error:
        for problem in error.problems if isinstance(error, SuiteError) else [error]:
            _show(problem)
        return EXIT_USAGE
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("interrupted; what is finished is kept, the same command goes on", err=True)
        return EXIT_INTERRUPTED
    except OSError as error:
        return _of_the_system(error)
    except Exception:
        return _bug()


def _open_streams() -> None:
    """Open the standard streams that whoever started this process had closed (``2>&-``).

    Else there is nobody to print to, and the next file that is opened takes the stream's number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 (it stays)
            setattr(sys, name, stream)


def _of_the_system(error: OSError) -> int:
    """A reader that went away, or a disk that is full; anything else is a bug."""
    if isinstance(error, BrokenPipeError):
        sys.stderr.close()
        return EXIT_FAILED
    if error.errno not in _OF_THE_DISK:
        return _bug()
    where = error.filename or "the disk"
    _show(UserError(f"{where}: {error.strerror}", "mend that; the same command then goes on"))
    return EXIT_FAILED


def _bug() -> int:
    click.echo(printable(hide(traceback.format_exc())), err=True)
    click.echo("\nthis is a bug in evalkit or in a plugin; please report it", err=True)
    return EXIT_BUG


def _show(error: UserError) -> None:
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(printable(hide(str(error))), err=True)
