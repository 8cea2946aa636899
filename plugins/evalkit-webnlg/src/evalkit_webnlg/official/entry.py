"""One answer against its target: the sums of the scores of its aligned triples."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from evalkit_webnlg.official.assignment import first_optimum
from evalkit_webnlg.official.counts import NO_RATES, Rates, rates
from evalkit_webnlg.official.pairing import spans
from evalkit_webnlg.official.tokens import SLOTS, read

_HALF_READ: Final = 2
"""Parts of a line that the official script takes for a triple, and then fails to split."""
_PERFECT: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two triples compared.

    Attributes:
        rates: their scores.
        crash: whether the official script would end with an error.
    """

    rates: Rates
    crash: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """An answer and its target, triple by triple.

    Attributes:
        slots: number of aligned pairs: that of the triples on the longer side, as the shorter one
            is padded. A pair with padding scores 0.
        sums: of each of FIGURES over the pairs.
        crash: whether the official script would end with an error.
    """

    slots: int
    sums: tuple[float, ...]
    crash: bool


@lru_cache(maxsize=2**16)
def compare(reference: str, candidate: str) -> Pair:
    """The scores of two triples, each written on one line."""
    one, other = read(reference), read(candidate)
    if one.vocabulary.isdisjoint(other.vocabulary):
        return _UNLIKE
    found = spans(one, other)
    return Pair(rates=rates(found.references, found.candidates), crash=found.crash)


_UNLIKE: Final = Pair(rates=NO_RATES, crash=False)


def evaluate(references: Sequence[str], candidates: Sequence[str]) -> Aligned:
    """Hold each triple of an answer against one of the target's, and add up."""
    pairs = [
        [compare(reference, candidate) for reference in references] for candidate in candidates
    ]
    crash = any(pair.crash for row in pairs for pair in row)
    crash = crash or any(_unreadable(one, len(candidates) > len(references)) for one in candidates)
    chosen = _best(pairs)
    return Aligned(
        slots=max(len(references), len(candidates)),
        sums=_sums([pair.rates for pair in chosen]),
        crash=crash,
    )


@lru_cache(maxsize=2**14)
def ceiling(references: tuple[str, ...]) -> Aligned:
    """The target as if it were the answer: the most that can be had."""
    itself = [compare(one, one) for one in references]
    if all([pair.rates.mean_f1 == _PERFECT for pair in itself]):
        return Aligned(
            slots=len(references), sums=_sums([pair.rates for pair in itself]), crash=False
        )
    return evaluate(references, references)


def _best(pairs: Sequence[Sequence[Pair]]) -> list[Pair]:
    """The pairs that are held against each other; `pairs` has a row for each candidate."""
    if not pairs or not pairs[0]:
        return []
    weights = np.array([[pair.rates.mean_f1 for pair in row] for row in pairs])
    return [pairs[row][column] for row, column in first_optimum(weights)]


def _sums(all_rates: Sequence[Rates]) -> tuple[float, ...]:
    if not all_rates:
        return NO_RATES.values
    columns = zip(*[one.values for one in all_rates], strict=True)
    return tuple([math.fsum(column) for column in columns])


def _unreadable(candidate: str, padded: bool) -> bool:
    """Whether the official script fails to split a line, perhaps against padding."""
    parts = read(candidate).parts
    return parts == _HALF_READ or (padded and parts != SLOTS)
