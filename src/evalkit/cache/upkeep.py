"""What a user can do with the response cache: look at it, clear it, check it."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from evalkit.cache import entries
from evalkit.cache.database import Database, files_aside, remove_aside, transaction

_DAY_MS = 86_400_000
_FAULTS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What the cache holds of one model.

    Attributes:
        model: its identity.
        entries: how many answers.
        bytes: what they take.
        oldest: when the first of them was last used, in seconds since 1970, to the hour.
        newest: when the last of them was last used, likewise.
    """

    model: str
    entries: int
    bytes: int
    oldest: float
    newest: float


def look(path: Path, notice: Callable[[str], None]) -> list[Share]:
    """What the cache holds, model by model, the largest first; empty if there is no cache."""
    with _existing(path, notice) as database:
        return database.do(_shares, []) if database else []


def clear(
    path: Path, notice: Callable[[str], None], *, model: str = "", older_than: float = 0
) -> tuple[int, int]:
    """Remove answers, and give what they took back to the disk.

    Args:
        path: the file.
        notice: told of damage.
        model: only those of the model with this identity.
        older_than: only those not used for so many days.

    Returns:
        How many were removed, and what they took, in bytes.
    """
    if not model and not older_than:
        for damaged in files_aside(path):
            remove_aside(damaged)
    with _existing(path, notice) as database:
        if database is None:
            return 0, 0
        removed = database.do(partial(_clear, model=model, older_than=older_than), (0, 0))
        database.do(_shrink, None)
        return removed


def verify(path: Path, notice: Callable[[str], None]) -> int:
    """Check the file and each answer, and remove what is damaged; how many answers are sound.

    Args:
        path: the file.
        notice: told of all that is damaged; if it is not called, nothing is.
    """
    with _existing(path, notice) as database:
        if database is None:
            return 0
        sound, damaged = database.do(_check, (0, ()))
        if damaged:
            database.do(partial(entries.drop, entries=damaged), None)
            notice(f"{path}: {len(damaged)} damaged answers removed")
        return sound


@contextmanager
def _existing(path: Path, notice: Callable[[str], None]) -> Iterator[Database | None]:
    """The database, if there is a file: looking at the cache does not make one."""
    if not path.exists():
        yield None
        return
    with closing(Database(path, notice)) as database:
        yield database


def _shares(connection: sqlite3.Connection) -> list[Share]:
    rows = connection.execute(
        "SELECT identity, COUNT(*), SUM(size), MIN(used), MAX(used)"
        " FROM answers LEFT JOIN models ON answers.model = models.id"
        " GROUP BY answers.model ORDER BY SUM(size) DESC, identity"
    )
    return [
        Share(model=model or "", entries=n, bytes=size, oldest=first / 1000, newest=last / 1000)
        for model, n, size, first, last in rows
    ]


def _clear(connection: sqlite3.Connection, model: str, older_than: float) -> tuple[int, int]:
    wanted, values = ["1"], list[str | float]()
    if model:
        wanted.append("model IN (SELECT id FROM models WHERE identity = ?)")
        values.append(model)
    if older_than:
        wanted.append("used < ?")
        values.append(entries.now_ms() - older_than * _DAY_MS)
    where = " AND ".join(wanted)
    with transaction(connection):
        count = connection.execute(
            f"SELECT COUNT(*), COALESCE(SUM(size), 0) FROM answers WHERE {where}", values
        )
        removed, size = count.fetchone()
        connection.execute(f"DELETE FROM answers WHERE {where}", values)
        connection.execute("DELETE FROM models WHERE id NOT IN (SELECT model FROM answers)")
    return removed, size


def _shrink(connection: sqlite3.Connection) -> None:
    """Rewrite the file without what was removed, which may be private."""
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _check(connection: sqlite3.Connection) -> tuple[int, Sequence[entries.Entry]]:
    """How many answers are sound, and those that are damaged."""
    faults = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_FAULTS_SHOWN})")]
    if faults != ["ok"]:
        raise sqlite3.DatabaseError("; ".join(faults))
    sound, damaged = 0, list[entries.Entry]()
    for some in entries.everything(connection):
        bad = [entry for entry in some if entry.sound() is None]
        sound += len(some) - len(bad)
        damaged += bad
    return sound, damaged
