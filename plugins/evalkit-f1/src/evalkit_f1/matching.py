"""One-to-one matching: each prediction with at most one reference, and the other way round.

Similarities lie between 0 and 100. Two items may be matched if theirs is strictly greater than
the threshold. Of all matchings with the most pairs, the one with the greatest sum of similarities
is taken (the assignment problem, solved by ``scipy.optimize.linear_sum_assignment``).
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from evalkit_f1.items import Form
from evalkit_f1.pairs import Pair, Places, equals

Similarity: TypeAlias = Callable[[Sequence[Form], Sequence[Form]], NDArray[np.float64]]
"""Predictions and references -> one row for each prediction, one column for each reference."""


def similars(
    answer: Places[Form],
    target: Places[Form],
    *,
    similarity: Similarity[Form],
    threshold: float,
) -> list[Pair]:
    """The one-to-one matching with the most pairs."""
    if answer.keys() <= target.keys() or target.keys() <= answer.keys():
        return equals(answer, target)  # as many as there can be, and none is more similar
    found = similarity(list(answer), list(target))
    rows, columns = matched(found, threshold)
    ours, theirs = list(answer.values()), list(target.values())
    return [
        (ours[row], theirs[column], share(found[row, column]))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    ]


def share(similarity: float) -> float:
    """A similarity of 0 to 100 as one of 0 to 1, cut to 4 places: only equal items have 1."""
    return int(similarity * 100) / 10_000


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
