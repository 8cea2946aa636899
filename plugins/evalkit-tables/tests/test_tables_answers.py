"""A row for each answer, with what it was worth; a row for each judgment."""

import json
import re

import pytest

from evalkit import UserError, load_run
from evalkit_tables.answers import worth


def test_each_answer_has_a_row_with_its_example_and_its_score(folder, as_csv):
    run = load_run(folder)
    done = [cell["id"] for cell in run.results["cells"] if cell["status"] == "done"]
    examples = {example["id"]: example for example in run.examples()}
    rows = as_csv(folder)["predictions"]
    assert [(row["cell"], row["example"]) for row in rows] == [
        (cell, example) for cell in done for example in examples
    ]
    for row in rows:
        assert row["input"] == examples[row["example"]]["input"]
        assert row["target"] == examples[row["example"]]["target"]
        if row["outcome"] != "failed":
            assert json.loads(row["parts.contains"]) == {"contains": float(row["score.contains"])}


def test_the_mean_of_the_scores_is_the_headline(folder, as_csv):
    for cell in load_run(folder).results["cells"]:
        if cell["status"] == "done":
            rows = [r for r in as_csv(folder)["predictions"] if r["cell"] == cell["id"]]
            scores = [float(row["score.contains"]) for row in rows if row["score.contains"]]
            value = cell["scores"]["contains"]["value"]
            assert sum(scores) / len(scores) == pytest.approx(value, abs=1e-12)


def test_an_answer_that_failed_has_a_reason_and_no_score(folder, as_csv):
    failed = [row for row in as_csv(folder)["predictions"] if row["outcome"] == "failed"]
    assert failed
    for row in failed:
        assert row["failure"]
        assert row["text"] == row["value"] == row["score.contains"] == row["parts.contains"] == ""


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ({"headline": "f1", "ratio": None}, 0.25),
        ({"headline": "macro_f1", "ratio": None}, None),
        ({"headline": "macro_f1"}, None),
        ({"ratio": {"numerator": {"f1": 1}, "denominator": {}}}, 0.25),
        (
            {"ratio": {"numerator": {"tp": 2}, "denominator": {"n": 1, "m": 1}}},
            0.4,
        ),
        ({"ratio": {"numerator": {"tp": 2}, "denominator": {"zero": 1}, "empty": None}}, None),
        ({"ratio": {"numerator": {"tp": 2}, "denominator": {"zero": 1}, "empty": 1.0}}, 1.0),
    ],
)
def test_what_an_answer_is_worth(score, expected):
    assert worth({"f1": 0.25, "tp": 1, "n": 2, "m": 3, "zero": 0}, score) == expected


def test_judgments_have_a_row_each_and_the_rest_as_json(folder, as_csv):
    lines = list(load_run(folder).judgments())
    rows = as_csv(folder)["judgments"]
    assert [row["judgment"] for row in rows] == [line["id"] for line in lines]
    assert rows
    assert all(json.loads(row["details"])["winner"] in ("A", "B") for row in rows)


def test_a_verdict_fills_the_columns_that_are_called_like_its_keys(folder, as_csv):
    known = {"judge": "j", "a": "x", "b": "y", "vote": 2, "score": 0.5, "verdict": "A"}
    odd = {"judge": 7, "score": True}
    failure = {"failure": {"reason": "r", "kind": "engine"}}
    lines = [{"verdict": {**known, "more": [1]}}, {"verdict": odd}, failure]
    form = {"comparison": "fake-duel", "seed": 1, "id": "q"}
    text = "".join(json.dumps({**form, **line}) + "\n" for line in lines)
    (folder / "judgments.jsonl").write_text(text, encoding="ascii")
    first, second, third = as_csv(folder)["judgments"]
    assert {key: first[key] for key in known} == {key: str(value) for key, value in known.items()}
    assert json.loads(first["details"]) == {"more": [1]}
    assert (second["judge"], second["score"], json.loads(second["details"])) == ("", "", odd)
    assert (third["failure"], third["failure_kind"], third["details"]) == ("r", "engine", "")


@pytest.mark.parametrize("name", ["predictions/fake-bare", "scores/contains/fake-bare"])
@pytest.mark.parametrize("fault", ["missing", "damaged", "short", "long"])
def test_what_is_damaged_is_named_and_the_rest_is_written(folder, as_csv, name, fault):
    path = next(folder.glob(f"{name}*.jsonl"))
    as_csv(folder)
    lines = path.read_text("ascii").splitlines(keepends=True)
    path.unlink()
    if fault != "missing":
        broken = {"damaged": [*lines[:3], "{\n"], "short": lines[:-1], "long": [*lines, lines[0]]}
        path.write_text("".join(broken[fault]), encoding="ascii")
    if fault == "short" and name.startswith("scores"):
        assert as_csv(folder)["predictions"]  # as if that answer had failed
        return
    with pytest.raises(UserError, match=r"not written: predictions") as caught:
        as_csv(folder, tables=("predictions", "cells"))
    assert re.search(r"fake-bare", str(caught.value)), caught.value
    assert (folder / "tables" / "cells.csv").exists()
    assert not (folder / "tables" / "predictions.csv").exists()
