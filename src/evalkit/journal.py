"""The journal of one job on disk: what it decided, asked and was answered, kept through a kill.

An attempt at a job that finds what an earlier one left goes on from there: what was decided is
decided alike, what was answered is not asked again. The lines of the log (`evalkit.log`) are::

    {"key": ..., "value": ...}                      a decision of an engine
    {"wave": 3, "of": MODEL, "keys": [...]}         requests that are about to be asked together
    {"answer": KEY, "from": ..., "is": {...}}       what was answered to the request with this key
    {"attempt": N, "seconds": ...}                  how long an attempt has taken so far
    {"saved": ...}                                  seconds that cached answers once took
    {"unanswered": MODEL, ...}                      tokens of an attempt that brought no answer
"""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from evalkit.interfaces import Attempt, Event, Journal
from evalkit.lines import as_line
from evalkit.log import AROUND, Log
from evalkit.records import Completion, Json, Usage
from evalkit.serialization import kept_answer, line

_TIME_EVERY_S = 1.0
_TOKENS = ("prompt_tokens", "completion_tokens", "cached_tokens")
_LONGEST = 1 << 40
"""Longer than any line: the place and the length of an answer are one number, to save memory."""

Origin = Literal["engine", "cache"]


@dataclass(frozen=True, slots=True)
class Wave:
    """Requests that go to an engine together.

    Attributes:
        number: within the job and the model.
        keys: of the requests, in their order; empty where it does not matter which they are.
    """

    number: int
    keys: tuple[str, ...]


class Part(Journal):
    """The part of a journal that belongs to one of a job's engines."""

    def __init__(self, whole: Journal, name: str) -> None:
        """Keep what is recorded in `whole`, under keys that begin with `name`."""
        super().__init__()
        self._whole = whole
        self._name = name

    @property
    def stopping(self) -> bool:
        """See the base class."""
        return self._whole.stopping

    def recall(self, key: str) -> Json:
        """See the base class."""
        return self._whole.recall(f"{self._name}/{key}")

    def recall_all(self) -> Mapping[str, Json]:
        """See the base class."""
        start = f"{self._name}/"
        recorded = self._whole.recall_all().items()
        return {key.removeprefix(start): v for key, v in recorded if key.startswith(start)}

    def record(self, key: str, value: Json) -> None:
        """See the base class."""
        self._whole.record(f"{self._name}/{key}", value)

    def notice(self, text: str) -> None:
        """See the base class."""
        self._whole.notice(text)

    def attempt(self, attempt: Attempt) -> None:
        """See the base class."""
        self._whole.attempt(attempt)


