"""Evaluated examples that are nearly the same as a training example.

Two texts are near-duplicates if their sets of word shingles have a Jaccard similarity of
THRESHOLD or more. Where there are few pairs all of them are compared; else MinHash tells which
ones are worth it. MinHash may miss one in 5,000 of the pairs that lie right at the threshold, and
far fewer above it. Texts that share a long template are all alike to it: where it selects too many
pairs, all of them are counted at once, and none is missed. What is found is exact in each case.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from evalkit.fairness.texts import normalised, shingles, similarity

THRESHOLD = 0.8
"""The similarity from which two texts are near-duplicates: one word in 30 may differ."""

FEW_PAIRS = 200_000
"""So many pairs are compared in less time than MinHash's library takes to load."""

MOST_CANDIDATES = 200_000
"""More pairs than this are compared one by one in more time than all of them at once take."""

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
    texts: Sequence[str],
    others: Sequence[str],
    *,
    few_pairs: int = FEW_PAIRS,
    most_candidates: int = MOST_CANDIDATES,
) -> list[Near]:
    """Those of `texts` that are near-duplicates of one of `others`, in the order of the texts.

    Args:
        texts: texts.
        others: what they are compared with.
        few_pairs: up to so many pairs of different texts are all compared.
        most_candidates: up to so many pairs that MinHash selects are compared one by one.
    """
    places = _places(texts)
    firsts = {key: found[0] for key, found in _places(others).items()}
    best = _best(list(places), list(firsts), (few_pairs, most_candidates))
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


def _best(
    keys: Sequence[str], others: Sequence[str], limits: tuple[int, int]
) -> dict[str, tuple[str, float]]:
    """Text -> the most similar of the others, where it is similar enough; the first of equals."""
    rows, columns = [shingles(key) for key in keys], [shingles(other) for other in others]
    best: dict[str, tuple[str, float]] = {}
    for row, column, value in _similar(rows, columns, *limits):
        if value > best.get(keys[row], ("", 0.0))[1]:
            best[keys[row]] = others[column], value
    return best


def _similar(
    rows: Sequence[Shingles], columns: Sequence[Shingles], few: int, most: int
) -> Iterator[tuple[int, int, float]]:
    """The pairs that are similar enough, and how much; for each row in the order of the columns."""
    pairs: Iterable[tuple[int, int]] = product(range(len(rows)), range(len(columns)))
    if len(rows) * len(columns) > few:
        pairs = list(islice(_candidates(rows, columns), most + 1))
        if len(pairs) > most:
            from evalkit.fairness.products import similar  # its library takes long to load

            yield from similar(rows, columns, THRESHOLD)
            return
    for row, column in pairs:
        value = similarity(rows[row], columns[column])
        if value >= THRESHOLD:
            yield row, column, value


def _candidates(rows: Sequence[Shingles], columns: Sequence[Shingles]) -> Iterator[tuple[int, int]]:
    """The pairs that MinHash selects; for each row in the order of the columns."""
    from evalkit.fairness.minhash import candidates  # its library takes long to load

    # What is looked up passes through, what is looked up in takes memory: the smaller of the two.
    if len(rows) <= len(columns):
        for column, found in enumerate(candidates(rows, columns)):
            yield from ((row, column) for row in found)
    else:
        for row, found in enumerate(candidates(columns, rows)):
            yield from ((row, column) for column in found)
