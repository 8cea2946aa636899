"""``evalkit cache``."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from evalkit.cache import cache_file, cache_limit
from evalkit.cache.database import files_aside
from evalkit.cache.upkeep import clear, look, verify
from evalkit.cli import EXIT_FAILED
from evalkit.errors import UserError
from evalkit.report.printable import printable


@click.group("cache")
def command() -> None:
    """Look at the answers kept across runs, remove or check them."""


@command.command("info")
def info() -> None:
    """Say where the cache lies, and what it holds of which model."""
    path, limit = cache_file(), cache_limit()
    with _told(path):
        shares = look(path, _warn)
    _say("path", str(path))
    _say("entries", f"{sum(share.entries for share in shares):,}")
    _say("size", readable(sum(share.bytes for share in shares)))
    _say("limit", readable(limit) if limit else "off: nothing is read or kept")
    if shares:
        _say("last used", f"{_day(min(s.oldest for s in shares))} (the least recent)")
        _say("", f"{_day(max(s.newest for s in shares))} (the most recent)")
    for share in shares:
        of_it = f"{share.entries:,} entries, {readable(share.bytes)}"
        _say("model", f"{share.model}: {of_it}")
    for damaged in files_aside(path):
        _say("damaged", f"{damaged}, moved aside, {readable(damaged.stat().st_size)}")


@command.command("clear")
@click.option("--model", default="", metavar="ID", help="Only of this model, as info names it.")
@click.option(
    "--older-than", type=click.FloatRange(min=0, min_open=True), metavar="DAYS",
    help="Only what was not used for so many days.",
)  # fmt: skip
def remove(model: str, older_than: float | None) -> None:
    """Remove answers; without an option all of them, and damaged files moved aside."""
    path = cache_file()
    with _told(path):
        entries, size = clear(path, _warn, model=model, older_than=older_than or 0)
    click.echo(f"removed {_counted(entries)}, {readable(size)}")


@command.command("verify")
def check() -> int:
    """Check the file and every answer, and remove what is damaged.

    The exit code is 1 if something was.
    """
    path = cache_file()
    problems: list[str] = []
    with _told(path):
        sound = verify(path, problems.append)
    for problem in problems:
        _warn(problem)
    click.echo(f"{_counted(sound)} sound")
    return EXIT_FAILED if problems else 0


def readable(size: float) -> str:
    """A number of bytes for people: three digits and a unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.4g} TB"


def _counted(entries: int) -> str:
    return f"{entries:,} {'entry' if entries == 1 else 'entries'}"


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().isoformat(" ", "minutes")


def _say(name: str, what: str) -> None:
    click.echo(printable(f"{name:10} {what}".rstrip()))


def _warn(text: str) -> None:
    click.echo(printable(f"warning: {text}"), err=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the machine cannot do is no bug."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{error.filename or path}: {error.strerror or error}") from error
