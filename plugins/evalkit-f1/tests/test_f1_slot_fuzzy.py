"""Worked examples of the metric that compares slot by slot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from evalkit_f1.fuzzy import FuzzyF1
from evalkit_f1.params import FuzzyF1Params, SlotFuzzyF1Params
from evalkit_f1.slot_fuzzy import SlotFuzzyF1, least_ratios

AS_WRITTEN = SlotFuzzyF1(SlotFuzzyF1Params(normalization="none"))

VALE = ("Nora Vale", "birth place", "Kestrel, Maine")
BORN = ("Nora Vale", "birth date", "1932-03-15")


def ratio(answer, target):
    return least_ratios([answer], [target]).item()


def tp(target, answer, metric=AS_WRITTEN):
    return metric.score([list(target)], [list(answer)])["tp"]


def test_another_relation_between_the_same_names_does_not_match():
    other = (VALE[0], "death place", VALE[2])
    assert ratio(other, VALE) == pytest.approx(72.73, abs=5e-3)
    assert tp(VALE, other) == 0


@pytest.mark.parametrize(
    ("variant", "least"),
    [
        (("Nora Vale", "birth place", "Kestrel Maine"), 96.296),
        (("Nora Vale", "birthplace", "Kestrel, Maine"), 95.238),
        (("Nora Vale", "birth place", "Kestrel"), 66.667),
    ],
)
def test_the_least_similar_slot_decides(variant, least):
    assert ratio(variant, VALE) == pytest.approx(least, abs=5e-4)
    assert tp(VALE, variant) == (least > 80)


def test_another_date_does_not_match_although_it_is_similar():
    other = ("Nora Vale", "birth date", "1932-03-18")
    assert fuzz.ratio(other[2], BORN[2]) == 90
    assert (ratio(other, BORN), tp(BORN, other)) == (0, 0)


def test_a_slot_with_the_same_date_is_compared_as_text():
    other = ("Nora Vale", "birth date", "(1932-03-15)")
    assert (ratio(other, BORN), tp(BORN, other)) == (pytest.approx(90.909, abs=5e-4), 1)


@pytest.mark.parametrize(
    ("one", "other", "matches"),
    [
        ("12500.5", "12500.6", False),
        ("-12500.5", "12500.5", False),
        ("12500.5 (metres)", "12500.5 metres", True),
        ("15 June 1932", "15 July 1932", False),
        ("Apollo Lodge 11", "Apollo Lodge 12", False),
        ("Apollo Lodge", "Apolo Lodge", True),
    ],
)
@pytest.mark.parametrize("slot", [0, 1, 2])
def test_dates_and_numbers_of_any_slot_must_be_equal(one, other, matches, slot):
    target, answer = (
        [text if place == slot else "same" for place in range(3)] for text in (one, other)
    )
    assert fuzz.ratio(one, other) > 80
    assert tp(target, answer) == matches


def test_each_pair_has_a_similarity_of_its_own():
    found = least_ratios([VALE, BORN], [BORN, VALE, ("Nora Vale", "birth date", "1932")])
    assert np.round(found, 2).tolist() == [
        [0, 100, 0],
        [100, 0, 0],
    ]


def test_matching_is_one_to_one():
    variants = [list(VALE), ["Nora Vale", "birthplace", "Kestrel, Maine"]]
    parts = AS_WRITTEN.score([list(VALE)], variants)
    assert (parts["tp"], parts["precision"], parts["recall"]) == (1, 0.5, 1)


def test_the_threshold_is_a_parameter():
    strict = SlotFuzzyF1(SlotFuzzyF1Params(normalization="none", threshold=96))
    assert tp(VALE, ("Nora Vale", "birth place", "Kestrel Maine"), strict) == 1
    assert tp(VALE, ("Nora Vale", "birthplace", "Kestrel, Maine"), strict) == 0


@pytest.mark.parametrize(
    ("normalization", "similar"), [("none", False), ("default", True), ("text2kg", True)]
)
def test_similarity_is_taken_after_normalisation(normalization, similar):
    metric = SlotFuzzyF1(SlotFuzzyF1Params(normalization=normalization))
    assert tp(VALE, ('"NORA_VALE"', "BirthPlace", "KESTREL,_MAINE"), metric) == similar


def test_slots_stay_apart_where_the_profile_joins_them():
    metric = SlotFuzzyF1(SlotFuzzyF1Params(normalization="text2kg"))
    assert tp(("ab", "c", "d"), ("a", "bc", "d"), metric) == 0


words = st.text("ab1 ", max_size=6)
triples = st.lists(st.tuples(words, words, words).map(list), max_size=4)


@pytest.mark.parametrize("normalization", ["none", "default"])
@settings(deadline=None, max_examples=100)
@given(target=triples, value=triples)
def test_what_is_similar_in_every_slot_is_similar_as_a_whole(normalization, target, value):
    whole = FuzzyF1(FuzzyF1Params(normalization=normalization))
    slots = SlotFuzzyF1(SlotFuzzyF1Params(normalization=normalization))
    assert slots.score(target, value)["tp"] <= whole.score(target, value)["tp"]


@settings(deadline=None, max_examples=100)
@given(answer=st.tuples(words, words, words), target=st.tuples(words, words, words))
def test_the_similarity_is_symmetric_and_100_where_nothing_differs(answer, target):
    assert ratio(answer, target) == ratio(target, answer) <= 100
    assert ratio(answer, answer) == 100
