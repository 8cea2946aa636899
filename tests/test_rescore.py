"""`evalkit score`: further metrics on a finished run, without a model."""

import json

import pytest

from evalkit import RunView
from evalkit.testing.engine import FakeEngine

LOCAL = """
from evalkit import Entry, Metric, hookimpl

class Length(Metric):
    headline = "mean"
    direction = "lower"
    range = (0.0, None)

    def score(self, target, value):
        return {"length": float(len(value))}

    def aggregate(self, scores):
        found = [score["length"] for score in scores]
        return {"mean": sum(found) / len(found) if found else None}

class Buggy(Length):
    def score(self, target, value):
        raise ValueError("no idea")

@hookimpl
def evalkit_metrics():
    return [
        Entry(name="length", target="evalkit_plugins:Length"),
        Entry(name="buggy", target="evalkit_plugins:Buggy"),
        Entry(name="picky", target="evalkit_plugins:Length", answers=frozenset({"label"})),
    ]
"""


def told(result):
    """What is wrong, below the notice that local plugins are loaded."""
    notice, _, rest = result.stderr.partition("\n")
    assert notice.startswith("loading local plugins from ")
    return rest


@pytest.fixture
def finished(lab):
    """A lab with a finished run and a metric that the run did not have."""
    lab.write("evalkit_plugins.py", LOCAL)
    lab.suite()
    assert lab.run().exit_code == 0
    return lab


def score(lab, *args, run="runs/latest"):
    return lab.do("score", run, *args)


def test_a_metric_is_added_without_asking_a_model(finished, monkeypatch):
    before, jobs = finished.results(), finished.jobs()
    monkeypatch.setattr(FakeEngine, "__init__", None)
    result = score(finished, "--metric", "length")
    assert result.exit_code == 0, result.output
    after = finished.results()
    for old, new in zip(before["cells"], after["cells"], strict=True):
        length = new["scores"].pop("length")
        identity = new["jobs"]["score"].pop("length")
        assert new == old
        assert f"score/{identity}" in finished.jobs().keys() - jobs.keys()
        assert (length["headline"], length["direction"], length["range"]) == (
            "mean",
            "lower",
            [0.0, None],
        )
    assert "length" in result.stdout.splitlines()[1]
    assert len(finished.jobs()) == len(jobs) + 2


def test_it_is_the_score_that_a_run_would_have_given(finished):
    score(finished, "--metric", "length")
    added = finished.results()
    finished.suite(metrics='[[metrics]]\nuse = "contains"\n[[metrics]]\nuse = "length"\n')
    assert "8 of them finished before" in finished.run().stderr
    for old, new in zip(added["cells"], finished.results()["cells"], strict=True):
        assert old["scores"] == new["scores"]
        assert old["jobs"]["score"] == new["jobs"]["score"]


def test_the_analysis_stays_true(finished):
    assert "length" not in finished.results()["analysis"]["methods"][0]["others"]
    result = score(finished, "--metric", "length")
    found = finished.results()["analysis"]["methods"][0]
    assert found["others"] == {"length": finished.cell("fake-adapter")["scores"]["length"]["value"]}
    assert "contains with its 95% interval:" in result.stdout
    compared = finished.project.run(
        "compare", "runs/latest", "--metric", "length", "--format", "json", check=True
    )
    analysis = json.loads(compared.stdout)
    assert (analysis["metric"], analysis["direction"]) == ("length", "lower")
    assert all(row["value"] is not None for row in analysis["methods"])


def test_the_figures_of_groups_are_found_anew(finished):
    folder = finished.path / "runs" / "latest"
    stale = {**finished.results(), "slices": []}
    (folder / "results.json").write_text(json.dumps(stale))
    assert score(finished, "--metric", "length").exit_code == 0
    after = finished.results()
    assert after["slices"] == RunView(folder, {**after, "slices": None}).slices() != []


def test_a_score_of_the_same_name_changes_the_analysis_and_what_is_expected(finished):
    analysis = 'metric = "contains"\nreplicates = 199\n'
    expect = '[[expect]]\nadapter = "fake-bare"\nmax = 0.0\njudge-by = "point"\n'
    finished.suite(analysis=f"[analysis]\n{analysis}", expect=expect)
    assert finished.run().exit_code == 0
    result = score(finished, "--metric", "length", "--name", "contains")
    assert result.exit_code == 0, result.output
    after = finished.results()
    assert after["analysis"]["direction"] == "lower"
    assert [one["met"] for one in after["expectations"]] == [True]
    scored = score(finished, "--metric", "contains", "--set", "ignore-case=true")
    assert scored.exit_code == 0, scored.output
    assert finished.results()["analysis"]["params"]["ignore-case"] is True


