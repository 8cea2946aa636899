"""What ratings are made from: pairs of contestants with a score, gathered by example."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

_DECIMALS = 12
"""Scores are rounded to these, so that y and 1 - (1 - y) are one score."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Units:
    """One row for each unit: a pair of contestants on one example. Each has weight 1.

    Attributes:
        a: index of the first contestant.
        b: index of the other one.
        score: what a scored, in [0, 1]; b scored the rest.
        cluster: index of the example. Units of one example may depend on each other.
        contestants: how many there are, those included that met nobody.

    Raises:
        ValueError: the arrays differ in length, an index is none or out of range, somebody
            meets itself, or a score is no number in [0, 1].
    """

    a: Ints
    b: Ints
    score: Floats
    cluster: Ints
    contestants: int

    def __post_init__(self) -> None:
        """Check the rows."""
        for name in ("a", "b", "cluster"):
            object.__setattr__(self, name, _indices(name, getattr(self, name)))
        object.__setattr__(self, "score", np.asarray(self.score, dtype=np.float64))
        lengths = {name: getattr(self, name).shape for name in ("a", "b", "score", "cluster")}
        if len(set(lengths.values())) > 1 or self.score.ndim != 1:
            raise ValueError(f"Units: all arrays need one value for each unit, not {lengths}")
        limit = self.contestants
        for name in ("a", "b"):
            index = getattr(self, name)
            _refuse(name, index, (index < 0) | (index >= limit), f"must be in 0 .. {limit - 1}")
        _refuse("b", self.b, self.a == self.b, "is also a: a pair has two contestants")
        inside = (self.score >= 0) & (self.score <= 1)
        _refuse("score", self.score, ~inside, "must be a number in [0, 1]")

    def __len__(self) -> int:
        """The number of units."""
        return len(self.score)

    def among(self, group: tuple[int, ...]) -> "Units":
        """The units of a group of contestants, given in order, which get the indices 0, 1, ..."""
        own = np.isin(self.a, group)
        return Units(
            a=np.searchsorted(group, self.a[own]),
            b=np.searchsorted(group, self.b[own]),
            score=self.score[own],
            cluster=self.cluster[own],
            contestants=len(group),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Units as counts of wins, ties and losses, one column for each kind of example.

    A score between 0, 1/2 and 1 is shared out between its two neighbours, so that the mean stays
    the same: 0.75 is half a win and half a tie. Examples that say the same are one kind: they are
    drawn together, and neither the order of the units nor that of the examples has any effect.

    Attributes:
        contestants: how many.
        pairs: indices of the contestants of each pair that met, ``[pairs, 2]``.
        kinds: wins, ties and losses of each pair in turn, ``[3 * pairs, kinds]``.
        examples: how many examples are of each kind, ``[kinds]``.
    """

    contestants: int
    pairs: Ints
    kinds: csr_array
    examples: Ints

    def counts(self, weights: Floats) -> Floats:
        """Wins, ties and losses ``[samples, pairs, 3]`` for weights ``[samples, kinds]``."""
        totals = self.kinds @ np.ascontiguousarray(weights.T)
        return np.ascontiguousarray(totals.T).reshape(len(weights), len(self.pairs), 3)

    def total(self) -> Floats:
        """The counts of the data as they are, ``[1, pairs, 3]``."""
        return self.counts(self.examples[None, :].astype(np.float64))


def gather(units: Units, *, ordered: bool = False) -> Sample:
    """The sample that units make; a pair and its reverse are one unless they are `ordered`."""
    swap = (units.a > units.b) & (not ordered)
    first, second = np.where(swap, units.b, units.a), np.where(swap, units.a, units.b)
    score = np.round(np.where(swap, 1 - units.score, units.score), _DECIMALS) + 0.0
    pairs, pair = np.unique(first * units.contestants + second, return_inverse=True)
    levels, level = np.unique(score, return_inverse=True)
    rows, columns, examples = _kinds(units.cluster, pair * max(1, len(levels)) + level)
    pair, level = np.divmod(rows, max(1, len(levels)))
    shares = _shares(levels)[level]
    places = 3 * pair[:, None] + np.arange(3)
    entries = (shares.ravel(), (places.ravel(), np.repeat(columns, 3)))
    kinds = coo_array(entries, shape=(3 * len(pairs), len(examples))).tocsr()
    kinds.eliminate_zeros()
    return Sample(
        contestants=units.contestants,
        pairs=np.stack(np.divmod(pairs, units.contestants), axis=1),
        kinds=kinds,
        examples=examples,
    )


def _shares(score: Floats) -> Floats:
    """Parts of a win, a tie and a loss, ``[scores, 3]``."""
    lead = 2 * score - 1
    return np.stack([np.maximum(lead, 0), 1 - np.abs(lead), np.maximum(-lead, 0)], axis=1)


def _kinds(cluster: Ints, said: Ints) -> tuple[Ints, Ints, Ints]:
    """Examples that say the same, as one: what is said, the kind that says it, examples of each."""
    rows, columns, examples = [], [], []
    found = 0
    for distinct, count in _by_length(cluster, said):
        rows.append(distinct.ravel())
        columns.append(np.repeat(np.arange(found, found + len(distinct)), distinct.shape[1]))
        examples.append(count)
        found += len(distinct)
    return _joined(rows), _joined(columns), _joined(examples)


def _by_length(cluster: Ints, said: Ints) -> Iterator[tuple[Ints, Ints]]:
    """For examples of 1, 2, ... units: the distinct ones, sorted, and how often each is there."""
    order = np.lexsort((said, cluster))
    _, start, size = np.unique(cluster[order], return_index=True, return_counts=True)
    for length in np.unique(size):
        places = start[size == length][:, None] + np.arange(length)
        distinct, count = np.unique(said[order][places], axis=0, return_counts=True)
        yield distinct, count


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _indices(name: str, values: ArrayLike) -> Ints:
    found: NDArray[Any] = np.asarray(values)
    if found.size and found.dtype.kind not in "iu":
        raise ValueError(f"Units.{name} must be whole numbers, not {found.dtype}")
    return found.astype(np.int64)


def _refuse(name: str, values: NDArray[Any], bad: Flags, why: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"Units.{name}[{row}] = {values[row]}: {why}")
