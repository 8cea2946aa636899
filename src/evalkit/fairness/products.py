"""All pairs of sets that are similar, counted by products of sparse matrices.

A set is a row with a 1 for each of its members; the product of two such tables holds how many
members each pair shares. The work grows with the number of pairs that share anything, and the
memory does not: rows are taken in blocks.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count

import numpy as np
from scipy.sparse import csr_array

_BLOCK = 2_000_000  # pairs that are held at a time

Shingles = frozenset[str]


def similar(
    rows: Sequence[Shingles], columns: Sequence[Shingles], least: float
) -> Iterator[tuple[int, int, float]]:
    """The pairs with a Jaccard similarity of `least` or more, which is above 0.

    Yields:
        Row, column and similarity; by rows, and for each row by columns.
    """
    numbers = dict(zip(dict.fromkeys(chain(*rows, *columns)), count()))
    members = _table(columns, numbers).T.tocsr()
    sizes = np.array([len(one) for one in columns])
    block = max(1, _BLOCK // max(1, len(columns)))
    for start in range(0, len(rows), block):
        own = rows[start : start + block]
        shared = (_table(own, numbers) @ members).tocsr()
        shared.sort_indices()
        lengths = np.repeat([len(one) for one in own], np.diff(shared.indptr))
        places = start + np.repeat(np.arange(len(own)), np.diff(shared.indptr))
        values = shared.data / (lengths + sizes[shared.indices] - shared.data)
        found = values >= least
        yield from zip(
            places[found].tolist(), shared.indices[found].tolist(), values[found].tolist(),
            strict=True,
        )  # fmt: skip


def _table(sets: Sequence[Shingles], numbers: Mapping[str, int]) -> csr_array:
    """A row for each set, a column for each number, and a 1 for each member."""
    held = np.array([numbers[one] for each in sets for one in each], dtype=np.int64)
    starts = np.cumsum([0, *map(len, sets)])
    ones = np.ones(len(held), dtype=np.int64)
    return csr_array((ones, held, starts), shape=(len(sets), len(numbers)))
