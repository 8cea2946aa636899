"""The tables say what results.json says."""

import math

from evalkit import load_run
from evalkit_tables.figures import loss_of


def number(text):
    return float(text) if text else None


def test_cells_tell_what_became_of_each(folder, as_csv):
    results = load_run(folder).results
    rows = as_csv(folder)["cells"]
    assert [row["cell"] for row in rows] == [cell["id"] for cell in results["cells"]]
    for row, cell in zip(rows, results["cells"], strict=True):
        assert (row["status"], row["seed"]) == (cell["status"], str(cell["seed"]))
        assert number(row["predict_seconds"]) == cell["seconds"]["predict"]
        used = cell["usage"]["predict"] or {"prompt_tokens": None}
        assert number(row["predict_prompt_tokens"]) == used["prompt_tokens"]
        assert row["adapt_cost"] == row["currency"] == ""
    broken = next(row for row in rows if row["adapter"] == "broken")
    assert (broken["status"], broken["failure"]) == ("failed", "it gave up")
    assert {row["failed"] for row in rows if row["status"] == "done"} == {"1"}


def test_every_figure_is_read_back_as_it_was(folder, as_csv):
    results = load_run(folder).results
    written = {
        (row["cell"], row["metric"], row["figure"]): number(row["value"])
        for row in as_csv(folder)["scores"]
    }
    assert written == {
        (cell["id"], metric, figure): value
        for cell in results["cells"]
        for metric, score in cell["scores"].items()
        for figure, value in score["values"].items()
    }
    assert written


def test_an_undefined_figure_is_empty_and_says_why(folder, as_csv, tell):
    def change(results):
        score = results["cells"][0]["scores"]["contains"]
        score["values"]["contains"] = score["value"] = None
        score["undefined"]["contains"] = "it was NaN"

    tell(folder, change)
    row = as_csv(folder)["scores"][0]
    assert (row["value"], row["undefined"], row["headline"]) == ("", "it was NaN", "true")


def test_standings_and_the_analysis_are_those_of_the_results(folder, as_csv):
    results = load_run(folder).results
    tables = as_csv(folder)
    standings = {
        (row["seed"], row["contestant"], row["figure"]): number(row["value"])
        for row in tables["standings"]
    }
    assert standings == {
        (str(one["seed"]), standing["contestant"], figure): value
        for one in results["comparisons"]
        for standing in one["standings"]
        for figure, value in standing["values"].items()
    }
    assert standings
    for name in ("methods", "differences"):
        forms = results["analysis"][name]
        assert forms
        for row, form in zip(tables[name], forms, strict=True):
            assert row["method"] == form["method"]
            for key in ("value", "difference", "low", "high", "se", "p_adjusted", "effect"):
                if key in row:
                    assert number(row[key]) == form[key]
    baselines = [row["method"] for row in tables["methods"] if row["baseline"] == "true"]
    assert baselines == [results["analysis"]["baseline"]]


def test_slices_are_those_of_the_run(folder, as_csv):
    slices = load_run(folder).slices()
    rows = as_csv(folder)["slices"]
    assert [number(row["value"]) for row in rows] == [one["value"] for one in slices]
    assert [row["method"] for row in rows] == [one["method"] for one in slices]


def test_without_an_analysis_its_tables_have_no_rows(folder, as_csv, tell):
    tell(folder, lambda results: results.update(analysis=None, comparisons=[]))
    tables = as_csv(folder)
    empty = ("methods", "differences", "rating_differences", "standings")
    assert all(tables[name] == [] for name in empty)
    header = (folder / "tables" / "methods.csv").read_text("utf-8")
    assert header.startswith('"method","metric","headline"')


def test_loss_curves_are_a_row_for_each_step(folder, as_csv, tell):
    def change(results):
        results["cells"][0]["report"]["loss"] = [[1, 2.5], [2, None], [3, 0.1]]
        results["cells"][1]["report"]["loss"] = "an adapter's own form"

    tell(folder, change)
    rows = as_csv(folder)["losses"]
    assert [(row["step"], row["loss"]) for row in rows] == [("1", "2.5"), ("2", ""), ("3", "0.1")]


def test_a_loss_of_another_form_is_none():
    for report in (None, {}, {"loss": 0.5}, {"loss": [1, 2]}, {"loss": [[1, 2, 3]]}):
        assert loss_of({"report": report}) == []


def test_numbers_keep_all_their_digits(folder, as_csv, tell):
    values = [0.1 + 0.2, 1e-300, -1.5e22, math.pi, 12345678901234567]

    def change(results):
        score = results["cells"][0]["scores"]["contains"]
        score["values"] = {f"f{number}": value for number, value in enumerate(values)}

    tell(folder, change)
    rows = [row for row in as_csv(folder)["scores"] if row["figure"].startswith("f")]
    assert [float(row["value"]) for row in rows] == [float(value) for value in values]
