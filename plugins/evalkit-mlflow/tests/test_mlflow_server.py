"""On a real tracking server: what is there after one call, after two, and after a fault."""

import json

import pytest

from evalkit import UserError
from evalkit import run as run_suite
from evalkit_mlflow.of_run import run_key


def parent_of(runs):
    return next(run for run in runs.values() if "evalkit.cell" not in run["tags"])


def test_a_run_is_a_parent_with_a_nested_run_for_each_cell(tracked, results, folder, server):
    parent = parent_of(tracked)
    runs = {name: run for name, run in tracked.items() if run is not parent}
    assert parent["info"]["run_name"] == results["run"]["id"]
    assert (
        parent["tags"].items()
        >= {
            "team": "a",
            "evalkit.run_id": results["run"]["id"],
            "evalkit.version": results["run"]["evalkit"],
            "evalkit.suite": "tracked",
            "evalkit.data": results["task"]["evaluation_sha256"],
        }.items()
    )
    assert parent["tags"]["mlflow.note.content"].startswith("Which way is best?")
    assert parent["info"]["status"] == "FAILED"  # a cell is
    assert runs.keys() == {cell["id"] for cell in results["cells"]}
    for run in runs.values():
        assert run["tags"]["mlflow.parentRunId"] == parent["info"]["run_id"]
        assert run["tags"]["team"] == "a"
    for name in ("results.json", "manifest.json"):
        assert server.artifact(parent, name) == (folder / name).read_bytes()


def test_parameters_and_figures_are_those_of_the_results(tracked, results):
    runs = tracked
    for cell in results["cells"]:
        run = runs[cell["id"]]
        given = {"method": cell["method"], "seed": "1", "adapter.k": str(cell["params"]["k"])}
        assert run["params"].items() >= given.items()
        assert run["params"]["model.engine"] == "fake"
        for metric, score in cell["scores"].items():
            for figure, value in score["values"].items():
                assert run["metrics"][f"{metric}/{figure}"] == value
    duel = results["comparisons"][0]
    for standing in duel["standings"]:
        share = runs[standing["contestant"]]["metrics"]["fake-duel/share"]
        assert share == standing["values"]["share"]
    for method in results["analysis"]["methods"]:
        metrics = runs[method["cells"][0]]["metrics"]
        for name in ("value", "low", "high"):
            assert metrics.get(f"analysis/{name}") == method[name]
            parent = parent_of(runs)["metrics"]
            assert parent.get(f"methods/{method['method']}/{name}") == method[name]
    tried = [one for one in results["analysis"]["differences"] if one["difference"] is not None]
    assert tried
    for difference in tried:
        compared = runs[difference["method"]]
        assert compared["metrics"]["baseline/difference"] == difference["difference"]
        assert compared["tags"].get("evalkit.verdict") == difference["verdict"]


def test_a_failed_cell_is_a_failed_run_without_figures(tracked):
    broken = tracked["broken"]
    assert broken["info"]["status"] == "FAILED"
    assert broken["tags"]["evalkit.failure"] == "it gave up"
    assert not [name for name in broken["metrics"] if name.startswith(("contains", "analysis"))]


def test_loss_curves_keep_their_steps(track, results, server):
    points = [[step, 3.0 / step] for step in range(1, 1_002)]
    results["cells"][0]["report"]["loss"] = [*points, [1_002, None]]
    run = track()[results["cells"][0]["id"]]
    assert sorted(server.history(run, "loss")) == [(step, loss) for step, loss in points]


def test_without_an_analysis_the_rest_is_there(track, results):
    results.update(analysis=None, comparisons=[], expectations=[])
    results["cells"][0]["scores"]["contains"]["values"]["contains"] = None
    runs = track()
    names = {name for run in runs.values() for name in run["metrics"]}
    assert not [name for name in names if name.startswith(("analysis", "baseline", "methods"))]
    assert "contains/contains" not in runs[results["cells"][0]["id"]]["metrics"]
    assert "contains/contains" in runs[results["cells"][1]["id"]]["metrics"]


class TestTwice:
    def test_nothing_is_doubled(self, track, results, server):
        results["cells"][0]["report"]["loss"] = [[1, 2.0], [2, 1.0]]
        before, after = track(), track()
        assert ids(before) == ids(after)
        run = after[results["cells"][0]["id"]]
        assert server.history(run, "loss") == server.history(
            before[run["info"]["run_name"]], "loss"
        )
        assert len(server.history(run, "contains/contains")) == 1

    def test_what_is_new_is_added(self, track, results):
        before = track()
        score = results["cells"][0]["scores"]["contains"]
        results["cells"][0]["scores"]["again"] = {**score, "values": {"again": 0.25}}
        score["values"]["contains"] = 0.125
        after = track(run_name="renamed", tags={"more": "x"})
        assert set(ids(before).values()) == set(ids(after).values())
        metrics = after[results["cells"][0]["id"]]["metrics"]
        assert (metrics["contains/contains"], metrics["again/again"]) == (0.125, 0.25)
        assert after["renamed"]["tags"]["more"] == "x"

    def test_a_run_that_no_longer_fits_is_made_anew(self, track, results, server, request):
        first = results["cells"][0]
        before = track()
        first["scores"]["contains"]["values"]["contains"] = None
        results["cells"][1]["jobs"]["adapt"] = "another"
        after = track()
        changed = {name for name in before if ids(before)[name] != ids(after)[name]}
        assert changed == {first["id"], results["cells"][1]["id"]}
        assert "contains/contains" not in after[first["id"]]["metrics"]
        deleted = server.runs(request.node.name, view="DELETED_ONLY")
        assert ids(deleted).items() == {name: ids(before)[name] for name in changed}.items()

    def test_one_that_was_left_unfinished_is_made_anew(self, track, results, server):
        before = track()
        for run in before.values():
            server.ask("runs/update", run_id=run["info"]["run_id"], status="RUNNING")
        after = track()
        assert not set(ids(before).values()) & set(ids(after).values())
        parent = parent_of(after)["info"]["run_id"]
        assert {r["tags"].get("mlflow.parentRunId", parent) for r in after.values()} == {parent}

    def test_another_run_of_the_same_suite_is_another(self, track, results):
        results["cells"] = results["cells"][:1]
        before = track()
        results["run"]["id"] += "-2"
        results["cells"][0]["id"] += "-2"
        after = track()
        assert len(after) == 4
        assert ids(before).items() <= ids(after).items()


