"""Which item of an answer stands for which item of the target."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit_report.examples.align import aligned, chosen_pairs, favourite
from evalkit_report.examples.text import as_text, cut, cut_item, items_of

ITEMS = st.lists(st.sampled_from([("a",), ("b",), ("c",), ("a", "b"), ("",)]), max_size=8)
PAIRS = st.lists(
    st.lists(st.one_of(st.integers(-2, 9), st.floats(-0.5, 1.5), st.text(max_size=1)), max_size=4),
    max_size=10,
)


def rows_of(target, answer, matches=None):
    by, pairs = chosen_pairs(target, answer, matches or {}, preferred="")
    rows = aligned(target, answer, pairs)
    return by, [(row.target, row.answer, row.similarity, row.times) for row in rows]


def test_a_matched_a_missed_and_an_invented_item():
    target, answer = [("a",), ("b",)], [("c",), ("a",)]
    assert rows_of(target, answer) == (
        None,
        [(0, 1, 1.0, 1), (1, None, None, 0), (None, 0, None, 1)],
    )


def test_the_metric_that_pairs_most_is_followed_and_named():
    target, answer = [("a",), ("b",)], [("a",), ("bb",)]
    matches = {"exact": [[0, 0, 1]], "fuzzy": [[0, 0, 1], [1, 1, 0.9]], "other": None}
    assert rows_of(target, answer, matches) == ("fuzzy", [(0, 0, 1.0, 1), (1, 1, 0.9, 1)])


def test_of_metrics_that_pair_as_many_the_preferred_one_is_followed():
    matches = {"exact": [[0, 0, 1]], "fuzzy": [[0, 0, 0.9]]}
    for metric in matches:
        assert chosen_pairs([("a",)], [("a",)], matches, preferred=metric)[0] == metric


def test_the_preferred_metric_pairs_most_over_all_answers():
    matches = {"exact": [[0, 0, 1]], "fuzzy": [[0, 0, 1]]}
    assert favourite([matches, matches | {"fuzzy": [[0, 0, 1], [1, 1, 0.9]]}]) == "fuzzy"
    assert favourite([{}, {"exact": None}]) == ""


def test_equal_items_without_a_pair_are_counted_in_one_row():
    assert rows_of([("a",)], [("a",), ("a",), ("b",), ("a",), ("b",)]) == (
        None,
        [(0, 0, 1.0, 3), (None, 2, None, 2)],
    )


def test_an_unpaired_item_stands_behind_the_equal_one_that_is_paired():
    matches = {"exact": [[1, 0, 1]]}
    assert rows_of([("a",)], [("a",), ("a",)], matches) == ("exact", [(0, 1, 1.0, 2)])


def test_an_item_that_a_target_has_twice_is_missed_once():
    assert rows_of([("a",), ("a",)], []) == (None, [(0, None, None, 0)])


def test_items_that_stand_for_the_same_one_have_a_row_each_the_most_similar_first():
    matches = {"study": [[0, 0, 0.9], [1, 0, 1], [2, 0, 0.85]]}
    by, rows = rows_of([("a",), ("b",)], [("aa",), ("a",), ("ab",)], matches)
    assert by == "study"
    assert rows == [(0, 1, 1.0, 1), (0, 0, 0.9, 1), (0, 2, 0.85, 1), (1, None, None, 0)]


def test_an_item_that_stands_for_two_leaves_neither_missed():
    matches = {"metric": [[0, 0, 1], [0, 1, 0.9]]}
    assert rows_of([("a",), ("b",)], [("a",)], matches) == (
        "metric",
        [(0, 0, 1.0, 1), (1, 0, 0.9, 1)],
    )


def test_pairs_that_cannot_be_are_not_used():
    wrong = [[5, 0, 1], [0, 5, 1], [-1, 0, 1], [0, 0, 2], [0, 0], "x", None, [0, 0, 1], [0, 0, 0.5]]
    by, rows = rows_of([("a",), ("b",)], [("x",)], {"metric": wrong})
    assert (by, rows) == ("metric", [(0, 0, 1.0, 1), (1, None, None, 0)])


@pytest.mark.parametrize(("target", "answer"), [([], []), ([], [("a",)]), ([("a",)], [])])
def test_nothing_on_a_side(target, answer):
    assert len(rows_of(target, answer)[1]) == len(target) + len(answer)


@given(ITEMS, ITEMS, st.dictionaries(st.sampled_from("mn"), st.one_of(st.none(), PAIRS)))
def test_every_item_is_there_and_no_row_twice(target, answer, matches):
    _, pairs = chosen_pairs(target, answer, matches, preferred="m")
    rows = aligned(target, answer, pairs)
    targets = [row.target for row in rows if row.target is not None]
    assert targets == sorted(targets)
    assert len(rows) == len({(row.target, row.answer) for row in rows})
    assert {target[j] for j in targets} == set(target)
    counted = Counter({})
    for i, times in {row.answer: row.times for row in rows if row.answer is not None}.items():
        counted[answer[i]] += times
    assert counted == Counter(answer)
    assert all((row.similarity is None) == (None in (row.target, row.answer)) for row in rows)


@given(ITEMS)
def test_the_target_as_an_answer_is_matched(target):
    rows = aligned(target, target, chosen_pairs(target, target, {}, preferred="")[1])
    assert all(row.similarity == 1 for row in rows)


def test_items_of_lists_labels_and_objects():
    assert items_of([["a", "b", 1], "label", {"name": "Ada", "born": 1815}]) == [
        ("a", "b", "1"),
        ("label",),
        ("name: Ada", "born: 1815"),
    ]
    assert items_of("a label") == [("a label",)]
    assert items_of(0) == [("0",)]
    assert items_of(None) == items_of("") == items_of([]) == []


def test_an_item_of_many_or_no_fields_is_one_text():
    assert items_of([list(range(20)), []]) == [(as_text(list(range(20))),), ("[]",)]


def test_long_texts_are_cut_and_say_how_much_is_left_out():
    assert cut("x" * 20_000) == "x" * 20_000
    assert cut("x" * 20_001) == {"cut": "x" * 20_000, "left": 1}
    assert cut_item(("x" * 3_000, "y")) == [{"cut": "x" * 2_000, "left": 1_000}, "y"]
    assert cut_item(("x" * 3_000,)) == ["x" * 3_000]
