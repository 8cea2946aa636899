"""Which candidate is held against which reference: the assignment with the greatest sum.

Equal sums may come with different scores. The official script takes the first of the best in
lexicographic order; so does this, with one assignment problem for each choice in place of all n!
orders: the first candidate gets the first reference with which the best sum can still be had,
then the second candidate, and so on.

Source of the solver: Crouse, "On implementing 2D rectangular assignment algorithms", 2016,
https://doi.org/10.1109/TAES.2016.140952, as scipy's ``linear_sum_assignment``.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

TOLERANCE = 1e-9
"""Sums that differ by no more are equal: they differ by rounding."""

Weights: TypeAlias = npt.NDArray[np.float64]


def first_optimum(weights: Weights) -> list[tuple[int, int]]:
    """The assignment with the greatest sum of weights, the first of equal ones.

    Args:
        weights: a row for each candidate, a column for each reference; none is negative.

    Returns:
        (row, column) for every one of the shorter side. Rows without a column are left out: what
        they are held against is padding, which stands behind the references and weighs nothing.
    """
    free = list(range(weights.shape[1]))
    plan = _plan(weights, range(len(weights)), free)
    missing = _total(weights, plan) - TOLERANCE
    chosen: list[tuple[int, int]] = []
    # At least so much is lost if a column is kept from the rows below. It never falls while rows go
    # without a column, so that thousands of junk lines do not pose as many problems each.
    loss = np.zeros(weights.shape[1])
    for row in range(len(weights)):
        below = range(row + 1, len(weights))
        for column in free:
            if plan.get(row) == column:
                break
            if weights[row, column] < loss[column]:
                continue
            trial = _plan(weights, below, [other for other in free if other != column])
            loss[column] = missing - _total(weights, trial)
            if weights[row, column] >= loss[column]:
                plan = {row: column, **trial}
                break
        if row in plan:
            column = plan.pop(row)
            free.remove(column)
            missing -= weights[row, column]
            loss[:] = 0
            chosen.append((row, column))
    return chosen


def _plan(weights: Weights, rows: Sequence[int], columns: Sequence[int]) -> dict[int, int]:
    """The best column of each row, of those that are left."""
    if not rows or not columns:
        return {}
    found = linear_sum_assignment(weights[np.ix_(rows, columns)], maximize=True)
    return {rows[row]: columns[column] for row, column in zip(*found, strict=True)}


def _total(weights: Weights, plan: dict[int, int]) -> float:
    return sum(float(weights[row, column]) for row, column in plan.items())
