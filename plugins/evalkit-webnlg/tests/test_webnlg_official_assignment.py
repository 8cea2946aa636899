"""Which candidate is held against which reference."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from evalkit_webnlg.official import assignment
from evalkit_webnlg.official.assignment import TOLERANCE, first_optimum

# Few values, so that equal sums are frequent.
weights = st.integers(0, 4).flatmap(
    lambda rows: st.integers(0, 4).flatmap(
        lambda columns: st.lists(
            st.lists(
                st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 1.0]), min_size=columns, max_size=columns
            ),
            min_size=rows,
            max_size=rows,
        ).map(lambda values: np.array(values, dtype=float).reshape(rows, columns))
    )
)


def first_of_all(values):
    """The same by trying every order, with both sides padded to one size."""
    rows, columns = values.shape
    size = max(rows, columns)
    padded = np.zeros((size, size))
    padded[:rows, :columns] = values
    orders = list(permutations(range(size)))
    sums = [sum(padded[row, column] for row, column in enumerate(order)) for order in orders]
    best = next(o for o, s in zip(orders, sums, strict=True) if s >= max(sums) - TOLERANCE)
    return [(row, column) for row, column in enumerate(best) if row < rows and column < columns]


@settings(deadline=None, max_examples=200)
@given(values=weights)
def test_it_is_the_first_of_the_best_orders(values):
    assert first_optimum(values) == first_of_all(values)


def test_the_best_sum_counts_before_the_order():
    assert first_optimum(np.array([[0.6, 0.5], [0.5, 0.0]])) == [(0, 1), (1, 0)]


def test_equal_sums_are_settled_by_the_order_of_the_candidates():
    assert first_optimum(np.full((3, 3), 0.5)) == [(0, 0), (1, 1), (2, 2)]
    assert first_optimum(np.array([[0.5], [0.5]])) == [(0, 0)]
    assert first_optimum(np.array([[0.2, 0.7], [0.2, 0.7]])) == [(0, 0), (1, 1)]


def test_sums_that_differ_by_rounding_are_equal():
    third = 0.1 + 0.2
    assert third != 0.3
    assert first_optimum(np.array([[0.3, third], [0.3, 0.3]])) == [(0, 0), (1, 1)]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_an_empty_side_leaves_nothing_to_assign(shape):
    assert first_optimum(np.zeros(shape)) == []


def test_a_long_answer_is_no_burden():
    values = np.zeros((400, 3))
    values[399] = [0.1, 0.2, 0.3]
    assert first_optimum(values) == [(0, 0), (1, 1), (399, 2)]


def test_a_very_long_answer_sets_few_problems(monkeypatch):
    values = np.random.default_rng(1).uniform(0.1, 0.5, size=(3000, 3))
    values[2000] = [0.9, 0.9, 0.9]
    asked = []

    def counted(weights, **options):
        asked.append(weights.shape)
        return linear_sum_assignment(weights, **options)

    monkeypatch.setattr(assignment, "linear_sum_assignment", counted)
    found = first_optimum(values)
    assert len(asked) < 100
    best = linear_sum_assignment(values, maximize=True)
    assert sum(values[pair] for pair in found) == pytest.approx(values[best].sum())
