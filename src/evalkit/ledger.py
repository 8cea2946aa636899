"""The ledger of a run: every attempt at a request, what it took and what it cost.

``ledger.jsonl`` in the run folder is only appended to, so that a run that was killed and gone on
with shows all that was paid for. It is plain JSON, a line an attempt, for people to read and to
sum up; each line ends in a checksum (CRC-32) of what stands before it. Lines without a model tell
how long the run has taken. In memory there are sums only.

The cost of an attempt is that of its tokens. Where a device is paid by the hour, its time counts
too, and each second once: attempts overlap, and what a job computes besides (training, loading a
model) has lines of its own, with the outcome ``computing``.
"""

import contextlib
import os
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from evalkit.interfaces import Notify
from evalkit.lines import as_line
from evalkit.manifest import stamp
from evalkit.prices import Prices
from evalkit.store import naming

COMPUTING = "computing"
_TOKENS = ("prompt_tokens", "completion_tokens", "cached_tokens")
_CHECK, _CHECK_LENGTH = b',"check":"', 21
_EVERY_S = 5.0
_SYNC_EVERY_S = 1.0
_LONGEST = 1 << 20
"""No line is as long; what has no end before that is damaged."""


@dataclass(slots=True)
class Account:
    """What one model was asked, over all attempts at a run.

    Attributes:
        attempts: outcome -> number of requests that ended so.
        tokens: prompt, completion and cached tokens, by those names.
        cost: None without prices.
    """

    attempts: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    cost: float | None = None

    def add(self, form: Mapping[str, Any]) -> None:
        """Count a line."""
        if form["outcome"] != COMPUTING:
            self.attempts[form["outcome"]] += form["requests"]
        for name in _TOKENS:
            self.tokens[name] += form[name]
        if form["cost"] is not None:
            self.cost = (self.cost or 0.0) + form["cost"]


@dataclass(slots=True)
class Totals:
    """The sums of a ledger.

    Attributes:
        accounts: name of a model -> what it was asked.
        elapsed: number of an execution of the run -> how many seconds it took.
        dearest: the most that one request has cost.
        damaged: how many lines cannot be read.
    """

    accounts: dict[str, Account] = field(default_factory=dict)
    elapsed: dict[int, float] = field(default_factory=dict)
    dearest: float = 0.0
    damaged: int = 0

    def add(self, form: Mapping[str, Any]) -> None:
        """Count a line."""
        self.elapsed[form["execution"]] = form["elapsed"]
        if form.get("model") is not None:
            self.accounts.setdefault(form["model"], Account()).add(form)
            if form["requests"]:
                self.dearest = max(self.dearest, (form["cost"] or 0.0) / form["requests"])

    @property
    def cost(self) -> float | None:
        """What all models with prices cost together; None if none has any."""
        known = [one.cost for one in self.accounts.values() if one.cost is not None]
        return sum(known) if known else None

    def summary(self) -> dict[str, Any]:
        """The part of ``results.json``."""
        return {
            "executions": len(self.elapsed),
            "seconds": round(sum(self.elapsed.values()), 3),
            "cost": _rounded(self.cost),
            "models": {
                name: {
                    "attempts": dict(sorted(account.attempts.items())),
                    **{token: account.tokens[token] for token in _TOKENS},
                    "cost": _rounded(account.cost),
                }
                for name, account in self.accounts.items()
            },
        }


