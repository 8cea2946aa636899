"""What a run folder holds, and that it can be moved as a whole."""

import json
import os
import shutil

import pytest

from evalkit import UserError
from evalkit.run_folder import (
    RunFolder,
    near_duplicates_path,
    open_run,
    prompt_path,
    scores_path,
)
from evalkit.store import Store
from evalkit.testing import ListTask

MANIFEST = {"suite_sha256": "1", "finished": None}


@pytest.fixture
def store(tmp_path):
    found = Store(tmp_path / "runs")
    found.check()
    return found


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


class TestOpen:
    def test_an_unfinished_run_of_this_suite_goes_on(self, store):
        first = open_run(store, "trial", MANIFEST)
        first.close()
        assert open_run(store, "trial", MANIFEST).path == first.path

    def test_one_that_somebody_is_at_is_refused_with_the_name_of_the_process(self, store):
        first = open_run(store, "trial", MANIFEST)
        with pytest.raises(UserError, match=f"process {os.getpid()} on .* is at this run") as told:
            open_run(store, "trial", MANIFEST)
        assert str(first.path) in told.value.message
        assert "--output-dir" in told.value.hint

    @pytest.mark.parametrize(
        ("manifest", "fresh"),
        [
            (MANIFEST, True),
            ({**MANIFEST, "suite_sha256": "2"}, False),
        ],
    )
    def test_another_one_is_begun(self, store, manifest, fresh):
        first = open_run(store, "trial", MANIFEST)
        assert open_run(store, "trial", manifest, fresh=fresh).path != first.path

    def test_a_finished_run_is_left_alone(self, store):
        first = open_run(store, "trial", {**MANIFEST, "finished": "now"})
        assert open_run(store, "trial", MANIFEST).path != first.path

    def test_the_newest_is_the_latest(self, store):
        runs = [open_run(store, "trial", MANIFEST, fresh=True) for _ in range(2)]
        assert (store.root / "latest").resolve() == runs[-1].path.resolve()


class TestKeep:
    @pytest.fixture
    def folder(self, tmp_path, store):
        path = tmp_path / "run"
        (path / "predictions").mkdir(parents=True)
        return RunFolder(path, store)

    def job(self, store, kind, name, text):
        folder = store.folder(kind, "1")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    def test_examples_as_models_and_metrics_see_them(self, folder):
        task = ListTask()
        folder.keep_examples(task, task.load("test"))
        rows = lines(folder.path / "examples.jsonl")
        assert [row["id"] for row in rows] == ["test-0", "test-1", "test-2"]
        assert rows[0] == {
            "id": "test-0", "sources": ["test-0"], "groups": {}, "input": "this red car",
            "target": "red",
        }  # fmt: skip

    def test_examples_are_written_over(self, folder):
        task = ListTask()
        for count in (3, 1):
            folder.keep_examples(task, task.load("test")[:count])
        assert len(lines(folder.path / "examples.jsonl")) == 1

    def test_scores_and_predictions_by_cell(self, folder, store):
        self.job(store, "predict", "predictions.jsonl", "answers")
        self.job(store, "score", "scores.jsonl", "worth")
        folder.keep_predictions("few", "1")
        folder.keep_scores("few", "f1", "1")
        assert (folder.path / "predictions" / "few.jsonl").read_text() == "answers"
        assert scores_path(folder.path, "f1", "few").read_text() == "worth"

    def test_near_duplicates_only_of_cells_with_training(self, folder, store):
        folder.keep_near_duplicates("few", "1")
        assert not near_duplicates_path(folder.path, "few").exists()
        self.job(store, "predict", "near-duplicates.json", "{}")
        folder.keep_near_duplicates("few", "1")
        assert near_duplicates_path(folder.path, "few").read_text() == "{}"

    def test_prompts_with_the_cell_and_none_of_older_jobs(self, folder, store):
        self.job(store, "predict", "predictions.jsonl", "")
        folder.keep_answers("few", "1")
        assert not prompt_path(folder.path, "few").exists()
        self.job(store, "predict", "prompt.json", '{"instruction": "odd \\ud800", "demos": []}')
        folder.keep_answers("few", "1")
        assert json.loads(prompt_path(folder.path, "few").read_text("ascii")) == {
            "schema": "evalkit-prompt/1", "cell": "few", "instruction": "odd \ud800", "demos": [],
        }  # fmt: skip

    def test_judgments_are_gathered_and_forgotten(self, folder, store):
        folder.forget_judgments()
        self.job(store, "compare", "judgments.jsonl", '{"id": "q", "verdict": {"winner": "A"}}\n')
        for seed in (1, 2):
            folder.keep_judgments({"comparison": "duel", "seed": seed}, "1")
        path = folder.path / "judgments.jsonl"
        assert lines(path) == [
            {"comparison": "duel", "seed": seed, "id": "q", "verdict": {"winner": "A"}}
            for seed in (1, 2)
        ]
        folder.forget_judgments()
        assert not path.exists()

    def test_tracebacks_are_gathered(self, folder):
        folder.log("adapt few", "Traceback 1")
        folder.log("score few", "odd \ud800")
        assert (folder.path / "errors.log").read_text() == (
            "adapt few\nTraceback 1\nscore few\nodd \\ud800\n"
        )


class TestOfARun:
    @pytest.fixture
    def run(self, lab):
        metric = '[[metrics]]\nuse = "contains"\n'
        lab.suite(metrics=f'{metric}\n{metric}name = "x"\n')
        assert lab.run().exit_code == 0
        return (lab.path / "runs" / "latest").resolve()

    def test_the_files(self, run):
        found = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
        cells = ("fake-adapter", "fake-bare")
        assert found == {
            "manifest.json",
            "results.json",
            "examples.jsonl",
            "ledger.jsonl",
            "near-duplicates/fake-adapter.json",
            *(f"prompts/{cell}.json" for cell in cells),
            *(f"predictions/{cell}.jsonl" for cell in cells),
            *(f"scores/{metric}/{cell}.jsonl" for metric in ("contains", "x") for cell in cells),
        }

    def test_it_is_compared_wherever_it_lies(self, lab, run):
        before = lab.project.run("compare", run, "--format", "json", check=True).stdout
        shutil.move(run, lab.path / "elsewhere")
        shutil.rmtree(lab.path / "runs")
        after = lab.project.run("compare", "elsewhere", "--format", "json", check=True).stdout
        assert json.loads(after) == json.loads(before.replace(run.name, "elsewhere"))
