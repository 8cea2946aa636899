"""``fuzzy-f1``: a predicted triple is right if it is similar to one of the target's.

Similarity is rapidfuzz's ``ratio`` of the two triples as whole strings: 100 times twice the
length of the longest common subsequence over the sum of the lengths
(https://rapidfuzz.github.io/RapidFuzz/Usage/fuzz.html#ratio). By default matches are one to one,
so that no score exceeds 1.
"""

from collections.abc import Collection

import numpy as np
from rapidfuzz import fuzz, process
from scipy.optimize import linear_sum_assignment

from evalkit_f1.items import Items
from evalkit_f1.metric import TripleF1
from evalkit_f1.params import FuzzyF1Params


class FuzzyF1(TripleF1):
    """F1 by similarity."""

    params: FuzzyF1Params

    def __init__(self, params: FuzzyF1Params) -> None:
        """Keep the parameters; by the study's rule recall may pass 1, and F1 with it."""
        super().__init__(params)
        self.range = (0.0, None if params.compat == "study" else 1.0)

    def true_positives(self, answer: Items, target: Items) -> int:
        """How many items match, by the rule that the parameters choose."""
        if self.params.compat == "study":
            return any_match(answer.triples | answer.broken, target.triples | target.broken)
        if answer.triples <= target.triples or target.triples <= answer.triples:
            return min(len(answer.triples), len(target.triples))  # equal ones are similar
        return one_to_one(answer.triples, target.triples, self.params.threshold)


def one_to_one(answer: Collection[str], target: Collection[str], threshold: float) -> int:
    """The most pairs of similar strings in which no string occurs twice.

    Args:
        answer: distinct strings.
        target: distinct strings.
        threshold: two strings are similar if their ratio (0 to 100) is strictly greater.
    """
    ratios = process.cdist(list(answer), list(target), scorer=fuzz.ratio, dtype=np.float64)
    similar = ratios > threshold
    # Only the number of pairs counts, so the assignment need not look at the ratios.
    rows, columns = linear_sum_assignment(similar, maximize=True)
    return int(similar[rows, columns].sum())


def any_match(answer: Collection[str], target: Collection[str]) -> int:
    """The study's rule: how many predictions have a rounded ratio above 80 with any reference.

    Several predictions may share a reference. Rounding is Python's, so 80.5 becomes 80.
    """
    return sum(
        any(round(fuzz.ratio(prediction, reference)) > 80 for reference in target)
        for prediction in answer
    )
