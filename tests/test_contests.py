"""What comparisons find wrong with themselves before any cell has run."""

import json

import pytest

PLUGIN = """
import json, sys
from pathlib import Path
from typing import Annotated
from evalkit import Comparison, ComparisonResult, Entry, Params, Refers, UserError, hookimpl

class PickyParams(Params):
    judge: Annotated[str, Refers("model")] = "parrot"

class Picky(Comparison):
    def check(self, preview):
        {check}

    def questions(self, contest):
        return []

    def conclude(self, contest, verdicts):
        return ComparisonResult(standings=())

@hookimpl
def evalkit_comparisons():
    home = "evalkit_plugins"
    return [Entry(name="picky", target=f"{home}:Picky", params=f"{home}:PickyParams")]
"""
PICKY = '[[comparisons]]\nuse = "picky"\n'
DUEL = '[[comparisons]]\nuse = "fake-duel"\njudge = "parrot"\n'
TWO = "return [UserError('one', 'mend it'), UserError('two')]"
NOTE = """
        seen = [list(preview.contestants), [e.id for e in preview.examples]]
        seen += [preview.seed, list(preview.judges)]
        with Path("seen.jsonl").open("a") as file:
            file.write(json.dumps(seen) + "\\n")
        return []
"""


@pytest.fixture
def picky(lab):
    def write(check, **tables):
        lab.write("evalkit_plugins.py", PLUGIN.replace("{check}", check))
        lab.suite(**{"more": PICKY + DUEL, **tables})

    return write


def seen(lab):
    path = lab.path / "seen.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("command", ["run", "validate"])
def test_all_faults_are_told_before_anything_runs(lab, picky, asked, command):
    picky(TWO)
    assert lab.errors(command=command).endswith(
        "error: suite.toml: comparisons[0]: one\n  mend it\n"
        "error: suite.toml: comparisons[0]: two\n"
    )
    assert lab.jobs() == {}
    assert asked == []


def test_they_are_told_beside_other_faults_of_the_data(lab, picky):
    picky(TWO, adapters='[[adapters]]\nuse = "fake-adapter"\ntrain-size = [4, 9]\n')
    errors = [line for line in lab.errors(command="run").splitlines() if line.startswith("error")]
    assert len(errors) == 3
    assert "train-size" in errors[0]


def test_keep_going_runs_everything_else(lab, picky):
    picky(TWO)
    assert lab.run("--keep-going").exit_code == 1
    results = lab.results()
    assert {cell["status"] for cell in results["cells"]} == {"done"}
    assert {c["name"]: c["status"] for c in results["comparisons"]} == {
        "picky": "failed", "fake-duel": "done",
    }  # fmt: skip
    failure = results["comparisons"][0]["failure"]
    assert (failure["kind"], failure["hint"]) == ("preflight", "mend it")


def test_a_fault_may_be_raised(lab, picky):
    picky("raise UserError('three')")
    assert lab.errors().endswith("error: suite.toml: comparisons[0]: three\n")


@pytest.mark.parametrize(
    ("check", "what"),
    [
        ("raise ValueError('oops')", "ValueError: oops"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("return None", "TypeError"),
        ("return ['text']", "TypeError: a str is no evalkit.UserError"),
    ],
)
def test_a_bug_of_a_plugin_is_named_with_its_distribution(lab, picky, check, what):
    picky(check)
    line = lab.errors().splitlines()[-2]
    assert f'"picky" of local:{lab.path.name}: check raised {what}' in line
    assert lab.run("--keep-going").exit_code == 1
    assert lab.results()["comparisons"][1]["status"] == "done"


def test_what_a_comparison_is_told(lab, picky):
    picky(NOTE, top='name = "trial"\nseeds = [3, 4]\n')
    names, ids = ["fake-adapter", "fake-bare"], ["test-0", "test-3"]  # a sample
    assert lab.do("validate", "suite.toml", "--limit", "2").exit_code == 0
    assert seen(lab) == [[names, ids, seed, []] for seed in (3, 4)]
    assert lab.run("--limit", "2").exit_code == 0
    assert seen(lab)[-2:] == [[names, ids, seed, ["parrot"]] for seed in (3, 4)]


def test_a_comparison_that_will_not_be_held_is_not_asked(lab, picky):
    picky(NOTE)
    assert lab.run("-k", "bare").exit_code == 0
    assert lab.do("validate", "suite.toml", "--no-data").exit_code == 0
    assert seen(lab) == []


def test_the_data_of_the_task_is_out_of_reach(lab, picky):
    picky("return [UserError(str(preview.task.load('test')))]")
    assert 'a plugin tried to load the split "test"' in lab.errors()
