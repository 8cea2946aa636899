"""Worked examples of the metric on whole triples: one to one, and by the study's rule."""

import pytest
from rapidfuzz import fuzz

from evalkit import Match
from evalkit_f1.fuzzy import FuzzyF1, any_match
from evalkit_f1.params import FuzzyF1Params

STUDY = FuzzyF1(FuzzyF1Params(compat="study"))
AS_WRITTEN = FuzzyF1(FuzzyF1Params(normalization="none"))

VALE = "Nora Vale | birth place | Kestrel, Maine"
VARIANTS = [
    "Nora Vale | birth place | Kestrel Maine",
    "Nora Vale | birthplace | Kestrel, Maine",
    "Nora Vale | birth place | Kestrel",
]


def items(*lines):
    return [line.split(" | ") for line in lines]


def rates(metric, target, value):
    parts = metric.score(items(*target), items(*value))
    return parts["precision"], parts["recall"], parts["f1"]


def test_similarity_of_the_three_variants():
    ratios = [fuzz.ratio(line, VALE) for line in VARIANTS]
    assert ratios == pytest.approx([98.734, 98.734, 90.411], abs=5e-4)


def test_three_variants_of_one_reference():
    assert rates(AS_WRITTEN, [VALE], VARIANTS) == pytest.approx((1 / 3, 1, 0.5))
    assert rates(STUDY, [VALE], VARIANTS) == (1, 3, 1.5)


def test_several_predictions_may_share_a_reference_by_the_studys_rule():
    target, answer = ["abcdefghij", "abcdefghkl"], ["abcdefghij", "abcdefghiz"]
    assert rates(STUDY, target, answer) == (1, 1, 1)


def test_they_then_stand_for_the_same_item_each_for_the_most_similar_one():
    target, answer = ["abcdefghij", "abcdefghkl"], ["abcdefghiz", "abcdefghij", "zzz"]
    assert STUDY.matches(items(*target), items(*answer)) == [
        Match(answer=0, target=0, similarity=0.9),
        Match(answer=1, target=0),
    ]


def test_another_relation_between_the_same_names_still_matches_as_a_whole():
    other = VALE.replace("birth", "death")
    assert fuzz.ratio(other, VALE) == 92.5
    assert rates(AS_WRITTEN, [VALE], [other]) == (1, 1, 1)


def test_another_date_still_matches_as_a_whole():
    target, answer = "Nora Vale | birth date | 1932-03-15", "Nora Vale | birth date | 1932-03-18"
    assert fuzz.ratio(answer, target) == pytest.approx(97.14, abs=5e-3)
    assert rates(AS_WRITTEN, [target], [answer]) == (1, 1, 1)


def test_the_study_rounds_half_to_even():
    target, answer = "a" * 161 + "c" * 39, "a" * 161 + "b" * 39
    assert fuzz.ratio(answer, target) == 80.5
    assert any_match({answer: 0}, {target: 0}) == []
    whole = AS_WRITTEN.score([[target, "", ""]], [[answer, "", ""]])
    assert whole["tp"] == 1


def test_the_threshold_is_a_parameter():
    strict = FuzzyF1(FuzzyF1Params(normalization="none", threshold=95))
    assert rates(strict, [VALE], [VARIANTS[0]]) == (1, 1, 1)
    assert rates(strict, [VALE], [VARIANTS[2]]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("normalization", "similar"), [("none", False), ("default", True), ("text2kg", True)]
)
def test_similarity_is_taken_after_normalisation(normalization, similar):
    metric = FuzzyF1(FuzzyF1Params(normalization=normalization))
    written = '"NORA_VALE" | BirthPlace | KESTREL,_MAINE'
    assert metric.score(items(VALE), items(written))["tp"] == similar
