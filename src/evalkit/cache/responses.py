"""What runs use of the response cache: find answers, keep answers."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from evalkit.cache import entries
from evalkit.cache.database import Database
from evalkit.cache.entries import Entry

_LARGEST = 100_000_000
_MOST_PENDING = 5_000


class ResponseCache:
    """Answers under keys, shared by all runs of a user. Threads may share it.

    The file is opened, and made, by the first call, even by one that asks for no key.
    """

    def __init__(self, path: Path, *, limit_bytes: int, notice: Callable[[str], None]) -> None:
        """Use the file at `path`, which need not exist.

        Args:
            path: the file; its folder is made if it is missing.
            limit_bytes: what the entries may take; 0 keeps and finds nothing.
            notice: told of damage.
        """
        self._database = Database(path, notice)
        self._limit = limit_bytes
        self._unmeasured = limit_bytes  # the first keep measures what others left
        self._notice = notice
        self._lock = threading.Lock()
        self._used: set[bytes] = set()
        self._dropped = 0
        self._told = False

    def find(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Key -> payload of those that are there and whole.

        Args:
            keys: 64 hexadecimal digits each.

        Raises:
            OSError: the disk fails; the path is its ``filename``.
            UserError: the folder cannot be made or written.
        """
        if not self._limit:
            return {}
        wanted = [bytes.fromhex(key) for key in dict.fromkeys(keys)]
        found, stale, damaged = {}, [], []
        for entry in self._database.do(partial(entries.select, keys=wanted), ()):
            payload = entry.sound()
            if payload is None:
                damaged.append(entry)
                continue
            found[entry.key.hex()] = payload
            if entry.stale:
                stale.append(entry.key)
        if damaged:
            self._drop(damaged)
        self._note_use(stale, _MOST_PENDING)
        return found

    def keep(self, payloads: Mapping[str, bytes], *, model: str) -> None:
        """Store payloads under their keys, in place of what was there.

        A payload of more than 100 MB is not kept.

        Args:
            payloads: key of 64 hexadecimal digits -> payload.
            model: identity of the model that gave the answers.

        Raises:
            OSError: the disk is full or fails; the path is its ``filename``.
            UserError: the folder cannot be made or written.
        """
        if not self._limit:
            return
        fitting = [(k, payload) for k, payload in payloads.items() if len(payload) <= _LARGEST]
        for start in range(0, len(fitting), entries.STEP):
            some = {bytes.fromhex(key): value for key, value in fitting[start:][: entries.STEP]}
            self._database.do(partial(entries.store, payloads=some, model=model), None)
            self._make_room(sum(map(entries.size_of, some.values())))

    def close(self) -> None:
        """Let go of the file, and note what was used; if that fails, nothing is lost."""
        self._note_use((), 0)
        self._tell_of_dropped()
        self._database.close()

    def _note_use(self, keys: Iterable[bytes], most: int) -> None:
        """Remember what was used; write it down once there are more than `most` of them."""
        with self._lock:
            self._used.update(keys)
            if len(self._used) <= most:
                return
            used, self._used = self._used, set()
        with suppress(OSError):  # an answer is no worse for it
            self._database.do(partial(entries.touch, keys=sorted(used)), None)

    def _make_room(self, added: int) -> None:
        """Remove what was not used for longest if there is too much.

        Measuring takes time, so it is done after each hundredth of the limit.
        """
        with self._lock:
            self._unmeasured += added
            if self._unmeasured * 100 < self._limit:
                return
            self._unmeasured = 0
        total = self._database.do(entries.total, 0)
        excess = total - self._limit * 9 // 10 if total > self._limit else 0
        while excess > 0:
            freed = self._database.do(partial(entries.drop_oldest, excess=excess), 0)
            if freed <= 0:
                break
            excess -= freed

    def _drop(self, damaged: Sequence[Entry]) -> None:
        """Remove damaged entries. The first are told of at once, the others when it is closed."""
        self._database.do(partial(entries.drop, entries=damaged), None)
        with self._lock:
            first, self._told = not self._told, True
            self._dropped += len(damaged)
        if first:
            self._tell_of_dropped()

    def _tell_of_dropped(self) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        if dropped:
            what = "answer was" if dropped == 1 else "answers were"
            path = self._database.path
            self._notice(f"{path}: {dropped} {what} damaged: removed, and asked for again")
