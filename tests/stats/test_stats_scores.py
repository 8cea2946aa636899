"""Figures as ratios of sums, and what each example adds to them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import UserError
from evalkit.stats.scores import Scores, ratio

counts = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=2, max_size=30)


def test_the_worked_example(means, ratios):
    values = [scores.value() for scores in (*means, *ratios)]
    assert values == pytest.approx([0.554762, 0.8625, 0.684211, 0.820513], abs=1e-6)


def test_the_figure_of_several_seeds_is_the_mean_of_theirs():
    scores = Scores.of([[1, 1], [0, 1]], [[1, 1], [1, 3]])
    assert scores.by_seed().tolist() == [1.0, 0.25]
    assert scores.value() == 0.625


def test_the_table_of_a_mean_is_the_scores_themselves():
    rows = np.array([[0.1, 0.5, 0.9], [0.2, 0.2, 0.3]])
    assert Scores.of(rows).linearised() == pytest.approx(rows)


@given(counts)
@settings(max_examples=50)
def test_a_table_has_the_figures_as_its_means(rows):
    scores = Scores.of(*np.array(rows, dtype=float).T)
    assert scores.linearised().mean(axis=1) == pytest.approx(scores.by_seed())


@given(counts, st.integers(0, 100))
@settings(max_examples=50)
def test_a_table_tells_what_a_little_more_of_an_example_does(rows, choice):
    above, below = np.array(rows, dtype=float).T
    index, little = choice % len(rows), 1e-6
    weights = np.ones(len(rows))
    weights[index] += little
    moved = (above @ weights) / (below @ weights) - above.sum() / below.sum()
    table = Scores.of(above, below).linearised()[0]
    expected = (table[index] - table.mean()) / len(rows) * little
    assert moved == pytest.approx(expected, abs=1e-10)


class TestEmptyDenominators:
    def test_have_the_figure_that_is_given_for_them(self):
        assert Scores.of([0, 0], [0, 0], empty=1.0).value() == 1.0

    def test_leave_it_undefined_otherwise(self):
        scores = Scores.of([0, 0], [0, 0])
        assert scores.value() is None
        assert scores.linearised() is None

    def test_of_one_seed_leave_the_mean_undefined(self):
        assert Scores.of([[0, 0], [1, 1]], [[0, 0], [1, 1]]).value() is None

    def test_of_one_example_leave_that_undefined(self):
        assert np.isnan(Scores.of([0, 1], [0, 2]).by_example()).tolist() == [True, False]

    def test_count_as_such_up_to_rounding(self):
        assert ratio(np.array([1.0]), np.array([1e-17]), 7.0).tolist() == [7.0]


@pytest.mark.parametrize(
    ("above", "below", "message"),
    [
        ([0.5, np.nan], None, r"scores: nan at index \(1,\), 1 of 2 are not finite"),
        ([0.5, np.inf], None, "not finite"),
        ([0.5], [np.nan], "denominators of scores: nan"),
        ([], None, "there are none"),
        ([[]], None, "there are none"),
        ([1, 1], [1, -1], "the least is -1"),
        ([1, 1], [1], "scores of shape"),
        ([[[1]]], None, "scores of shape"),
    ],
)
def test_bad_scores_are_refused(above, below, message):
    with pytest.raises(UserError, match=message):
        Scores.of(above, below)
