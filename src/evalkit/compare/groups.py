"""The evaluated examples in groups: by each key of their ``groups``, and by the input's length."""

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_array

from evalkit.compare.terms import read_rows
from evalkit.errors import UserError
from evalkit.run_folder import EXAMPLES
from evalkit.stats.arrays import IntArray
from evalkit.stats.clusters import Clusters, by_entry
from evalkit.wording import counted

INPUT_LENGTH: Final = "input length"
MOST_GROUPS: Final = 30
"""A key with more values than this keeps the largest groups; the others are gathered in one."""
_BINS: Final = 5
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_ABSENT = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Some of the evaluated examples.

    Attributes:
        by: a key of ``groups``, or ``input length``.
        label: what the examples have in common, for people.
        order: the place among the groups of the same kind, from 0.
        rows: which examples, by their places in the run; none is there twice.
    """

    by: str
    label: str
    order: int
    rows: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluated:
    """The evaluated examples of a run, without their texts.

    Attributes:
        places: id of an example -> its place in the run.
        groups: the groups of each kind, in the order to show them.
        holds: a 1 where an example holds an entry that it was made of; (examples, entries).
    """

    places: Mapping[str, int]
    groups: tuple[Group, ...]
    holds: Any

    def clusters(self, rows: IntArray) -> Clusters:
        """Which of some examples, at least one, belong together."""
        held = self.holds[rows]
        used = np.unique(held.indices)
        return by_entry(held[:, used if len(used) else [0]])


def read_evaluated(folder: Path) -> Evaluated:
    """Read the evaluated examples of a run folder, keeping numbers in place of texts.

    Raises:
        UserError: they are missing or damaged.
    """
    path = folder / EXAMPLES
    columns = _Columns()
    try:
        for form in read_rows(path):
            columns.add(form)
    except (AttributeError, KeyError, TypeError):
        number = len(columns.places) + 1
        raise UserError(
            f"{path}: damaged: line {number} is no evaluated example",
            "run the suite again: finished jobs are reused",
        ) from None
    return Evaluated(places=columns.places, groups=tuple(columns.groups()), holds=columns.holds())


@dataclass(slots=True)
class _Key:
    """The values of one key, example by example: numbers of names, -1 where there is none."""

    names: dict[str, int] = field(default_factory=dict)
    codes: "array[int]" = field(default_factory=lambda: array("q"))

    def put(self, place: int, name: str) -> None:
        """Note the value of the example at a place; places come in their order."""
        self.fill(place)
        self.codes.append(self.names.setdefault(name, len(self.names)))

    def fill(self, count: int) -> None:
        """Note that the examples up to here have no value."""
        self.codes.extend([_ABSENT] * (count - len(self.codes)))


class _Columns:
    """What is kept of the examples that were read."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self._keys: dict[str, _Key] = {}
        self._words = array("q")
        self._entries: dict[str, int] = {}
        self._rows, self._held = array("q"), array("q")

    def add(self, form: Mapping[str, Any]) -> None:
        """Take the next example.

        Raises:
            AttributeError: a part of it is of another kind than it should be.
            KeyError: it lacks a part.
            TypeError: its id was there before, or its sources are no texts.
        """
        place, key = len(self.places), str(form["id"])
        groups, words = form["groups"].items(), len(form["input"].split())
        sources = [str.__str__(source) for source in form["sources"]]
        if key in self.places:
            raise TypeError(f"two examples have the id {key}")
        for name, value in groups:
            self._keys.setdefault(name, _Key()).put(place, str(value))
        for source in dict.fromkeys(sources):
            self._rows.append(place)
            self._held.append(self._entries.setdefault(source, len(self._entries)))
        self._words.append(words)
        self.places[key] = place

    def groups(self) -> Iterator[Group]:
        """The groups of each kind."""
        for by, key in self._keys.items():
            key.fill(len(self.places))
            yield from _numbered(by, _by_value(list(key.names), np.array(key.codes)))
        if self.places and INPUT_LENGTH not in self._keys:
            yield from _numbered(INPUT_LENGTH, _by_length(np.array(self._words)))

    def holds(self) -> Any:
        """The sparse table of which example holds which entry."""
        shape = (len(self.places), max(len(self._entries), 1))
        ones = np.ones(len(self._rows))
        return csr_array((ones, (np.array(self._rows), np.array(self._held))), shape=shape)


def _numbered(by: str, parts: Sequence[tuple[str, IntArray]]) -> Iterator[Group]:
    for order, (label, rows) in enumerate(parts):
        yield Group(by=by, label=label, order=order, rows=rows)


def _by_value(names: Sequence[str], codes: IntArray) -> list[tuple[str, IntArray]]:
    """A group for each value; beyond 30 values the 29 largest groups, and one of all others."""
    kept = list(range(len(names)))
    if len(names) > MOST_GROUPS:
        sizes = np.bincount(codes[codes != _ABSENT], minlength=len(names))
        kept = [int(code) for code in np.argsort(-sizes, kind="stable")[: MOST_GROUPS - 1]]
    shown = sorted(kept, key=lambda code: _reading_order(names[code]))
    parts = [(names[code], np.flatnonzero(codes == code)) for code in shown]
    others = ~np.isin(codes, [*kept, _ABSENT])
    parts.append((f"{len(names) - len(kept)} other values", np.flatnonzero(others)))
    parts.append(("(none)", np.flatnonzero(codes == _ABSENT)))
    return [(label, rows) for label, rows in parts if len(rows)]


def _reading_order(name: str) -> tuple[bool, float, str]:
    """Numbers by their size, then texts."""
    number = _NUMBER.fullmatch(name)
    return number is None, float(name) if number else 0.0, name.casefold()


def _by_length(words: IntArray) -> list[tuple[str, IntArray]]:
    """At most five groups of about the same size, none of them empty."""
    shares = np.arange(1, _BINS + 1) / _BINS
    ends = np.unique(np.quantile(words, shares, method="inverted_cdf")).astype(np.int64)
    bins = np.searchsorted(ends, words)
    starts = [int(words.min()), *(int(end) + 1 for end in ends[:-1])]
    return [
        (_span(start, int(end)), np.flatnonzero(bins == number))
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _span(first: int, last: int) -> str:
    """``12 words`` or ``13 to 20 words``."""
    return counted(last, "word") if first == last else f"{first:,} to {counted(last, 'word')}"