class Ledger:
    """The ledger of a run that goes on; any thread may enter something, and read its sums.

    Attributes:
        totals: the sums, earlier executions of the run included; to be read where no other thread
            enters anything.
    """

    def __init__(
        self,
        prices: Mapping[str, Prices | None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is read or written before `open`.

        Args:
            prices: name of a model -> its prices.
            clock: seconds, from any point in time.
        """
        self.totals = Totals()
        self._prices, self._clock, self._began = prices, clock, clock()
        self._path, self._descriptor, self._end = Path(), None, 0  # type: tuple[Path, int | None, int]
        self._number = 1
        self._lock = threading.Lock()
        self._synced = self._told = self._began
        self._job = _Job("", None, self._began)

    @property
    def seconds(self) -> float:
        """How long the run has taken, over all its executions."""
        with self._lock:
            took = self.totals.elapsed
            earlier = sum(took[number] for number in took if number != self._number)
        return earlier + self._clock() - self._began

    @property
    def cost(self) -> float | None:
        """What all models with prices cost so far; None if none has any."""
        with self._lock:
            return self.totals.cost

    @property
    def dearest(self) -> float:
        """The most that one request has cost."""
        with self._lock:
            return self.totals.dearest

    def summary(self) -> dict[str, Any]:
        """The part of ``results.json``."""
        with self._lock:
            return self.totals.summary()

    def open(self, path: Path, notify: Notify) -> None:
        """Go on with the ledger that an earlier execution left, if it left one.

        Args:
            path: the file, made with the first line.
            notify: told of lines that are damaged.
        """
        self._path = path
        self.totals, self._end = read_ledger(path)
        self._number = max(self.totals.elapsed, default=0) + 1
        if self.totals.damaged:
            lines = "a line" if self.totals.damaged == 1 else f"{self.totals.damaged} lines"
            notify(f"{path}: {lines} cut off or damaged: what they say is not counted")

    def begin(self, job: str, model: str | None) -> None:
        """A job begins.

        Args:
            job: its label.
            model: whose device it keeps busy; None for the one that is asked.
        """
        with self._lock:
            self._job = _Job(job, model, self._clock())

    def enter(self, attempt: Mapping[str, Any]) -> None:
        """Enter an attempt, with what `evalkit.interfaces.Attempt` holds and the ``model``.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            now, model, price = self._clock(), attempt["model"], self._prices.get(attempt["model"])
            cost = None
            if price is not None:
                busy = self._job.charge(model, float(attempt["seconds"]), now)
                cost = price.of_tokens(attempt) + price.of_time(busy)
            self._write(now, {**attempt, "cost": cost})

    def tick(self, *, over: bool = False) -> None:
        """Enter how long the run, and the job under way, have taken so far, now and then.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            now = self._clock()
            if not over and now - self._told < _EVERY_S:
                return
            model = self._job.model or ""
            price = self._prices.get(model)
            seconds = self._job.rest(now) if price is not None and price.per_hour else 0.0
            form: dict[str, Any] = {}
            if price is not None and seconds > 0:
                form = dict.fromkeys(_TOKENS, 0)
                form |= {"model": model, "outcome": COMPUTING, "requests": 0}
                form |= {"seconds": round(seconds, 3), "cost": price.of_time(seconds)}
            self._write(now, form)
            if form:
                self._job.settle(now)

    def end(self) -> None:
        """The job under way is over.

        Raises:
            OSError: it cannot be written.
        """
        self.tick(over=True)
        with self._lock:
            self._job = _Job("", None, self._clock())

    def close(self) -> None:
        """Close the file; what was written stays.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            if self._descriptor is not None:
                descriptor, self._descriptor = self._descriptor, None
                try:
                    with naming(self._path):
                        os.fdatasync(descriptor)
                finally:
                    os.close(descriptor)

    def _write(self, now: float, form: Mapping[str, Any]) -> None:
        known = dict(form)
        if known.get("cost") is not None:
            known["cost"] = _rounded(known["cost"])
        whole = {
            "time": stamp(time.time()),
            "execution": self._number,
            "elapsed": round(now - self._began, 3),
            "job": self._job.label,
            **known,
        }
        self._append(_checked_line(whole))
        self.totals.add(whole)
        self._told = now
        if now - self._synced > _SYNC_EVERY_S and self._descriptor is not None:
            with naming(self._path):
                os.fdatasync(self._descriptor)
            self._synced = now

    def _append(self, written: bytes) -> None:
        """Write a line whole, or not at all."""
        try:
            with naming(self._path):
                if self._descriptor is None:
                    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
                    self._descriptor = os.open(self._path, flags, 0o644)
                    os.ftruncate(self._descriptor, self._end)  # half a line that a full disk left
                done = 0
                while done < len(written):
                    done += os.pwrite(self._descriptor, written[done:], self._end + done)
        except OSError:
            if self._descriptor is not None:
                with contextlib.suppress(OSError):  # what went wrong first is told
                    os.ftruncate(self._descriptor, self._end)
            raise
        self._end += len(written)


class _Job:
    """The job under way, and which of its seconds are charged."""

    def __init__(self, label: str, model: str | None, now: float) -> None:
        self.label, self.model = label, model
        self._began, self._charged = now, 0.0
        self._until: dict[str, float] = {}

    def charge(self, model: str, seconds: float, now: float) -> float:
        """How many of the last seconds, in which a model answered, were not charged before."""
        self.model = self.model or model
        start = max(now - seconds, self._until.get(model, self._began))
        self._until[model] = now
        charged = max(0.0, now - start)
        self._charged += charged if model == self.model else 0.0
        return charged

    def rest(self, now: float) -> float:
        """How many seconds of the job are not charged yet."""
        return now - self._began - self._charged

    def settle(self, now: float) -> None:
        """The rest is charged, and written."""
        self._charged += self.rest(now)
        if self.model is not None:
            self._until[self.model] = now


def read_ledger(path: Path) -> tuple[Totals, int]:
    """The sums of a ledger, and where its last whole line ends; lines that are damaged count not.

    Raises:
        OSError: it cannot be read.
    """
    totals, end = Totals(), 0
    for written in _lines(path):
        if written.endswith(b"\n"):
            end += len(written)
        try:
            totals.add(_form_of(written))
        except (ValueError, KeyError, TypeError, AttributeError):
            totals.damaged += 1
            end += 0 if written.endswith(b"\n") or len(written) < _LONGEST else len(written)
    return totals, end


def _lines(path: Path) -> Iterator[bytes]:
    if path.exists():
        with path.open("rb") as file:
            while written := file.readline(_LONGEST):
                yield written


def _checked_line(form: Mapping[str, Any]) -> bytes:
    body = as_line(form)[:-2]
    return body + _CHECK + b'%08x"}\n' % zlib.crc32(body)


def _form_of(written: bytes) -> dict[str, Any]:
    """What a line says.

    Raises:
        ValueError: it is damaged.
    """
    body, check = written[:-_CHECK_LENGTH], written[-_CHECK_LENGTH:]
    if check != _CHECK + b'%08x"}\n' % zlib.crc32(body):
        raise ValueError("damaged")
    form: dict[str, Any] = from_json(written)
    return form


def _rounded(cost: float | None) -> float | None:
    """Without the digits that adding up leaves."""
    return None if cost is None else round(cost, 12)
