"""results.json follows its published schema, however a run ended."""

import json

import jsonschema
import pytest

from evalkit import UserError, load_run
from evalkit.results import comparable, read_results, results_schema

DUEL = '[[comparisons]]\nuse = "fake-duel"\njudge = "parrot"\n'
ADAPTERS = """
[[adapters]]
use = "fake-adapter"
train-size = [2, "all"]
ask = 1
[[adapters]]
name = "bad"
use = "fake-bare"
fail = "no"
[[adapters]]
use = "fake-bare"
"""


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(results_schema())


@pytest.mark.parametrize(
    ("tables", "options", "statuses"),
    [
        ({}, [], {"done"}),
        ({"adapters": ADAPTERS, "more": DUEL}, [], {"done", "failed"}),
        ({"adapters": ADAPTERS, "more": DUEL}, ["-x"], {"failed", "pending", "done"}),
        (
            {"models": '[[models]]\nname = "parrot"\nengine = "fake"\nmissing = true\n'},
            ["--keep-going"],
            {"failed"},
        ),
        (
            {"models": '[[models]]\nname = "parrot"\nengine = "fake"\nfail-on = "ball 1"\n'},
            [],
            {"done"},
        ),
        (
            {"metrics": '[[metrics]]\nuse = "contains"\ncrash-on = "red"\n', "more": DUEL},
            [],
            {"failed"},
        ),
    ],
)
def test_every_ending_follows_the_schema(lab, tables, options, statuses):
    lab.suite("seeds = [1, 2]\n", **tables)
    lab.run(*options)
    assert {cell["status"] for cell in lab.results()["cells"]} == statuses


def test_a_cell_says_what_it_is_and_what_it_took(lab):
    lab.suite(adapters='[[adapters]]\nuse = "fake-adapter"\nask = 3\nk = 2\n')
    lab.run()
    cell = lab.cell("fake-adapter")
    assert (cell["use"], cell["model"], cell["train_size"], cell["seed"]) == (
        "fake-adapter",
        "parrot",
        3,
        1,
    )
    assert cell["params"]["ask"] == 3
    assert cell["params"]["steps"] == 1  # the default is an effective parameter too
    assert cell["report"]["demos"] == 2
    assert cell["usage"]["adapt"]["requests"] == 3
    assert cell["usage"]["predict"]["requests"] == cell["examples"] == 4
    assert set(cell["seconds"]) == {"adapt", "predict", "score"}
    assert sum(cell["outcomes"].values()) == 4


def test_a_schema_that_is_too_strict_or_too_lax_would_be_noticed(lab):
    lab.suite()
    lab.run()
    results = lab.results()
    for spoil in (
        lambda r: r.update(schema="evalkit-results/2"),
        lambda r: r.update(extra=1),
        lambda r: r["cells"][0].update(status="fine"),
        lambda r: r["cells"][0].pop("usage"),
        lambda r: r["cells"][0]["scores"]["contains"].update(direction="up"),
    ):
        spoiled = json.loads(json.dumps(results))
        spoil(spoiled)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(spoiled, results_schema())


@pytest.mark.parametrize(
    ("status", "failed", "examples", "expected"),
    [
        ("done", 0, 50, True),
        ("done", 1, 50, True),
        ("done", 2, 50, False),
        ("done", 1, 49, False),
        ("failed", 0, 50, True),  # by a metric: the answers are there
    ],
)
def test_above_two_percent_of_failures_a_cell_is_not_compared(status, failed, examples, expected):
    result = {"status": status, "outcomes": {"failed": failed}, "examples": examples}
    assert comparable(result) == expected


def test_without_predictions_a_cell_is_not_compared():
    assert not comparable({"status": "done", "outcomes": None, "examples": None})


class TestRunView:
    @pytest.fixture
    def view(self, lab):
        lab.suite("seeds = [1, 2]\n", adapters=ADAPTERS, more=DUEL)
        lab.run()
        return load_run(lab.path / "runs" / "latest")

    def test_cells_are_flat_rows(self, view):
        rows = view.cells()
        assert [row["id"] for row in rows[:2]] == ["fake-adapter-2-seed1", "fake-adapter-2-seed2"]
        assert rows[0]["train_size"] == 2
        assert rows[2]["train_size"] == 8
        assert 0 <= rows[0]["contains"] <= 1
        failed = next(row for row in rows if row["adapter"] == "bad")
        assert failed["status"] == "failed"
        assert failed["examples"] is None
        assert "contains" not in failed
        assert all(not isinstance(v, dict | list) for row in rows for v in row.values())

    def test_scores_have_a_row_for_each_figure(self, view):
        rows = view.scores()
        assert set(rows[0]) == {"cell", "metric", "figure", "value"}
        assert len(rows) == 6  # the failed cells have none

    def test_standings_have_a_row_for_each_contestant(self, view):
        rows = view.standings()
        assert len(rows) == 6
        assert {row["seed"] for row in rows} == {1, 2}
        assert set(rows[0]) == {"comparison", "seed", "contestant", "share"}

    def test_predictions_are_in_the_order_of_the_split(self, view):
        predictions = view.predictions("fake-bare-seed1")
        assert [p.example_id for p in predictions] == [f"test-{i}" for i in range(4)]
        assert predictions[0].usage.requests == 1

    @pytest.mark.parametrize("cell", ["bad-seed1", "nothing"])
    def test_a_cell_without_predictions_is_the_users_fault(self, view, cell):
        with pytest.raises(UserError, match=f'no predictions of a cell "{cell}"') as caught:
            view.predictions(cell)
        assert "fake-bare-seed1" in caught.value.hint


class TestReading:
    def test_no_folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(UserError) as caught:
            load_run("runs/latest")
        assert caught.value.message == "runs/latest: no run folder (it has no results.json)"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "damaged: Expecting value"),
            ("[1]", "damaged: no JSON object"),
            ("{}", "expected evalkit-results/1, found no schema"),
            ('{"schema": "evalkit-results/2"}', "expected evalkit-results/1, found evalkit-res"),
        ],
    )
    def test_damaged_results(self, tmp_path, text, message):
        (tmp_path / "results.json").write_text(text)
        for read in (load_run, read_results):
            with pytest.raises(UserError, match=r"results\.json") as caught:
                read(tmp_path)
            assert message in caught.value.message

    def test_results_that_are_no_text(self, tmp_path):
        (tmp_path / "results.json").write_bytes(b"\xff")
        with pytest.raises(UserError, match="damaged"):
            load_run(tmp_path)
