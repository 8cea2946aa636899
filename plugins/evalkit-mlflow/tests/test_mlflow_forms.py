"""What is made of the results: names, texts, figures, states."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit_mlflow.forms import metrics_of, milliseconds
from evalkit_mlflow.names import LONGEST_NAME, unique_names, valid_name, valid_text
from evalkit_mlflow.of_cell import nested
from evalkit_mlflow.of_run import parent, run_key


@given(st.text(max_size=300))
def test_every_name_becomes_one_that_is_allowed(name):
    valid = valid_name(name)
    assert re.fullmatch(r"[/\w. \-]{1,250}", valid)
    assert not valid.startswith("/")
    assert not {"", ".", ".."} & set(valid.split("/"))


@pytest.mark.parametrize("name", ["exact-f1/macro_f1", "a b.c/d-e", "ключ", "...a"])
def test_a_name_that_is_allowed_stays(name):
    assert valid_name(name) == name


def test_names_that_become_alike_are_told_apart():
    names = ["a?", "a!", "a_", "n" * 300, "n" * 299, "n" * 251]
    found = unique_names((name, name) for name in names)
    assert list(found)[:3] == ["a_", "a__2", "a__3"]
    assert list(found.values()) == names
    assert max(map(len, found)) <= LONGEST_NAME


@given(st.text(st.characters(), max_size=60))
def test_every_text_becomes_one_that_can_be_stored(text):
    valid = valid_text(text, 50)
    assert 1 <= len(valid) <= 50
    assert "\0" not in valid
    valid.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a\nb", "a\nb"), ("", '""'), (None, "null"), (0.5, "0.5"), (True, "true"), ([1], "[1]")],
)
def test_texts_of_values(value, expected):
    assert valid_text(value, 50) == expected


@pytest.mark.parametrize(
    "value", [None, True, "1", float("nan"), float("inf"), 10**400, [], [[1]], [[1, None]], {}]
)
def test_what_is_no_figure_is_left_out(value):
    assert metrics_of([("m", value)]) == {}


def test_points_of_a_curve_are_in_order_and_each_step_once():
    assert metrics_of([("m", [[2, 1], [1, 3.5], [2, 0.5]])]) == {"m": ((1, 3.5), (2, 0.5))}


def test_times():
    assert milliseconds("2026-11-20T17:11:38Z") == 1795194698000
    assert milliseconds(None) == milliseconds("yesterday") == 0


def test_the_state_of_a_run(results):
    assert parent(results, "n", {}).status == "FAILED"
    results["cells"] = [cell for cell in results["cells"] if cell["status"] == "done"]
    assert parent(results, "n", {}).status == "FINISHED"
    results["cells"][0]["status"] = "pending"
    assert parent(results, "n", {}).status == "KILLED"
    assert nested(results, results["cells"][0], {}).status == "KILLED"


def test_a_run_lasts_as_long_as_its_jobs_took(results):
    cell = results["cells"][0]
    cell["seconds"] = {"adapt": 1.5, "predict": 2.25, "score": None}
    form = nested(results, cell, {})
    assert form.end_ms - form.start_ms == 3750


def test_a_run_is_known_by_what_it_compares(results):
    key = run_key(results)
    results["run"]["finished"] = results["analysis"] = None
    assert run_key(results) == key
    results["cells"][0]["params"] = {"k": 99}
    assert run_key(results) != key


def test_a_seed_of_another_has_the_interval_of_its_method(results):
    done = next(cell for cell in results["cells"] if cell["status"] == "done")
    twin = json.loads(json.dumps({**done, "id": "twin", "seed": 2}))
    metrics = nested(results, done, {}).metrics
    of_twin = nested(results, twin, {}).metrics
    assert metrics["analysis/value"] == of_twin["analysis/value"]
    assert "fake-duel/share" in metrics
    assert "fake-duel/share" not in of_twin


def test_a_model_is_shown_as_it_was_loaded_not_as_it_was_asked_for(results):
    model, cell = results["models"][0], results["cells"][0]
    model.update(dtype="bfloat16", params={"dtype": "auto", "batch-size": 8})
    params = nested(results, cell, {}).params
    assert params["model.dtype"] == "bfloat16"
    assert params["model.batch-size"] == "8"
    assert "model.dtype_2" not in params