class FileJournal(Journal):
    """A Journal in a file, which is made with the first record. Any thread may use it.

    Attributes:
        attempts: how many attempts at the job left something, this one included.
        cached: how many of the answers came from the response cache.
        unanswered: identity of a model -> what attempts took that brought no answer.
    """

    def __init__(
        self,
        path: Path,
        tell: Callable[[Event], None],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Read what an earlier attempt at the job left, if it left anything.

        Args:
            path: the file.
            tell: told of what is worth a line (``notice``), and of attempts (``attempt``).
            stopping: whether the user asked to stop.

        Raises:
            OSError: it cannot be read.
        """
        super().__init__()
        self._path, self._tell, self._stopping = path, tell, stopping
        self._log = Log(path)
        self._lock = threading.RLock()
        self._answers: dict[int, int] = {}
        self._waves: dict[str, int] = {}
        self._open: dict[str, list[Wave]] = {}
        self._seconds: dict[int, float] = {}
        self._started, self._told = time.monotonic(), -math.inf
        self._saved = 0.0
        self.cached = 0
        self.unanswered: dict[str, Usage] = {}
        self._read()
        self.attempts = max(self._seconds, default=0) + 1

    @property
    def stopping(self) -> bool:
        """See the base class."""
        return self._stopping()

    @property
    def seconds(self) -> float:
        """How long the job has taken, over all attempts.

        Of cached answers, it holds how long they once took: what a method takes does not depend on
        what was asked before.
        """
        return sum(self._seconds.values()) + self._saved + time.monotonic() - self._started

    def record(self, key: str, value: Json) -> None:
        """Append a record and wait until the disk has it."""
        with self._lock:
            self._write([{"key": key, "value": value}], sync=True)
            super().record(key, value)

    def notice(self, text: str) -> None:
        """Tell the user something worth a line."""
        self._tell({"notice": text})

    def enter(self, model: str, identity: str, attempt: Attempt) -> None:
        """Enter an attempt at a request into the ledger of the run.

        Args:
            model: the suite's name of the model.
            identity: of the model.
            attempt: what became of it.
        """
        used = {name: getattr(attempt, name) for name in _TOKENS}
        if attempt.outcome != "answered" and any(used.values()):
            with self._lock:
                self._write([{"unanswered": identity, **used}], sync=False)
                self._count(identity, used)
        self._tell({"attempt": {"model": model, **asdict(attempt)}})

    def _count(self, identity: str, used: Mapping[str, int]) -> None:
        """Add what an attempt without an answer took."""
        sofar = self.unanswered.get(identity, Usage())
        self.unanswered[identity] = sofar.plus(Usage(**{name: used[name] for name in _TOKENS}))

    def has(self, key: str) -> bool:
        """Whether a request was answered."""
        return _short(key) in self._answers

    def answer(self, key: str) -> Completion | None:
        """What was answered to a request; None if it was not, or the answer is damaged."""
        with self._lock:
            place = self._answers.get(_short(key))
            form = None if place is None else self._log.at(*divmod(place, _LONGEST))
            if place is not None and (form is None or form.get("answer") != key):
                del self._answers[_short(key)]  # damaged since it was written
                form = None
        if form is None:
            return None
        return kept_answer(form.get("is"))

    def keep(self, answers: Mapping[str, bytes], origin: Origin, *, saved_s: float = 0.0) -> None:
        """Keep answers, each under the key of its request, as `payload` makes them.

        Args:
            answers: the answers.
            origin: where they come from.
            saved_s: how many seconds those of the response cache took when they were asked.

        Raises:
            OSError: they cannot be written.
        """
        saved = [line({"saved": round(saved_s, 6)}).encode("ascii")] if saved_s else []
        with self._lock:
            start = b'{"from":"' + origin.encode() + b'","answer":"'
            forms = [
                start + key.encode() + b'","is":' + form + b"}" for key, form in answers.items()
            ]
            places = self._log.write([*forms, *saved, *self._time()], sync=False)
            for key, form, place in zip(answers, forms, places, strict=False):
                self._answers[_short(key)] = place * _LONGEST + len(form) + AROUND
            self.cached += len(answers) if origin == "cache" else 0
            self._saved += saved_s

    def begin_wave(self, model: str, keys: Sequence[str]) -> Wave:
        """Record that requests will be asked together, before they are.

        Args:
            model: who is asked.
            keys: of the requests; empty where it does not matter which they are.
        """
        with self._lock:
            wave = Wave(self.waves(model), tuple(keys))
            self._write([{"wave": wave.number, "of": model, "keys": list(keys)}], sync=bool(keys))
            self._begun(model, wave)
            return wave

    def waves(self, model: str) -> int:
        """How many waves of a model were begun."""
        return self._waves.get(model, 0)

    def open_waves(self, model: str) -> list[Wave]:
        """The waves of a model of which some requests were not answered."""
        waves = self._open.get(model, [])
        found = [wave for wave in waves if not all(self.has(key) for key in wave.keys)]
        self._open[model] = found
        return list(found)

    def _begun(self, model: str, wave: Wave) -> None:
        self._waves[model] = self.waves(model) + 1
        if wave.keys:
            self._open.setdefault(model, []).append(wave)

    def tick(self) -> None:
        """Note how long this attempt has taken; called now and then."""
        with self._lock:
            forms = self._time()
            if forms:
                self._log.write(forms, sync=False)

    def save(self) -> None:
        """Wait until the disk has everything."""
        with self._lock:
            self._log.sync()

    def close(self) -> None:
        """Close the file; it stays."""
        with self._lock:
            self._log.close()

    def remove(self) -> None:
        """Forget everything: the job is over."""
        with self._lock:
            self.close()
            self.records.clear()
            self._answers.clear()
            self._waves.clear()
            self._open.clear()
            self._path.unlink(missing_ok=True)

    def _write(self, forms: Sequence[Mapping[str, Any]], *, sync: bool) -> None:
        written = [line(form).encode("ascii") for form in forms]
        self._log.write([*written, *self._time()], sync=sync)

    def _time(self) -> list[bytes]:
        now = time.monotonic()
        if now - self._told < _TIME_EVERY_S:
            return []
        self._told = now
        form = {"attempt": self.attempts, "seconds": round(now - self._started, 3)}
        return [line(form).encode("ascii")]

    def _read(self) -> None:
        damaged = 0
        for place, length, form in self._log.read():
            try:
                if form is None:
                    damaged += 1
                elif "answer" in form:
                    self._answers[_short(form["answer"])] = place * _LONGEST + length
                    self.cached += form["from"] == "cache"
                elif "wave" in form:
                    wave = Wave(int(_amount(form["wave"])), tuple(form["keys"]))
                    _ = [_short(key) for key in wave.keys]  # as a key that is none would raise
                    self._begun(str(form["of"]), wave)
                elif "attempt" in form:
                    number = int(_amount(form["attempt"]))
                    self._seconds[max(number, 1)] = _amount(form["seconds"])
                elif "unanswered" in form:
                    self._count(form["unanswered"], form)
                elif "saved" in form:
                    self._saved += _amount(form["saved"])
                else:
                    self.records[str(form["key"])] = form["value"]
            except (KeyError, OverflowError, TypeError, ValueError):
                damaged += 1
        if damaged:
            records = "a record" if damaged == 1 else f"{damaged} records"
            self.notice(f"{self._path}: {records} cut off or damaged, left out and asked anew")


def payload(answer: Completion) -> bytes:
    """An answer as it is kept: JSON on one line of ASCII."""
    form: dict[str, Any] = {
        "text": answer.text,
        "finish_reason": answer.finish_reason,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "cached_tokens": answer.cached_tokens,
        "latency_s": answer.latency_s,
        "logprobs": None,
    }
    if answer.logprobs is not None:
        form["logprobs"] = [float(v) if abs(v) < float("inf") else str(v) for v in answer.logprobs]
    return as_line(form)[:-1]


def _amount(value: Any) -> float:
    """A number or a duration that was noted.

    Raises:
        ValueError: it is none.
    """
    amount = float(value)
    if not 0 <= amount < math.inf:
        raise ValueError(f"{value} is below 0, or not finite")
    return amount


def _short(key: str) -> int:
    """Enough of a key to find an answer by; whether it is the right one is seen when it is read."""
    return int(key[:15], 16)
