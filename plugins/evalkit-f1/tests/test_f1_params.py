import subprocess
import sys

import pytest
from pydantic import ValidationError

from evalkit_f1.hooks import evalkit_metrics
from evalkit_f1.params import ExactF1Params, FuzzyF1Params, SlotFuzzyF1Params


def test_the_study_fixes_the_other_parameters_and_records_them():
    assert FuzzyF1Params(compat="study").suite_form() == {
        "normalization": "none",
        "average": "macro",
        "threshold": 80.0,
        "compat": "study",
    }


def test_what_the_study_does_not_fix_stays_free():
    assert ExactF1Params(compat="study", by_relation=True).suite_form() == {
        "normalization": "none",
        "average": "macro",
        "compat": "study",
        "by-relation": True,
    }


@pytest.mark.parametrize("params", [ExactF1Params, FuzzyF1Params, SlotFuzzyF1Params])
def test_the_normalisation_is_recorded_even_if_it_is_the_default(params):
    assert params().suite_form()["normalization"] == "default"


@pytest.mark.parametrize(
    "given",
    [{"normalization": "default"}, {"average": "micro"}, {"threshold": 90}, {"threshold": 80.5}],
)
def test_a_parameter_that_contradicts_the_study_is_refused(given):
    with pytest.raises(ValidationError, match=f"leave {next(iter(given))} out"):
        FuzzyF1Params.model_validate({"compat": "study", **given})


def test_the_effective_values_of_the_study_are_accepted_again():
    params = FuzzyF1Params(compat="study")
    assert FuzzyF1Params.model_validate(params.suite_form()) == params


@pytest.mark.parametrize(
    "given", [{"threshold": 100}, {"threshold": -1}, {"normalization": "rebel"}, {"compat": "x"}]
)
def test_a_value_out_of_range_is_refused(given):
    for params in (FuzzyF1Params, SlotFuzzyF1Params):
        with pytest.raises(ValidationError):
            params.model_validate(given)


def test_the_study_had_no_slot_fuzzy_f1():
    with pytest.raises(ValidationError, match="compat"):
        SlotFuzzyF1Params.model_validate({"compat": "study"})


def test_exact_f1_has_no_threshold():
    with pytest.raises(ValidationError, match="threshold"):
        ExactF1Params.model_validate({"threshold": 90})


def test_all_metrics_are_registered_for_triples():
    assert {entry.name: entry.answers for entry in evalkit_metrics()} == {
        "exact-f1": {"triples"},
        "fuzzy-f1": {"triples"},
        "slot-fuzzy-f1": {"triples"},
    }


@pytest.mark.parametrize("module", ["hooks", "params", "exact"])
def test_only_the_fuzzy_metrics_load_numeric_libraries(module):
    heavy = "{'numpy', 'scipy', 'rapidfuzz'}"
    code = f"import sys, evalkit_f1.{module}; print(*{heavy} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert loaded.stdout.split() == []
