"""The paired randomisation test."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import UserError
from evalkit.stats import bootstrap
from evalkit.stats.bootstrap import Sampling
from evalkit.stats.clusters import by_source, independent
from evalkit.stats.randomisation import randomisation_tests
from evalkit.stats.scores import Scores

EIGHT = independent(8)
values = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8)


def p_of(baseline, method, clusters, sampling=None, stretch=1.0):
    pairs = [(baseline, method)]
    return randomisation_tests(pairs, clusters, sampling or Sampling(), [stretch])[0]


def test_the_worked_example(means, ratios):
    assert p_of(*means, EIGHT).p == 32 / 256
    assert p_of(*ratios, EIGHT).p == 88 / 256
    assert p_of(*means, EIGHT).method == "exact randomisation"


@given(values)
@settings(max_examples=50)
def test_the_exact_test_counts_every_swap(rows):
    pairs = np.array(rows, dtype=float)
    gains = pairs[:, 1] - pairs[:, 0]
    signs = np.array(list(product([1, -1], repeat=len(rows))))
    expected = np.mean(np.abs(signs @ gains) >= abs(gains.sum()) - 1e-9)
    found = p_of(Scores.of(pairs[:, 0]), Scores.of(pairs[:, 1]), independent(len(rows)))
    assert found.p == pytest.approx(expected)


def test_a_drawn_test_is_near_the_exact_one(monkeypatch, pair):
    exact = p_of(*pair, EIGHT).p
    monkeypatch.setattr("evalkit.stats.randomisation.EXACT_UP_TO", 7)
    drawn = p_of(*pair, EIGHT, Sampling(replicates=9_999))
    assert drawn.p == pytest.approx(exact, abs=0.015)
    assert drawn.method == "approximate randomisation"


def test_a_drawn_p_is_never_0():
    n = 60
    found = p_of(Scores.of(np.zeros(n)), Scores.of(np.ones(n)), independent(n))
    assert found.p == 1 / 10_000


def test_ties_everywhere_have_a_p_of_1():
    for n in (5, 50):
        assert p_of(Scores.of(np.ones(n)), Scores.of(np.ones(n)), independent(n)).p == 1


def test_the_order_of_the_methods_makes_no_difference(pair):
    assert p_of(*pair, EIGHT).p == p_of(*pair[::-1], EIGHT).p


def test_clusters_are_swapped_whole():
    clusters = by_source([[str(i // 4)] for i in range(12)])
    assert p_of(Scores.of(np.zeros(12)), Scores.of(np.ones(12)), clusters).p == 2 / 8


def test_stretched_differences_are_harder_to_reach(pair):
    assert p_of(*pair, EIGHT, stretch=1.5).p > p_of(*pair, EIGHT).p


def test_pairs_are_tested_as_they_would_be_alone(means, ratios):
    together = randomisation_tests([means, ratios], EIGHT, Sampling(), [1, 1])
    assert together == [p_of(*means, EIGHT), p_of(*ratios, EIGHT)]


def test_blocks_that_fit_the_memory_change_nothing(monkeypatch):
    rng = np.random.default_rng(1)
    pair = Scores.of(rng.random(40)), Scores.of(rng.random(40))
    whole = p_of(*pair, independent(40), Sampling(replicates=999))
    monkeypatch.setattr(bootstrap, "_BLOCK", 400)
    assert p_of(*pair, independent(40), Sampling(replicates=999)) == whole


def test_swaps_that_leave_no_denominator_leave_it_undefined():
    baseline, method = Scores.of([1, 0], [1, 0]), Scores.of([0, 1], [0, 1])
    assert p_of(baseline, method, independent(2)) is None


def test_methods_on_other_examples_are_refused():
    with pytest.raises(UserError, match="scores of 2 and of 3 examples"):
        p_of(Scores.of([1, 2]), Scores.of([1, 2, 3]), independent(2))
