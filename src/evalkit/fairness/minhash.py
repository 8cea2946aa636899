"""Pairs of sets that may well be similar, found in a time that grows with the number of sets.

MinHash: the least value of a random hash function is the same for two sets with the probability
that is their Jaccard similarity. ROWS such values make a band; sets that agree in one of BANDS
bands are candidates. Broder, "On the resemblance and containment of documents", 1997,
https://doi.org/10.1109/SEQUEN.1997.666900; Leskovec, Rajaraman and Ullman, "Mining of Massive
Datasets", chapter 3, http://www.mmds.org.

Two sets of similarity s are found with a probability of 1 - (1 - s^ROWS)^BANDS: 99.98% at 0.8,
25% at 0.5, less than 1% at 0.3.
"""

from collections.abc import Iterable, Iterator, Sequence

from datasketch import MinHash, MinHashLSH

BANDS, ROWS = 36, 7
SEED = 1
"""Of the hash functions: the same sets give the same candidates in every process."""

Shingles = frozenset[str]


def candidates(index: Sequence[Shingles], queries: Sequence[Shingles]) -> Iterator[Sequence[int]]:
    """For each query the positions in `index` of what may be similar to it, in their order."""
    table = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    for position, signature in enumerate(_signatures(index)):
        table.insert(position, signature, check_duplication=False)
    for signature in _signatures(queries):
        yield sorted(table.query(signature))


def _signatures(sets: Iterable[Shingles]) -> Iterator[MinHash]:
    encoded = ([text.encode("utf-8", "surrogatepass") for text in one] for one in sets)
    yield from MinHash.generator(encoded, num_perm=BANDS * ROWS, seed=SEED)
