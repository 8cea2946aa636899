"""``slot-fuzzy-f1``: a predicted triple is right if each slot is similar to the target's.

The similarity of two triples is the least of the three ratios of subject, predicate and object,
so that long names do not hide another relation. Dates and numbers are not similar, they are equal
or not: where those in a slot differ (`evalkit_f1.quantities`), its similarity is 0.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evalkit_f1.fuzzy import ratios
from evalkit_f1.items import Items
from evalkit_f1.matching import similars
from evalkit_f1.metric import TripleF1
from evalkit_f1.normalize import PROFILES, Slots
from evalkit_f1.pairs import Pair
from evalkit_f1.params import SlotFuzzyF1Params
from evalkit_f1.quantities import quantities


class SlotFuzzyF1(TripleF1[Slots]):
    """F1 by similarity of subject, predicate and object, each for itself."""

    params: SlotFuzzyF1Params

    def __init__(self, params: SlotFuzzyF1Params) -> None:
        """Choose the normalisation."""
        super().__init__(params, PROFILES[params.normalization].slots)

    def pairs(self, answer: Items[Slots], target: Items[Slots]) -> list[Pair]:
        """As many pairs of similar triples as there can be, with no triple in two of them."""
        return similars(
            answer.triples,
            target.triples,
            similarity=least_ratios,
            threshold=self.params.threshold,
        )


def least_ratios(answer: Sequence[Slots], target: Sequence[Slots]) -> NDArray[np.float64]:
    """Similarity (0 to 100) of each prediction (row) with each reference (column)."""
    slots = zip(zip(*answer, strict=True), zip(*target, strict=True), strict=True)
    least: NDArray[np.float64] = np.minimum.reduce([_slot_ratios(*both) for both in slots])
    return least


def _slot_ratios(answer: Sequence[str], target: Sequence[str]) -> NDArray[np.float64]:
    found = ratios(answer, target)
    ours, theirs = list(map(quantities, answer)), list(map(quantities, target))
    if any(ours) or any(theirs):
        found[np.array([[one != other for other in theirs] for one in ours])] = 0.0
    return found