def test_an_analysis_that_cannot_be_made_is_left_out(finished):
    (finished.path / "runs" / "latest" / "examples.jsonl").unlink()
    result = score(finished, "--metric", "length")
    assert result.exit_code == 0, result.output
    assert "the methods were not compared: " in result.stderr
    results = finished.results()
    assert "analysis" not in results
    assert "expectations" not in results
    assert "slices" not in results
    assert "length" in results["cells"][0]["scores"]
    assert "differences, tests, advice" not in result.stdout  # nor is the older one shown


def test_predictions_that_changed_are_scored_anew(finished):
    score(finished, "--metric", "length")
    before = finished.results()["cells"][0]
    path = finished.path / "runs" / "latest" / before["predictions"]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({**row, "value": "x" * 99}) + "\n" for row in rows))
    assert score(finished, "--metric", "length").exit_code == 0
    assert finished.results()["cells"][0]["scores"]["length"]["value"] == 99


def test_parameters_and_a_name_of_its_own(finished):
    result = score(finished, "--metric", "contains", "--set", "ignore-case=true", "--name", "lax")
    assert result.exit_code == 0, result.output
    assert set(finished.results()["cells"][0]["scores"]) == {"contains", "lax"}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--metric", "lenght"], 'metrics[0].use: unknown metric "lenght"'),
        (["--metric", "contains", "--set", "ignore=1"], "metrics[0].ignore: unknown key"),
        (["--metric", "contains", "--set", "ignore-case=1"], "expected true or false, found 1"),
        (["--metric", "contains", "--set", "ignore-case"], 'expected "key.path=value"'),
        (["--metric", "picky"], 'metrics[0].use: "picky" cannot read answers of kind "text"'),
        (["--metric", "contains", "--name", "a b"], 'metrics[0].name: "a b" is no name'),
        (["--metric", "length", "--metric", "length"], 'the name "length" is used twice'),
        (["--metric", "length", "--metric", "buggy", "--name", "x"], "--name needs a single"),
        ([], "Missing option '--metric'"),
    ],
)
def test_what_the_user_can_get_wrong(finished, args, message):
    before = finished.results()
    result = score(finished, *args)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert finished.results() == before


def test_a_bug_of_the_metric_is_shown_and_nothing_is_written(finished):
    before = finished.results()
    result = score(finished, "--metric", "buggy")
    assert result.exit_code == 2
    assert told(result).startswith(
        "error: score fake-adapter buggy: ValueError: no idea\n  Traceback (most recent call last)"
    )
    assert finished.results() == before


