"""The entries of the response cache, as SQL. Each function is one action of a Database."""

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalkit.cache.database import transaction

STEP = 1_000
"""How many entries a transaction changes at most, so that other processes get their turn."""

_KEYS_OF_A_QUERY = 400
_STALE_MS = 3_600_000  # uses are noted to the hour: a hit then rarely costs a write
_BESIDE_PAYLOAD = 200  # bytes that an entry takes in the table and its indexes, roughly

_SELECT = "SELECT key, checksum, payload, used < ? FROM answers WHERE key IN ({})"
_UPSERT = """
INSERT INTO answers (key, checksum, model, used, size, payload) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET checksum = excluded.checksum, model = excluded.model,
    used = excluded.used, size = excluded.size, payload = excluded.payload
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row as it was read: of a damaged file anything may come.

    Attributes:
        key: 32 bytes.
        checksum: of key and payload.
        payload: what was kept.
        stale: whether its last use was noted long ago.
    """

    key: bytes
    checksum: object
    payload: object
    stale: object = False

    def sound(self) -> bytes | None:
        """The payload; None if it is not what was kept."""
        if isinstance(self.payload, bytes) and self.checksum == checksum(self.key, self.payload):
            return self.payload
        return None


def checksum(key: bytes, payload: bytes) -> bytes:
    """What is kept beside a payload, to tell whether it is still the one of this key."""
    return hashlib.sha256(key + payload).digest()


def size_of(payload: bytes) -> int:
    """What an entry takes, in bytes."""
    return len(payload) + _BESIDE_PAYLOAD


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def select(connection: sqlite3.Connection, keys: Sequence[bytes]) -> list[Entry]:
    """The entries under these keys."""
    rows: list[tuple[bytes, object, object, object]] = []
    for some in _batches(keys, _KEYS_OF_A_QUERY):
        query = _SELECT.format(", ".join("?" * len(some)))
        rows += connection.execute(query, (now_ms() - _STALE_MS, *some))
    return [Entry(*row) for row in rows]


def store(connection: sqlite3.Connection, payloads: Mapping[bytes, bytes], model: str) -> None:
    """Keep a few payloads, in place of what was under their keys."""
    now = now_ms()
    with transaction(connection):
        connection.execute("INSERT OR IGNORE INTO models (identity) VALUES (?)", (model,))
        found = connection.execute("SELECT id FROM models WHERE identity = ?", (model,))
        (number,) = found.fetchone()
        connection.executemany(
            _UPSERT,
            [
                (key, checksum(key, payload), number, now, size_of(payload), payload)
                for key, payload in payloads.items()
            ],
        )


def touch(connection: sqlite3.Connection, keys: Sequence[bytes]) -> None:
    """Note that entries were used just now."""
    now = now_ms()
    for some in _batches(keys, STEP):
        with transaction(connection):
            connection.executemany(
                "UPDATE answers SET used = ? WHERE key = ?", [(now, key) for key in some]
            )


def drop(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Remove damaged entries, unless somebody has replaced them."""
    with transaction(connection):
        connection.executemany(
            "DELETE FROM answers WHERE key = ? AND checksum IS ? AND payload IS ?",
            [(entry.key, entry.checksum, entry.payload) for entry in entries],
        )


def total(connection: sqlite3.Connection) -> int:
    """What all entries take, in bytes."""
    (found,) = connection.execute("SELECT SUM(size) FROM answers").fetchone()
    return int(found or 0)


def drop_oldest(connection: sqlite3.Connection, excess: int) -> int:
    """Remove some of the entries that were not used for longest; the bytes that this freed.

    Removes no more than `excess` bytes ask for, and no more than one step.
    """
    freed, gone = 0, []
    with transaction(connection):
        oldest = "SELECT rowid, CAST(size AS INTEGER) FROM answers ORDER BY used LIMIT ?"
        for row, size in connection.execute(oldest, (STEP,)).fetchall():
            if freed >= excess:
                break
            freed += size
            gone.append((row,))
        connection.executemany("DELETE FROM answers WHERE rowid = ?", gone)
    return freed


def everything(connection: sqlite3.Connection) -> Iterator[list[Entry]]:
    """All entries, a few at a time."""
    last = -(2**63)
    query = (
        "SELECT rowid, key, checksum, payload FROM answers WHERE rowid > ? ORDER BY rowid LIMIT ?"
    )
    while rows := connection.execute(query, (last, STEP)).fetchall():
        last = rows[-1][0]
        yield [Entry(*row[1:]) for row in rows]


def _batches(keys: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
