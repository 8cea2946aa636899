"""The JSONL files of jobs, with one line for each example: written fast, in little memory.

Strict JSON as `evalkit.serialization` writes it, by pydantic's serializer, which takes a third of
the time. It is lenient where ours is strict, so that it only sees what was checked before.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, overload

from pydantic_core import to_json

from evalkit.records import Failure, Json, Prediction, Usage
from evalkit.serialization import line, plain, prediction_to_json

_strictly = json.JSONEncoder(allow_nan=False).encode


def storable(value: Json) -> Json:
    """The value as it is read back once it was stored.

    Raises:
        TypeError: some of it has no JSON form.
    """
    try:
        _strictly(value)
    except (TypeError, ValueError):
        plainly: Json = plain(value)
        return plainly
    return value


def prediction_line(prediction: Prediction) -> bytes:
    """A Prediction with a storable value, on one line."""
    return as_line(prediction_to_json(prediction))


def as_line(form: Mapping[str, Any]) -> bytes:
    """What is storable, as a line of ASCII with its end."""
    try:
        return to_json(form, ensure_ascii=True) + b"\n"
    except ValueError:  # a lone surrogate in a text
        return line(form).encode("ascii") + b"\n"


class InOrder:
    """Writes lines in the order of their keys, whatever the order in which they come."""

    def __init__(self, file: IO[bytes], keys: Iterable[str]) -> None:
        """Expect one line for each of `keys`, no two of which are equal."""
        self._file = file
        self._keys = iter(keys)
        self._next = next(self._keys, None)
        self._early: dict[str, bytes] = {}

    def write(self, key: str, written: bytes) -> None:
        """Write the line, or keep it until all those before it have come."""
        if key != self._next:
            self._early[key] = written
            return
        self._file.write(written)
        self._next = next(self._keys, None)
        while self._next in self._early:
            self._file.write(self._early.pop(self._next))
            self._next = next(self._keys, None)


class Tally:
    """Counts predictions by outcome, and what they took.

    Attributes:
        outcomes: outcome, or ``failed`` -> number of predictions.
        first: the first Failure, if there was any.
        too_long: how many of those that failed did not fit into the model's context.
    """

    def __init__(self) -> None:
        """Start at nothing."""
        names = ("parsed", "malformed", "empty", "truncated", "refused", "failed")
        self.outcomes = dict.fromkeys(names, 0)
        self.first: Failure | None = None
        self.too_long = 0
        self._usage = [0, 0, 0, 0]

    def add(self, prediction: Prediction) -> None:
        """Count one more."""
        self.outcomes[prediction.outcome or "failed"] += 1
        if prediction.failure is not None:
            self.first = self.first or prediction.failure
            self.too_long += prediction.failure.kind == "prompt"
        usage, total = prediction.usage, self._usage
        total[0] += usage.requests
        total[1] += usage.prompt_tokens
        total[2] += usage.completion_tokens
        total[3] += usage.cached_tokens

    @property
    def usage(self) -> Usage:
        """What all of them took."""
        requests, prompt, completion, cached = self._usage
        return Usage(
            requests=requests,
            prompt_tokens=prompt,
            completion_tokens=completion,
            cached_tokens=cached,
        )


class Rows(Sequence[Mapping[str, float]]):
    """Scores as an aggregate takes them, in a fifth of the memory: each is made when asked for."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._names: list[tuple[str, ...]] = []
        self._values: list[tuple[float, ...]] = []
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def append(self, values: Mapping[str, float]) -> None:
        """Add a score."""
        names = tuple(values)
        self._names.append(self._known.setdefault(names, names))
        self._values.append(tuple(values.values()))

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, float]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Mapping[str, float]]: ...
    def __getitem__(
        self, index: int | slice
    ) -> Mapping[str, float] | Sequence[Mapping[str, float]]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        return dict(zip(self._names[index], self._values[index], strict=True))

    def __iter__(self) -> Iterator[Mapping[str, float]]:
        for names, values in zip(self._names, self._values, strict=True):
            yield dict(zip(names, values, strict=True))


class Pace:
    """Tells of progress a few times a second: an event may have to cross a pipe."""

    def __init__(self, on_event: Callable[[Mapping[str, Any]], None], total: int) -> None:
        """Tell `on_event` how many of `total` are done."""
        self._on_event = on_event
        self._total = total
        self._done = 0
        self._due = 0.0

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        now = time.monotonic()
        if now >= self._due or self._done == self._total:
            self._due = now + 0.1
            self._on_event({"done": self._done, "total": self._total, "note": ""})
