"""What is asked anew: failures, what was made from something else, what a dead run left."""

import json
import shutil

import pytest

from evalkit import Failure
from evalkit.locks import Lock
from evalkit.testing.fakes.adapter import FakeAdapter
from evalkit.testing.fakes.engine import RuledEngine

DUEL = '[[comparisons]]\nuse = "fake-duel"\njudge = "parrot"\n'
FAILED = Failure(reason="no", kind="engine")
BARE = '[[adapters]]\nuse = "fake-bare"\n'
TRIED = """
import os
from evalkit import Entry, hookimpl
from evalkit.testing.fakes.adapter import FakeAdapter

class Tried(FakeAdapter):
    def adapt(self, context):
        if os.path.exists("broken"):
            raise RuntimeError("broken")
        return super().adapt(context)

@hookimpl
def evalkit_adapters():
    params = "evalkit.testing.fakes.params:FakeAdapterParams"
    return [Entry(name="tried", target="evalkit_plugins:Tried", params=params)]
"""


@pytest.fixture
def ill(monkeypatch):
    """Let every engine fail on inputs with a text, until what this returns is called."""

    def spoil(text):
        sound = RuledEngine._answer
        monkeypatch.setattr(
            RuledEngine,
            "_answer",
            lambda self, request: (
                FAILED if text in request.messages[-1].content else sound(self, request)
            ),
        )
        return lambda: monkeypatch.setattr(RuledEngine, "_answer", sound)

    return spoil


def file_of(lab, kind, name, cell="fake-bare"):
    """A file of a finished job of a cell."""
    return lab.path / "runs" / "jobs" / kind / lab.cell(cell)["jobs"][kind] / name


def test_failed_answers_are_asked_anew_by_the_next_run(lab, asked):
    fails = '[[models]]\nname = "parrot"\nengine = "fake"\nfail-on = "ball 2"\n'
    lab.suite(models=fails, adapters=BARE)
    assert lab.run().exit_code == 1
    assert lab.cell("fake-bare")["status"] == "done"
    assert len(asked) == 4
    assert lab.run().exit_code == 1
    assert len(asked) == 5  # what was answered is not asked again
    jobs = lab.cell("fake-bare")["jobs"]
    assert jobs["adapt"] in jobs["reused"]
    assert jobs["predict"] not in jobs["reused"]


def test_a_cell_whose_failures_went_away_is_scored_again(lab, ill):
    lab.suite(adapters=BARE)
    heal = ill("ball 2")
    assert lab.run().exit_code == 1
    before = lab.cell("fake-bare")
    heal()
    assert lab.run().exit_code == 0
    after = lab.cell("fake-bare")
    assert before["outcomes"]["failed"] == 1
    assert after["outcomes"]["failed"] == 0
    assert after["jobs"]["score"] == before["jobs"]["score"]
    lines = file_of(lab, "predict", "predictions.jsonl").read_text().splitlines()
    (score,) = (lab.path / "runs" / "jobs" / "score").glob("*/scores.jsonl")
    assert len(score.read_text().splitlines()) == len(lines) == 4


def test_a_comparison_with_failures_is_made_again(lab, ill, asked):
    lab.suite(more=DUEL)
    heal = ill("Which answer")
    lab.run()
    heal()
    count = len(asked)
    assert lab.run().exit_code == 0
    assert lab.results()["comparisons"][0]["counts"] == {"decided": 4, "failed": 0}
    assert len(asked) == count + 2  # of the four questions, two are asked twice


def test_a_score_of_other_predictions_is_not_reused(lab, monkeypatch):
    lab.suite(adapters=BARE)
    lab.run()
    before, value = lab.jobs(), lab.cell("fake-bare")["scores"]["contains"]["value"]
    shutil.rmtree(file_of(lab, "predict", "").parent)
    monkeypatch.setattr(RuledEngine, "_answer", lambda self, request: "red blue green grey")
    assert lab.run().exit_code == 0
    ran = {job.split("/")[0] for job, stored in lab.jobs().items() if stored != before[job]}
    assert ran == {"predict", "score"}
    assert lab.cell("fake-bare")["scores"]["contains"]["value"] != value


def test_a_damaged_job_is_run_again(lab, asked):
    lab.suite(adapters=BARE)
    lab.run()
    before = lab.jobs()
    file_of(lab, "predict", "predictions.jsonl").write_text("")
    assert lab.run().exit_code == 0
    ran = {job.split("/")[0] for job, stored in lab.jobs().items() if stored != before[job]}
    assert "predict" in ran
    assert len(asked) == 8
    assert file_of(lab, "predict", "predictions.jsonl").stat().st_size