def ids(runs):
    return {name: run["info"]["run_id"] for name, run in runs.items()}


def test_hostile_texts_and_names_arrive(track, results, folder):
    cell = results["cells"][0]
    long = "x" * 20_000 + "end"
    cell["params"] = {
        "text": "\ud800 \x00 \x1b[31m \u202e é",
        "long": long,
        "nested": {"a b/c": [1, None]},
        "none": None,
        "empty": "",
        "../../etc": "up",
        "ключ": "unicode",
        "a:b": 1,
        "a?b": 2,
        **{f"many{number}": number for number in range(250)},
    }
    values = {"p@1": 0.5, "p%1": 0.25, "": 1.0, "big": 10**400, "true": True, "n" * 300: 0.75}
    cell["scores"]["contains"]["values"] = values
    results["task"]["instruction"] = "'; DROP TABLE runs; --"
    run = track()[cell["id"]]
    params, metrics = run["params"], run["metrics"]
    assert params["adapter.text"] == "\\ud800 \\x00 \\x1b[31m \u202e é"
    assert len(params["adapter.long"]) == 6_000
    assert params["adapter.long"].endswith(" ... (cut)")
    assert params["adapter.nested.a b/c"] == "[1, null]"
    assert (params["adapter.none"], params["adapter.empty"]) == ("null", '""')
    assert params["adapter.ключ"] == "unicode"
    assert {params["adapter.a_b"], params["adapter.a_b_2"]} == {"1", "2"}
    assert "up" in params.values()
    assert params["adapter.many249"] == "249"
    assert (metrics["contains/p_1"], metrics["contains/p_1_2"]) == (0.5, 0.25)
    assert 0.75 in metrics.values()
    assert not [name for name in metrics if "big" in name or "true" in name]
    assert len(track()) == len(results["cells"]) + 1


def test_the_names_of_experiments_may_hold_anything(track, results):
    cells = [cell["id"] for cell in results["cells"]]
    runs = track(experiment="a ' \" ` % / é")
    assert runs.keys() == {results["run"]["id"], *cells}


def test_a_deleted_experiment_is_told(track, server, request):
    number = server.ask("experiments/create", name=request.node.name)["experiment_id"]
    server.ask("experiments/delete", experiment_id=number)
    with pytest.raises(UserError, match=r'experiment "test_a_deleted.*": it was deleted; restore'):
        track()


def test_an_artefact_that_the_server_cannot_keep_is_named(track, server, request, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    number = server.ask("experiments/create", name=request.node.name)["experiment_id"]
    server.artifacts.mkdir(exist_ok=True)
    blocked = server.artifacts / number
    blocked.write_text("no folder")
    with pytest.raises(UserError, match=r"the artefact .*results\.json: ") as caught:
        track()
    assert "artifacts = []" in caught.value.hint
    blocked.unlink()
    parent = parent_of(track())
    assert server.artifact(parent, "results.json")
    assert parent["info"]["status"] == "FAILED"


def test_folders_are_uploaded_with_what_is_in_them(track, folder, server, results):
    runs = track(artifacts=("scores", "no-such-file", "results.json"))
    cell = results["cells"][0]["id"]
    name = f"scores/contains/{cell}.jsonl"
    assert server.artifact(parent_of(runs), name) == (folder / name).read_bytes()


def test_a_suite_names_the_reporter_and_the_environment_the_server(
    server, tmp_path, monkeypatch, request
):
    suite = tmp_path / "small.toml"
    suite.write_text(
        'name = "small"\n[task]\nuse = "fake-task"\n[[models]]\nengine = "fake"\n'
        '[[adapters]]\nuse = "fake-bare"\n[[metrics]]\nuse = "contains"\n'
        '[[reporters]]\nuse = "mlflow"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    fakes = ["evalkit.testing.fakes"]
    run = run_suite(suite, modules=fakes, output_dir=tmp_path / "runs", cache="off")
    runs = server.runs(request.node.name)
    assert runs.keys() == {run.folder.name, "fake-bare"}
    kept = json.loads(server.artifact(runs[run.folder.name], "results.json"))
    assert run_key(kept) == runs["fake-bare"]["tags"]["evalkit.key"]
