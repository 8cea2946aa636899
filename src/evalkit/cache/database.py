"""The SQLite file under the response cache: shared by processes, replaced when it is damaged.

SQLite removes a log by its name when the last user of a file leaves. A file must therefore never
be moved while somebody has it open: that user would later remove the log of the new file
(https://sqlite.org/howtocorrupt.html, section 4). Two lock files beside it see to that; locks of
dead processes are gone with them.

- ``.opening`` is held while a process opens the file, makes it, or moves it aside.
- ``.users`` is shared by all who have it open. Who moves it aside needs it for himself; if it is
  not to be had, he does without the cache until the others have noticed the damage too, or ended.
"""

import fcntl
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EACCES, EBUSY, EDQUOT, EFBIG, EIO, ENOSPC, EROFS
from pathlib import Path
from typing import TypeVar

from evalkit.errors import UserError

T = TypeVar("T")
E = TypeVar("E")
Action = Callable[[sqlite3.Connection], T]

_VERSION = 1
_SCHEMA = f"""
BEGIN;
CREATE TABLE models (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE);
CREATE TABLE answers (
    key BLOB NOT NULL UNIQUE,
    checksum BLOB NOT NULL,
    model INTEGER NOT NULL,
    used INTEGER NOT NULL,  -- milliseconds since 1970
    size INTEGER NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX by_use ON answers (used, model, size);
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_SETTINGS = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cell_size_check = ON",
    "PRAGMA trusted_schema = OFF",
)
_WAIT_S = 60
_WAITS = 5
_KEPT_ASIDE = 2

# What says something of the machine, not of the file.
_ERRNO_OF = {
    sqlite3.SQLITE_FULL: ENOSPC,
    sqlite3.SQLITE_IOERR: EIO,
    sqlite3.SQLITE_NOLFS: EFBIG,
    sqlite3.SQLITE_READONLY: EROFS,
    sqlite3.SQLITE_CANTOPEN: EACCES,
    sqlite3.SQLITE_PERM: EACCES,
    sqlite3.SQLITE_BUSY: EBUSY,
    sqlite3.SQLITE_LOCKED: EBUSY,
    sqlite3.SQLITE_PROTOCOL: EBUSY,
}
_OUT_OF_ROOM = {ENOSPC, EDQUOT, EFBIG, EIO}


class Database:
    """A connection that opens itself when it is first needed. Threads may share it."""

    def __init__(self, path: Path, notice: Callable[[str], None]) -> None:
        """Use the file at `path`; `notice` is told, once, if it is damaged."""
        self.path = path
        self._notice = notice
        self._mutex = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._users: int | None = None
        self._file: tuple[int, int] | None = None
        self._spoilt: tuple[int, int] | None = None
        self._reason = "removed"
        self._told = False

    def do(self, action: Action[T], otherwise: E) -> T | E:
        """What `action` returns; it must bear being run again.

        Args:
            action: what to do with the connection.
            otherwise: returned if the file is damaged and cannot be replaced now.

        Raises:
            OSError: the disk is full or fails; the path is its ``filename``.
            UserError: the folder cannot be made or written.
        """
        with self._mutex:
            for _ in range(2):
                connection = self._connection or self._open()
                if connection is None:
                    break
                try:
                    return _patiently(action, connection)
                except sqlite3.Error as error:
                    self._raise_if_of_the_machine(error)
                    self._give_up(error)
            return otherwise

    def close(self) -> None:
        """Let go of the file; it is opened again when it is needed."""
        with self._mutex:
            self._let_go()

    def _open(self) -> sqlite3.Connection | None:
        """Open the file, and make it first if there is none fit for use; None if that must wait."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            gate = _lock(_beside(self.path, ".opening"))
            try:
                return self._open_alone()
            finally:
                os.close(gate)
        except OSError as error:
            if error.errno in _OUT_OF_ROOM:
                raise
            raise UserError(
                f"{self.path.parent}: the cache folder cannot be used: {error.strerror}",
                "make it writable, name another in EVALKIT_CACHE, or run with --no-cache",
            ) from error

    def _open_alone(self) -> sqlite3.Connection | None:
        for _ in range(2):
            try:
                if identity_of(self.path) in (None, self._spoilt) and not self._replaced():
                    return None
                return self._connect()
            except sqlite3.Error as error:
                self._raise_if_of_the_machine(error)
                self._give_up(error)
        return None

    def _connect(self) -> sqlite3.Connection:
        self._users = _lock(_beside(self.path, ".users"), fcntl.LOCK_SH)
        self._file = identity_of(self.path)
        try:
            self._connection = _connected(self.path)
        finally:
            if self._connection is None:
                self._let_go()
        self._spoilt = None
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def _raise_if_of_the_machine(self, error: sqlite3.Error) -> None:
        """Raise unless it is the file that is damaged."""
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise error
        code = getattr(error, "sqlite_errorcode", None)
        if code is None or code == sqlite3.SQLITE_IOERR_SHORT_READ:
            return
        number = _ERRNO_OF.get(code & 0xFF)
        if number is not None:
            raise OSError(number, str(error), str(self.path)) from error

    def _give_up(self, error: sqlite3.Error) -> None:
        """The file that is open is damaged."""
        self._spoilt = self._file
        self._reason = str(error)
        self._let_go()

    def _replaced(self) -> bool:
        """Whether a new file stands at the path now, the damaged one out of the way."""
        try:
            users = _lock(_beside(self.path, ".users"), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._tell("another process uses it; until that ends this one does without the cache")
            return False
        try:
            if identity_of(self.path) is None:
                _remove_logs(self.path)
            else:
                aside = _set_aside(self.path)
                self._tell(f"moved to {aside.name}; its answers are asked for again")
            _create(self.path)
        finally:
            os.close(users)
        return True

    def _tell(self, what: str) -> None:
        if not self._told:
            self._told = True
            self._notice(f"{self.path}: the response cache is damaged ({self._reason}): {what}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and alone from the beginning, so that it never has to be begun again."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def identity_of(path: Path) -> tuple[int, int] | None:
    """Which file lies at a path; None if there is none."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino


def files_aside(path: Path) -> list[Path]:
    """The damaged files that were moved out of the way, oldest first."""
    found = {}
    for other in path.parent.glob(f"{path.name}.damaged-*"):
        if match := re.fullmatch(r".*\.damaged-(\d+)", other.name):
            found[int(match[1])] = other
    return [found[number] for number in sorted(found)]


def remove_aside(path: Path) -> None:
    """Remove a damaged file that was moved out of the way."""
    path.unlink(missing_ok=True)
    _remove_logs(path)


def _set_aside(path: Path) -> Path:
    """Rename the file, which nobody has open; only the last ones are kept. Its new path."""
    before = files_aside(path)
    number = int(before[-1].name.rpartition("-")[2]) + 1 if before else 1
    target = _beside(path, f".damaged-{number}")
    path.rename(target)
    if (log := _beside(path, "-wal")).exists():
        log.rename(_beside(target, "-wal"))
    _remove_logs(path)
    for old in [*before, target][:-_KEPT_ASIDE]:
        remove_aside(old)
    return target


def _create(path: Path) -> None:
    """Make an empty file, which appears whole."""
    draft = _beside(path, ".draft")
    remove_aside(draft)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)
    finally:
        connection.close()
    draft.replace(path)


def _connected(path: Path) -> sqlite3.Connection:
    """A connection to a file of this version that can be written."""
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        timeout=_WAIT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        _patiently(_prepare, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != _VERSION:
        raise sqlite3.DatabaseError(f"it has version {version} of the layout, not {_VERSION}")
    for setting in _SETTINGS:
        connection.execute(setting)
    with transaction(connection):
        pass  # a file that cannot be written is found out now


def _patiently(action: Action[T], connection: sqlite3.Connection) -> T:
    """Run the action, again if other processes keep the file busy for very long."""
    for _ in range(_WAITS - 1):
        try:
            return action(connection)
        except sqlite3.OperationalError as error:
            if _ERRNO_OF.get(getattr(error, "sqlite_errorcode", 0) & 0xFF) != EBUSY:
                raise
    return action(connection)


def _lock(path: Path, how: int = fcntl.LOCK_EX) -> int:
    """The descriptor of a lock file; closing it releases the lock.

    Raises:
        BlockingIOError: it is not to be waited for, and somebody has it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _remove_logs(path: Path) -> None:
    for suffix in ("-wal", "-shm", "-journal"):
        _beside(path, suffix).unlink(missing_ok=True)
