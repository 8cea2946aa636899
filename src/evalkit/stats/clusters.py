"""Examples that are made of the same source are not independent: which of them belong together.

Several texts of one source entry share its triples, so they form a cluster. Texts that were joined
from several entries share some of them with one neighbour and others with the next: nearly all of
them hang together, and there are no clusters. Then the variance counts every pair of examples that
share an entry, and examples are resampled one by one.

Sources: Miller (2024), Adding error bars to evals, arXiv:2411.00640 (clusters); Cameron and Miller
(2015), A practitioner's guide to cluster-robust inference, J. Human Resources 50 (factor
G/(G-1)); Aronow, Samii, Assenova (2015), Cluster-robust variance estimation for dyadic data,
Political Analysis 23 (pairs that share a member).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from evalkit.errors import UserError
from evalkit.stats.arrays import FloatArray, IntArray

MOST_UNITS: Final = 10_000
"""With more clusters than this, several are resampled together."""
UNITS_OF_MANY: Final = 2_000
"""How many groups they then form."""

LARGEST_COMPONENT: Final = 0.05
"""Examples that hang together serve as a cluster up to this share of all examples."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clusters:
    """What is resampled together, and which examples vary together.

    Attributes:
        units: which unit of resampling each example belongs to, 0, 1, ...; shape (examples,).
            A unit is a cluster, or one of several clusters that were thrown together by chance.
        unit_count: how many units there are.
        cluster_count: how many clusters there are.
        largest: the share of examples in the largest group that hangs together.
        sharing: a 1 for each pair of examples that share a source, where sources overlap so that
            there are no clusters; shape (examples, examples). None where units are clusters.
    """

    units: IntArray
    unit_count: int
    cluster_count: int
    largest: float
    sharing: Any = None

    @property
    def examples(self) -> int:
        """How many examples there are."""
        return len(self.units)

    @property
    def overlapping(self) -> bool:
        """Whether examples share sources in such a way that there are no clusters."""
        return self.sharing is not None

    @property
    def count(self) -> float:
        """The number of clusters.

        Where sources overlap, that of the equally large clusters in which as many pairs of
        examples would share a source: n² over the number of pairs that do.
        """
        if self.overlapping:
            return float(self.examples**2 / self.sharing.nnz)
        return float(self.cluster_count)

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over each unit: shape (rows, examples) to (rows, units)."""
        if self.unit_count == self.examples:
            return values
        order = np.argsort(self.units, kind="stable")
        starts = np.searchsorted(self.units[order], np.arange(self.unit_count))
        return np.add.reduceat(values[:, order], starts, axis=1)

    def variance(self, tables: FloatArray, *, correct: bool = True) -> FloatArray:
        """The variance of the mean of each row, whose examples vary together within clusters.

        Args:
            tables: shape (rows, examples).
            correct: multiply by G/(G-1), as a variance of few clusters is estimated too low.

        Returns:
            Shape (rows,). It can be negative where sources overlap; NaN if there is one cluster.
        """
        centred = tables - tables.mean(axis=1, keepdims=True)
        if self.overlapping:
            squares = (centred * (self.sharing @ centred.T).T).sum(axis=1)
        else:
            squares = (self.sums(centred) ** 2).sum(axis=1)
        found: FloatArray = squares / self.examples**2
        return found * (self._correction() if correct else 1.0)

    def _correction(self) -> float:
        return self.count / (self.count - 1) if self.count > 1 else np.nan


def independent(examples: int) -> Clusters:
    """Every example by itself."""
    return _in_units(np.arange(examples), examples, largest=1 / examples)


def by_source(sources: Sequence[Collection[str]]) -> Clusters:
    """Clusters by what examples are made of.

    Args:
        sources: for each example the ids of the entries that it was made of; an example without
            any is by itself.

    Raises:
        UserError: there are no examples, or sources are strings instead of collections of ids.
    """
    if not sources or any(isinstance(one, str) for one in sources):
        raise UserError(
            "sources of examples: a collection of ids is needed for each example, and one example",
            'write {"e1", "e2"} for an example that was joined from the entries e1 and e2',
        )
    return by_entry(_holds(sources))


def by_entry(holds: Any) -> Clusters:
    """Clusters by what examples are made of, given as a sparse table.

    Args:
        holds: a 1 where an example holds an entry: shape (examples, entries), at least one of
            each. An example that holds none is by itself.
    """
    examples = int(holds.shape[0])
    count, groups = _components(holds)
    sizes = np.bincount(groups, minlength=count)
    largest = float(sizes.max()) / examples
    if largest <= LARGEST_COMPONENT or _have_a_common_source(holds, groups, sizes):
        return _in_units(groups, count, largest=largest)
    return _in_units(np.arange(examples), examples, largest=largest, sharing=_sharing(holds))


def _in_units(groups: IntArray, count: int, *, largest: float, sharing: Any = None) -> Clusters:
    """Clusters with their units of resampling.

    Very many clusters are thrown together at random: sums over groups of independent clusters
    vary just as much, and 2,000 of them are drawn in a fraction of the time.

    Source: Wolter (2007), Introduction to Variance Estimation, chapter 2 (random groups).
    """
    units, unit_count = groups, count
    if count > MOST_UNITS:
        shuffled = np.random.default_rng(0).permutation(count) % UNITS_OF_MANY
        units, unit_count = shuffled[groups], UNITS_OF_MANY
    return Clusters(
        units=units, unit_count=unit_count, cluster_count=count, largest=largest, sharing=sharing
    )


def _holds(sources: Sequence[Collection[str]]) -> Any:
    """A 1 where an example holds an entry: shape (examples, entries)."""
    names = {name: None for one in sources for name in sorted(one)}
    column = {name: index for index, name in enumerate(names)}
    pairs = [(row, column[name]) for row, one in enumerate(sources) for name in set(one)]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    shape = (len(sources), max(len(names), 1))
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def _components(holds: Any) -> tuple[int, IntArray]:
    """How many groups of examples hang together, and the group of each example."""
    examples, entries = holds.shape
    rows, columns = holds.nonzero()
    nodes = examples + entries
    graph = csr_array((np.ones(len(rows)), (rows, columns + examples)), shape=(nodes, nodes))
    labels = connected_components(graph, directed=False)[1][:examples]
    found, groups = np.unique(labels, return_inverse=True)
    return len(found), groups.astype(np.int64)


def _have_a_common_source(holds: Any, groups: IntArray, sizes: IntArray) -> bool:
    """Whether in every group that hangs together some entry is held by all."""
    rows, columns = holds.nonzero()
    most = np.ones(len(sizes))
    np.maximum.at(most, groups[rows], holds.sum(axis=0)[columns])
    return bool((most == sizes).all())


def _sharing(holds: Any) -> Any:
    """A 1 for each pair of examples that share an entry, and for each example with itself."""
    pairs = csr_array(holds @ holds.T)
    pairs.setdiag(1)
    pairs.data[:] = 1.0
    return csr_array(pairs)