class TestRunFolder:
    def test_without_its_predictions(self, finished):
        cell = finished.results()["cells"][0]
        (finished.path / "runs" / "latest" / cell["predictions"]).unlink()
        result = score(finished, "--metric", "length")
        assert result.exit_code == 2, result.output
        assert "cannot be read: No such file or directory" in result.stderr

    def test_one_that_was_stopped_before_it_had_results(self, finished):
        (finished.path / "runs" / finished.runs()[0] / "results.json").unlink()
        result = score(finished, "--metric", "length")
        assert result.exit_code == 2
        assert result.stderr == (
            "error: runs/latest: this run has no results yet\n"
            "  run its suite again: it goes on where it stopped\n"
        )

    def test_none(self, lab):
        result = score(lab, "--metric", "contains", run="runs/none")
        assert result.exit_code == 2
        assert result.stderr == (
            "error: runs/none: no run folder (it has no results.json)\n  newest runs here: none\n"
        )

    def test_a_typing_error_shows_what_is_there(self, finished):
        result = score(finished, "--metric", "contains", run="runs/lates")
        assert result.stderr.splitlines()[1] == f"  newest runs here: runs/{finished.runs()[0]}"

    @pytest.mark.parametrize(
        ("file", "text", "message"),
        [
            ("results.json", "{", "damaged: Expecting property name"),
            ("results.json", "[]", "damaged: no JSON object"),
            ("results.json", "\udcff", "damaged: "),
            ("manifest.json", "", "damaged: "),
            ("manifest.json", None, "cannot be read: No such file or directory"),
        ],
    )
    def test_a_damaged_one(self, finished, file, text, message):
        path = finished.path / "runs" / finished.runs()[0] / file
        path.unlink()
        if text is not None:
            path.write_bytes(text.encode(errors="surrogateescape"))
        result = score(finished, "--metric", "contains")
        assert result.exit_code == 2, result.output
        assert told(result).startswith(f"error: {path.resolve()}: {message}")

    def test_one_of_another_version(self, finished):
        path = finished.path / "runs" / finished.runs()[0] / "results.json"
        path.write_text(path.read_text().replace("evalkit-results/1", "evalkit-results/9"))
        result = score(finished, "--metric", "contains")
        assert "expected evalkit-results/1, found evalkit-results/9" in result.stderr

    def test_one_that_was_moved_away_alone(self, finished):
        (finished.path / "archive").mkdir()
        folder = finished.path / "runs" / finished.runs()[0]
        moved = folder.rename(finished.path / "archive" / "mine")
        result = score(finished, "--metric", "length", run="archive/mine")
        assert result.exit_code == 0, result.output
        results = json.loads((moved / "results.json").read_text())
        assert all("length" in cell["scores"] for cell in results["cells"])


class TestData:
    TASK = '[task]\ninstruction = "i"\ninput = "{a}"\ntarget = "b"\ntest = "test.jsonl"\n'
    ROWS = ({"a": "one", "b": "1"}, {"a": "two", "b": "2"})

    @pytest.fixture
    def declared(self, lab):
        lab.write("evalkit_plugins.py", LOCAL)
        lab.jsonl("sub/test.jsonl", self.ROWS)
        lab.suite(
            name="sub/suite.toml", task=self.TASK, adapters='[[adapters]]\nuse = "fake-bare"\n'
        )
        return lab

    def test_it_is_read_again_wherever_the_suite_had_it(self, declared):
        assert declared.run(suite="sub/suite.toml").exit_code == 0
        assert score(declared, "--metric", "length").exit_code == 0

    def test_it_is_read_again_where_set_had_it(self, declared):
        declared.jsonl("mine.jsonl", self.ROWS)
        result = declared.run("--set", "task.test=mine.jsonl", suite="sub/suite.toml")
        assert result.exit_code == 0
        result = score(declared, "--metric", "length")
        assert result.exit_code == 0, result.output

    def test_changed_data_is_refused(self, declared):
        declared.run(suite="sub/suite.toml")
        declared.jsonl("sub/test.jsonl", [*self.ROWS[:1], {"a": "two", "b": "3"}])
        result = score(declared, "--metric", "length")
        assert result.exit_code == 2
        assert (
            told(result)
            .splitlines()[0]
            .endswith(": the evaluation data is not what this run was evaluated on")
        )

    def test_missing_data_is_said_to_be_missing(self, declared):
        declared.run(suite="sub/suite.toml")
        (declared.path / "sub" / "test.jsonl").unlink()
        result = score(declared, "--metric", "length")
        assert result.exit_code == 2
        assert "sub/test.jsonl: cannot be read: No such file or directory" in result.stderr

    def test_the_limit_of_the_run_holds(self, declared):
        declared.run("--limit", "1", suite="sub/suite.toml")
        assert score(declared, "--metric", "length").exit_code == 0


def test_neither_adapters_nor_engines_need_be_installed(finished, monkeypatch):
    monkeypatch.setattr("evalkit.testing.fakes.evalkit_adapters", None)
    monkeypatch.setattr("evalkit.testing.fakes.evalkit_engines", None)
    result = score(finished, "--metric", "length")
    assert result.exit_code == 0, result.output


def test_cells_without_predictions_are_left_alone(lab):
    lab.write("evalkit_plugins.py", LOCAL)
    lab.suite(adapters='[[adapters]]\nuse = "fake-bare"\nfail = ["", "no"]\n')
    assert lab.run().exit_code == 1
    assert score(lab, "--metric", "length").exit_code == 0
    assert [set(cell["scores"]) for cell in lab.results()["cells"]] == [
        {"contains", "length"},
        set(),
    ]