def test_without_its_adaptation_a_cell_has_no_result(lab):
    """Predictions of an adaptation that is gone are not those of the one that failed."""
    lab.write("evalkit_plugins.py", TRIED)
    lab.suite("seeds = [1, 2]\n", adapters='[[adapters]]\nuse = "tried"\n')
    assert lab.run().exit_code == 0
    shutil.rmtree(lab.path / "runs" / "jobs" / "adapt")
    broken = lab.write("broken", "")
    result = lab.run()
    assert result.exit_code == 1, result.output
    for cell in lab.results()["cells"]:
        assert cell["failure"]["reason"] == "RuntimeError: broken"
        assert (cell["predictions"], cell["scores"]) == (None, {})
    broken.unlink()
    assert lab.run().exit_code == 0


def test_a_run_that_another_process_is_at_is_left_alone(lab, monkeypatch):
    lab.suite(adapters=BARE + 'fail = "no"\n' + BARE.replace("use", 'name = "x"\nuse'))
    lab.run("-x")
    (first,) = lab.runs()
    assert not json.loads((lab.path / "runs" / first / "manifest.json").read_text())["finished"]
    checked, check = [], RuledEngine.check
    monkeypatch.setattr(RuledEngine, "check", lambda self: (checked.append(1), check(self))[1])
    lock = Lock(lab.path / "runs" / first / ".lock")
    assert lock.take()
    assert "is at this run" in lab.errors(command="run")
    assert checked == []  # a sign of life may have its price
    lock.give_back()
    lab.run()
    assert checked == [1]
    assert lab.runs() == [first]


class TestFiles:
    def test_results_name_no_place_of_this_machine(self, lab):
        lab.jsonl("data.jsonl", [{"a": "x", "b": "y"}])
        task = '[task]\ninstruction = "i"\ninput = "{a}"\ntarget = "b"\ntest = "data.jsonl"\n'
        lab.suite(task=task, adapters=BARE)
        assert lab.run().exit_code == 0
        folder = lab.path / "runs" / "latest"
        assert str(lab.path) not in (folder / "results.json").read_text()
        assert lab.results()["task"]["params"]["test"] == "data.jsonl"
        assert "folder" not in lab.results()["models"][0]
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["task"]["params"]["test"] == str(lab.path / "data.jsonl")

    def test_the_manifest_has_the_command(self, lab):
        lab.suite(adapters=BARE)
        lab.run("--limit", "2")
        manifest = json.loads((lab.path / "runs" / "latest" / "manifest.json").read_text())
        fakes = ["-p", "evalkit.testing.fakes"]
        assert manifest["command"] == ["run", "suite.toml", "--limit", "2", *fakes]

    def test_judgments_name_their_comparison_and_seed(self, lab):
        again = DUEL.replace("use", 'name = "again"\nuse')
        lab.suite("seeds = [1, 2]\n", more=DUEL + again)
        assert lab.run().exit_code == 0
        text = (lab.path / "runs" / "latest" / "judgments.jsonl").read_text()
        lines = [json.loads(line) for line in text.splitlines()]
        assert {(line["comparison"], line["seed"]) for line in lines} == {
            ("fake-duel", 1), ("fake-duel", 2), ("again", 1), ("again", 2)
        }  # fmt: skip
        assert len(lines) == 16

    def test_results_are_written_after_every_cell(self, lab, monkeypatch):
        seen, adapt = [], FakeAdapter.adapt

        def looking(self, context):
            seen.append([cell["status"] for cell in lab.results()["cells"]])
            return adapt(self, context)

        monkeypatch.setattr(FakeAdapter, "adapt", looking)
        adapters = '[[adapters]]\nname = "{}"\nuse = "fake-bare"\n{}\n'
        texts = [("a", ""), ("b", 'fail = "no"'), ("c", "steps = 2")]
        lab.suite(adapters="".join(adapters.format(*text) for text in texts))
        assert lab.run().exit_code == 1
        assert seen == [
            ["pending", "pending", "pending"],
            ["done", "pending", "pending"],
            ["done", "failed", "pending"],
        ]


def test_an_engine_that_gave_up_is_replaced_for_the_next_question(lab, monkeypatch):
    made, init = [], RuledEngine.__init__
    monkeypatch.setattr(
        RuledEngine,
        "__init__",
        lambda self, model, params: (made.append(self), init(self, model, params))[1],
    )
    dies = '[[models]]\nname = "parrot"\nengine = "fake"\ndie-on = "ball 2"\n'
    lab.suite(models=dies, adapters=BARE + "steps = [1, 2]\n")
    assert lab.run().exit_code == 1
    assert [engine.closed for engine in made] == [True] * len(made)
    assert len(made) > 1
