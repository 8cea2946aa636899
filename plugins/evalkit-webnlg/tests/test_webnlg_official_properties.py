"""What must hold of ``webnlg-official`` for any answer and any target."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit_webnlg.official.alignment import NOT_MATCHED, align
from evalkit_webnlg.official.counts import SCORES
from evalkit_webnlg.official.metric import WebnlgOfficial
from evalkit_webnlg.params import WebnlgOfficialParams

METRIC = WebnlgOfficial(WebnlgOfficialParams())
unhurried = settings(deadline=None, max_examples=60)

# Few words, so that runs, repetitions and exchanges are frequent.
words = st.sampled_from(["a", "b", "c", "ab", "a-b", '"a"', ".", "birthPlace", "b_c", "(a)"])
parts = st.lists(words, max_size=4).map(" ".join)
triples = st.tuples(parts, parts, parts).map(list)
items = st.lists(triples | st.lists(parts, max_size=4), max_size=5)
cells = st.lists(st.tuples(items, items), max_size=5)
plain = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4).map(" ".join)
plain_items = st.lists(st.tuples(plain, plain, plain).map(list), min_size=1, max_size=4)
tokens = st.lists(st.sampled_from("abc"), max_size=6).map(tuple)
randoms = st.randoms(use_true_random=False)


def objective(score):
    """What is maximised: the sum of all F1."""
    return sum(score[f"{name}_f1_sum"] for name in SCORES)


@unhurried
@given(pairs=cells)
def test_all_rates_lie_between_zero_and_one(pairs):
    found = METRIC.aggregate([METRIC.score(target, value) for target, value in pairs])
    found.pop("crashes")
    assert all(value is None or 0 <= value <= 1 for value in found.values())


@unhurried
@given(pairs=cells, random=randoms)
def test_the_order_of_examples_does_not_matter(pairs, random):
    scores = [METRIC.score(target, value) for target, value in pairs]
    shuffled = METRIC.aggregate(random.sample(scores, len(scores)))
    assert shuffled == pytest.approx(METRIC.aggregate(scores), abs=1e-12)


@unhurried
@given(target=items, value=items, random=randoms)
def test_the_order_of_triples_changes_neither_the_sum_of_the_scores_nor_the_full_triples(
    target, value, random
):
    score = METRIC.score(target, value)
    other = METRIC.score(*[random.sample(side, len(side)) for side in (target, value)])
    assert objective(other) == pytest.approx(objective(score), abs=1e-8)
    settled_by_order = {name for name in score if name.endswith("_sum")}
    assert {k: v for k, v in other.items() if k not in settled_by_order} == {
        k: v for k, v in score.items() if k not in settled_by_order
    }


def test_the_order_of_an_answer_can_shift_the_scores_where_two_pairings_are_equally_good():
    target = [["e", "h", "d"], ["e", "c c", "e"]]
    value = [["d", "d", "e"], ["e f a", "d c", "d"]]
    score, other = METRIC.score(target, value), METRIC.score(target, value[::-1])
    assert objective(other) == pytest.approx(objective(score))
    assert (score["strict_f1_sum"], score["exact_f1_sum"]) == pytest.approx((1 / 3, 1))
    assert (other["strict_f1_sum"], other["exact_f1_sum"]) == pytest.approx((2 / 3, 2 / 3))


@unhurried
@given(target=plain_items, random=randoms)
def test_a_target_without_punctuation_scores_1_against_itself_in_any_order(target, random):
    found = METRIC.aggregate([METRIC.score(target, random.sample(target, len(target)))])
    assert {found[f"{name}_f1"] for name in SCORES} == {1.0}
    assert {found[f"ceiling_{name}_f1"] for name in SCORES} == {1.0}


@unhurried
@given(target=plain_items, value=plain_items)
def test_a_triple_of_other_words_adds_a_slot_and_nothing_else(target, value):
    before = METRIC.score(target, value)
    after = METRIC.score(target, [*value, ["x", "y", "z"]])
    assert after["slots"] == max(len(target), len(value) + 1)
    assert objective(after) == pytest.approx(objective(before), abs=1e-8)


@unhurried
@given(target=plain_items, value=plain_items)
def test_strict_is_the_least_of_the_scores(target, value):
    score = METRIC.score(target, value)
    assert score["strict_f1_sum"] <= min(score["type_f1_sum"], score["exact_f1_sum"]) + 1e-12
    assert score["exact_f1_sum"] <= score["partial_f1_sum"] + 1e-12


@unhurried
@given(reference=tokens, candidate=tokens)
def test_tokens_are_matched_with_equal_ones_once(reference, candidate):
    found = align(reference, candidate)
    matched = [(i, j) for j, i in enumerate(found.partners) if i != NOT_MATCHED]
    assert all(reference[i] == candidate[j] for i, j in matched)
    assert sorted(i for i, _ in matched) == [i for i, group in enumerate(found.groups) if group]
    free = {word for word, group in zip(reference, found.groups, strict=True) if not group}
    left = {word for word, i in zip(candidate, found.partners, strict=True) if i == NOT_MATCHED}
    assert free.isdisjoint(left)
