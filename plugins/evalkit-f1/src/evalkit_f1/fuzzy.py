"""``fuzzy-f1``: a predicted triple is right if it is similar to one of the target's.

Similarity is rapidfuzz's ``ratio`` of the two triples as whole strings: 100 times twice the
length of the longest common subsequence over the sum of the lengths
(https://rapidfuzz.github.io/RapidFuzz/Usage/fuzz.html#ratio). It is lenient: where the names are
long, another relation between them hardly changes it. `evalkit_f1.slot_fuzzy` looks at each slot.
By default matches are one to one, so that no score exceeds 1.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from evalkit_f1.items import Items
from evalkit_f1.matching import share, similars
from evalkit_f1.metric import TripleF1
from evalkit_f1.normalize import PROFILES
from evalkit_f1.pairs import Pair
from evalkit_f1.params import FuzzyF1Params


class FuzzyF1(TripleF1[str]):
    """F1 by similarity of whole triples."""

    params: FuzzyF1Params

    def __init__(self, params: FuzzyF1Params) -> None:
        """Keep the parameters; by the study's rule recall may pass 1, and F1 with it."""
        super().__init__(params, PROFILES[params.normalization].whole)
        self.range = (0.0, None if params.compat == "study" else 1.0)

    def pairs(self, answer: Items[str], target: Items[str]) -> list[Pair]:
        """The items that match, by the rule that the parameters choose."""
        if self.params.compat == "study":
            return any_match(_all(answer), _all(target))
        return similars(
            answer.triples,
            target.triples,
            similarity=ratios,
            threshold=self.params.threshold,
        )


def ratios(answer: Sequence[str], target: Sequence[str]) -> NDArray[np.float64]:
    """Similarity (0 to 100) of each prediction (row) with each reference (column)."""
    return process.cdist(answer, target, scorer=fuzz.ratio, dtype=np.float64)


def any_match(answer: Mapping[str, int], target: Mapping[str, int]) -> list[Pair]:
    """The study's rule: each prediction that has a rounded ratio above 80 with any reference.

    It stands for the most similar one; several predictions may share a reference. Rounding is
    Python's, so 80.5 becomes 80.
    """
    found = []
    for prediction, place in answer.items():
        alike = {reference: fuzz.ratio(prediction, reference) for reference in target}
        best = max(alike, key=alike.__getitem__, default=None)
        if best is not None and round(alike[best]) > 80:
            found.append((place, target[best], share(alike[best])))
    return found


def _all(items: Items[str]) -> dict[str, int]:
    """Malformed items too, as one string each."""
    return {**items.broken, **items.triples}
