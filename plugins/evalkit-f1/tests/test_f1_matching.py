"""One-to-one matching: the most pairs first, then the greatest similarity."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evalkit_f1.fuzzy import ratios
from evalkit_f1.matching import matched, share, similars


def pairs(similarities, threshold=80.0):
    rows, columns = matched(np.array(similarities, dtype=float), threshold)
    return set(zip(rows.tolist(), columns.tolist(), strict=True))


def count(answer, target, threshold=80.0):
    sides = ({item: place for place, item in enumerate(side)} for side in (answer, target))
    return len(similars(*sides, similarity=ratios, threshold=threshold))


def test_eighty_is_not_above_eighty():
    target, answer = ["abcdefghij", "abcdefghkl"], ["abcdefghij", "abcdefghiz"]
    assert ratios(answer, target).tolist() == [[100, 80], [90, 80]]
    assert ratios(answer, target).dtype == np.float64  # in single precision some 80 would be more
    assert count(answer, target) == 1


def test_both_pairs_are_found_where_the_first_best_choice_blocks_one():
    target, answer = ["abcdefghij", "abcdefghXY"], ["abcdefghiY", "abcdefghij"]
    assert ratios(answer, target).tolist() == [[90, 90], [100, 80]]
    assert pairs(ratios(answer, target)) == {(0, 1), (1, 0)}
    assert count(answer, target) == 2


def test_an_equal_string_may_have_to_give_way():
    assert count(["abcdefghij", "abcdefZZij"], ["abcdefghij", "abcdefghXY"], 79.9) == 2


def test_of_as_many_pairs_the_more_similar_ones_are_taken():
    assert pairs([[81, 99], [82, 81]]) == {(0, 1), (1, 0)}
    assert pairs([[81, 99]]) == {(0, 1)}


def test_one_pair_more_counts_more_than_any_similarity():
    assert pairs([[100, 81], [81, 0]]) == {(0, 1), (1, 0)}


def test_one_pair_more_counts_more_however_many_there_are():
    size = 200
    chain = np.zeros((size, size))
    np.fill_diagonal(chain, 80.01)  # all of them, though each is hardly similar
    chain[np.arange(1, size), np.arange(size - 1)] = 100.0  # one less, all equal
    assert pairs(chain) == {(number, number) for number in range(size)}


def test_without_similar_pairs_there_is_no_match():
    assert pairs([[80, 10], [0, 80]]) == set()


@pytest.mark.parametrize(("answer", "target"), [([], []), ([], ["a"]), (["a"], [])])
def test_what_is_empty_matches_nothing(answer, target):
    assert count(answer, target) == 0


def test_what_is_nearly_equal_is_not_called_equal():
    assert (share(100.0), share(99.99999), share(80.00001), share(0.0)) == (1.0, 0.9999, 0.8, 0.0)


sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))
tables = sizes.flatmap(lambda shape: arrays(np.float64, shape, elements=st.integers(70, 100)))


@settings(deadline=None, max_examples=200)
@given(tables)
def test_no_other_pairing_is_better(similarities):
    similarities = similarities if len(similarities) <= len(similarities.T) else similarities.T
    rows, columns = matched(similarities, 80)
    best = max(
        value_of(similarities[range(len(similarities)), some])
        for some in permutations(range(similarities.shape[1]), len(similarities))
    )
    assert value_of(similarities[rows, columns]) == best
    assert len(set(rows)) == len(set(columns)) == len(rows)


def value_of(found):
    """Number of matches, and their similarity."""
    return (found > 80).sum(), found[found > 80].sum()
