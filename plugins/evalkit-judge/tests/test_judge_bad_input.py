"""Bad input through whole runs: an error that says what is wrong, or undefined; never a guess."""

import json

import pytest

pytest_plugins = ["evalkit.testing.plugin"]

SUITE = """
name = "judged"

[task]
use = "fake-task"
test = {examples}

[[models]]
name = "parrot"
engine = "fake"
answer = "recall"

[[models]]
name = "owl"
engine = "fake"
answer = "fixed"
text = {text}
abilities = ["generate", {ability}]

[[adapters]]
use = "fake-adapter"
models = ["parrot"]
k = {k}

[[metrics]]
use = "contains"

[[comparisons]]
use = "judge-elo"
judge = "owl"
audit = false
"""


@pytest.fixture
def judged(project):
    def run(text, more="", *, k="[1, 4]", examples=4, ability="schema"):
        form = {"text": json.dumps(text), "ability": json.dumps(ability), "k": k}
        project.write("suite.toml", SUITE.format(examples=examples, **form) + more)
        result = project.run("run", "suite.toml", "-p", "evalkit.testing.fakes")
        assert "Traceback" not in result.stderr
        return result, project.results()["comparisons"]

    return run


def written(label):
    return json.dumps({"rationale": "So it is.", "verdict": label})


FIGURES = ("se", "low", "high", "rank_low", "rank_high")


def test_all_ties(judged):
    result, (comparison,) = judged(written("TIE"))
    assert result.exit_code == 0, result.output
    for standing in comparison["standings"]:
        values = standing["values"]
        assert values["elo"] == pytest.approx(1500)
        assert values["wins"] == values["losses"] == 0
        assert [values[key] for key in FIGURES] == [None] * 5
    why = "the verdicts do not vary between examples"
    assert f"errors, intervals and ranks are undefined, because {why}" in comparison["notes"]


def test_one_contestant(judged):
    result, comparisons = judged(written("A"), k="1")
    assert result.exit_code == 0, result.output
    assert comparisons == []
    assert "no comparison: that takes two cells of one seed" in result.output


def test_one_example(judged):
    result, (comparison,) = judged(written("A"), examples=1)
    assert result.exit_code == 0, result.output
    for standing in comparison["standings"]:
        assert [standing["values"][key] for key in FIGURES] == [None] * 5
    why = "there is one example only"
    assert f"errors, intervals and ranks are undefined, because {why}" in comparison["notes"]


def without_verdict(comparison):
    """Nothing was read out of any answer, and that is said."""
    assert comparison["counts"]["ok"] == 0
    assert comparison["counts"]["parse_error"] > 0
    for standing in comparison["standings"]:
        values = standing["values"]
        assert values["wins"] == values["losses"] == values["ties"] == 0
        assert values["failed"] > 0
        assert values["elo"] is None or values["auto_ties"] > 0
    assert any("no verdict was given" in note for note in comparison["notes"])
    assert any("warning: more than 2%" in note for note in comparison["notes"])
    return True


@pytest.mark.parametrize("label", ["DRAW", "a", "tie", "A or B", "", None, 1])
def test_an_unknown_verdict(judged, label):
    _, (comparison,) = judged(written(label))
    assert without_verdict(comparison)


@pytest.mark.parametrize(
    "text",
    [f"{written('A')} or rather {written('B')}", "I pick A.", "<think>A", "", "\x00\x1b[2J"],
)
def test_an_answer_without_one_verdict(judged, text):
    result, (comparison,) = judged(text)
    assert without_verdict(comparison)
    assert "\x1b" not in result.stdout


def test_a_reasoning_judge(judged):
    result, (comparison,) = judged(f"<think>Both? {written('B')}</think>\n{written('TIE')}")
    assert result.exit_code == 0, result.output
    assert comparison["counts"]["parse_error"] == 0
    assert comparison["counts"]["ok"] > 0


def test_a_judge_that_can_only_write(judged):
    more = 'answer = "schema"\n'
    result, (comparison,) = judged(f"Well: {written('A')}", more, ability="logprobs")
    assert result.exit_code == 0, result.output
    assert comparison["counts"]["ok"] > 0


WORDY = """
from evalkit import AdaptedModel, Adapter, DirectPredictor, Entry, Prompt, hookimpl

class Wordy(Adapter):
    def adapt(self, context):
        return AdaptedModel(prompt=Prompt(instruction=""))

    def program(self, adapted, context):
        return Words()

class Words(DirectPredictor):
    def predict(self, examples):
        return ["word " * 10_000 for _ in examples]

@hookimpl
def evalkit_adapters():
    return [Entry(name="wordy", target="evalkit_plugins:Wordy")]
"""


def test_answers_too_long_to_be_shown_whole_are_named(judged, project):
    project.write("evalkit_plugins.py", WORDY)
    more = '\n[[adapters]]\nuse = "wordy"\nmodels = ["parrot"]\n'
    result, (comparison,) = judged(written("TIE"), more)
    assert result.exit_code == 0, result.output
    (note,) = (note for note in comparison["notes"] if "first 20,000 characters" in note)
    assert note.endswith("only: wordy 4")
