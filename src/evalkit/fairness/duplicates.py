"""Evaluated examples that are nearly the same as a training example.

Two texts are near-duplicates if their sets of word shingles have a Jaccard similarity of
THRESHOLD or more. Where there are few pairs all of them are compared; else MinHash tells which
ones are worth it. What is found is exact in both cases: MinHash may only miss one in 5,000 of the
pairs that lie right at the threshold, and far fewer above it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit.fairness.texts import normalised, shingles, similarity

THRESHOLD = 0.8
"""The similarity from which two texts are near-duplicates: one word in 30 may differ."""

FEW_PAIRS = 200_000
"""So many pairs are compared in less time than MinHash's library takes to load."""

Shingles = frozenset[str]


@dataclass(frozen=True, slots=True)
class Near:
    """A text, the other text that is most similar to it, and how similar they are.

    Attributes:
        text: position among the texts.
        other: position among the others; the first of equals.
        similarity: Jaccard similarity of their shingles, from `THRESHOLD` to 1.
    """

    text: int
    other: int
    similarity: float


def near_duplicates(
    texts: Sequence[str], others: Sequence[str], *, few_pairs: int = FEW_PAIRS
) -> list[Near]:
    """Those of `texts` that are near-duplicates of one of `others`, in the order of the texts.

    Args:
        texts: texts.
        others: what they are compared with.
        few_pairs: up to so many pairs of different texts are all compared.
    """
    places = _places(texts)
    firsts = {key: found[0] for key, found in _places(others).items()}
    best = _best(list(places), list(firsts), few_pairs)
    found = [
        Near(text, firsts[other], value)
        for key, (other, value) in best.items()
        for text in places[key]
    ]
    return sorted(found, key=lambda near: near.text)


def _places(texts: Sequence[str]) -> dict[str, list[int]]:
    """Normalised text -> where it stands: texts that are equal are compared once."""
    places: dict[str, list[int]] = {}
    for position, text in enumerate(texts):
        places.setdefault(normalised(text), []).append(position)
    return places


def _best(keys: Sequence[str], others: Sequence[str], few: int) -> dict[str, tuple[str, float]]:
    """Text -> the most similar of the others, where it is similar enough; the first of equals."""
    rows, columns = [shingles(key) for key in keys], [shingles(other) for other in others]
    best: dict[str, tuple[str, float]] = {}
    for row, column in _pairs(rows, columns, few):
        value = similarity(rows[row], columns[column])
        if value >= THRESHOLD and value > best.get(keys[row], ("", 0.0))[1]:
            best[keys[row]] = others[column], value
    return best


def _pairs(
    rows: Sequence[Shingles], columns: Sequence[Shingles], few: int
) -> Iterator[tuple[int, int]]:
    """The pairs to be compared; for each row in the order of the columns."""
    if len(rows) * len(columns) <= few:
        yield from ((row, column) for row in range(len(rows)) for column in range(len(columns)))
        return
    from evalkit.fairness.minhash import candidates  # its library takes long to load

    # What is looked up passes through, what is looked up in takes memory: the smaller of the two.
    if len(rows) <= len(columns):
        for column, found in enumerate(candidates(rows, columns)):
            yield from ((row, column) for row in found)
    else:
        for row, found in enumerate(candidates(columns, rows)):
            yield from ((row, column) for column in found)
