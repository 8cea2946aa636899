"""One-to-one matching: each prediction with at most one reference, and the other way round.

Similarities lie between 0 and 100. Two items may be matched if theirs is strictly greater than
the threshold. Of all matchings with the most pairs, the one with the greatest sum of similarities
is taken (the assignment problem, solved by ``scipy.optimize.linear_sum_assignment``).
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from evalkit_f1.items import Form

Similarity: TypeAlias = Callable[[Sequence[Form], Sequence[Form]], NDArray[np.float64]]
"""Predictions and references -> one row for each prediction, one column for each reference."""


def count_matches(
    answer: AbstractSet[Form],
    target: AbstractSet[Form],
    *,
    similarity: Similarity[Form],
    threshold: float,
) -> int:
    """How many pairs a one-to-one matching finds at most."""
    if answer <= target or target <= answer:
        return min(len(answer), len(target))  # equal ones are similar
    rows, _ = matched(similarity(list(answer), list(target)), threshold)
    return len(rows)


def matched(
    similarities: NDArray[np.float64], threshold: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The matching with the most pairs, and the greatest similarity among those.

    Args:
        similarities: one row for each prediction, one column for each reference.
        threshold: what the similarity of a pair must exceed.

    Returns:
        The rows and the columns of its pairs.
    """
    similar = similarities > threshold
    # One pair more outweighs whatever the similarities of all others can add.
    per_pair = 100.0 * (1 + min(similar.shape))
    rows, columns = linear_sum_assignment(similar * (per_pair + similarities), maximize=True)
    kept = similar[rows, columns]
    return rows[kept], columns[kept]
