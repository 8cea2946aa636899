"""What the parameters of ``judge-elo`` allow, fill in and refuse."""

import json

import pytest
from pydantic import ValidationError

from evalkit_judge.params import JudgeEloParams


def params(**given):
    return JudgeEloParams.from_form({"judge": "j", **given})


def test_parameters_of_the_study():
    study = params(compat="study")
    assert (study.orders, study.answer, study.temperature) == ("one-random", "schema", 0.3)


@pytest.mark.parametrize(
    "contradiction",
    [
        {"orders": "both"},
        {"answer": "choices"},
        {"temperature": 0.0},
        {"temperature": 1},
        {"votes": 3},
        {"mtbench": True},
        {"budget": 99},
        {"rating": "davidson"},
        {"anchor": "zero-shot"},
    ],
)
def test_what_contradicts_the_study_is_an_error(contradiction):
    with pytest.raises(ValidationError, match="leave"):
        params(compat="study", **contradiction)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"compat": "study"},
        {"votes": 3},
        {"budget": 500},
        {"audit": 50},
        {"audit": False, "repeat": 5, "humans": "/labels.csv"},
        {"thresholds": {"gold": 0.4, "units": 20}},
    ],
)
def test_the_suites_form_says_the_same(given):
    once = params(**given)
    assert JudgeEloParams.from_form(json.loads(json.dumps(once.suite_form()))) == once


def test_judges_are_models_of_the_suite():
    assert JudgeEloParams.references() == {"judge": "model", "judges": "model"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "name one judge"),
        ({"judge": "a", "judges": ["b", "c"]}, "name one judge"),
        ({"judges": []}, "name one judge"),
        ({"judges": ["a", "b", "a"]}, "twice"),
    ],
)
def test_one_judge_or_several(given, why):
    with pytest.raises(ValidationError, match=why):
        JudgeEloParams.from_form(given)
    assert JudgeEloParams.from_form({"judges": ["a", "b"]}).judge is None


def test_several_votes_are_sampled():
    assert params().temperature == 0
    assert params(votes=3).temperature == 0.7
    assert params(votes=3, temperature=0.2).temperature == 0.2
    with pytest.raises(ValidationError, match="temperature 0"):
        params(votes=3, temperature=0.0)
    with pytest.raises(ValidationError, match="choice"):
        params(votes=3, answer="choices")


def test_a_budget_is_spent_on_all_examples_unless_the_suite_says_otherwise():
    assert params().examples == 100
    assert params(budget=500).examples == "all"
    assert params(budget=500, examples=30).examples == 30
    with pytest.raises(ValidationError, match="from 1"):
        params(examples=0)


@pytest.mark.parametrize("audit", [0, -1, "true", 1.5])
def test_an_audit_is_true_or_false_or_a_number(audit):
    with pytest.raises(ValidationError):
        params(audit=audit)
    assert (params(audit=7).audit, params(audit=True).audit) == (7, True)


def test_thresholds_are_those_of_the_field_unless_given():
    least = params(thresholds={"gold": 0.4}).thresholds
    assert (least.consistency, least.stability, least.identical) == (0.8, 0.9, 0.95)
    assert (least.gold, least.degraded, least.units) == (0.4, 0.95, 100)
