"""Faults of a comparison by judges show before any cell has run."""

import pytest

from evalkit import Preview
from evalkit.testing import FakeEngine

from .judging import comparison, contest

pytest_plugins = ["evalkit.testing.plugin"]

HEADER = "example,a,b,verdict,rater\n"


def preview(*cells, abilities=None):
    meeting = contest()
    judge = {"j": FakeEngine.resolved("j", abilities=abilities)} if abilities else {}
    return Preview(
        task=meeting.task,
        examples=meeting.examples,
        contestants=cells or ("x", "y"),
        seed=7,
        judges=judge,
    )


def faults(how, known):
    return [f"{fault.message}\n{fault.hint}" for fault in how.check(known)]


@pytest.fixture
def labels(tmp_path):
    def write(text):
        path = tmp_path / "labels.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_sound_comparison_has_no_faults(labels):
    people = labels(HEADER + "e0,x,gold,B,ann\n")
    assert faults(comparison(anchor="gold", budget=100, humans=people), preview()) == []


def test_all_faults_are_told_at_once(labels):
    how = comparison(anchor="z", budget=2, humans=labels(HEADER + "e9,x,z,WIN,ann\n"))
    anchor, budget, people = faults(how, preview())
    assert anchor.startswith('judge-elo: anchor: there is no contestant "z"')
    assert "there are: x, y, gold" in anchor
    assert budget.startswith("judge-elo: budget: it pays for 1 meetings, and 3 contestants need 2")
    assert "3 faults" in people
    assert 'unknown id "e9"' in people
    assert 'unknown contestant "z"' in people
    assert 'unknown verdict "WIN"' in people


def test_files_of_people_that_are_missing_or_lack_a_column(labels, tmp_path):
    (missing,) = faults(comparison(humans=tmp_path / "none.csv"), preview())
    assert "none.csv: cannot be read" in missing
    (lacking,) = faults(comparison(humans=labels("example,a,b,rater\ne0,x,y,ann\n")), preview())
    assert "no column verdict" in lacking


def test_a_cell_that_is_called_like_the_gold_answers():
    (fault,) = faults(comparison(anchor="nobody"), preview("gold", "x"))
    assert 'a cell is called "gold"' in fault
    assert faults(comparison(gold=False), preview("gold", "x")) == []


@pytest.mark.parametrize(
    ("budget", "params", "abilities", "sound"),
    [
        (1, {}, None, False),  # not one unit in both orders
        (3, {}, None, False),
        (4, {}, None, True),
        (2, {"orders": "one-random"}, None, True),
        (1, {"gold": False}, None, False),
        (2, {"gold": False}, None, True),
        (4, {"votes": 2, "answer": "schema"}, None, False),
        (8, {"votes": 2, "answer": "schema"}, None, True),
        (4, {"votes": 2}, None, True),  # it may turn out to choose, which takes one vote
        (4, {"votes": 2}, ("choices",), True),
        (4, {"votes": 2}, ("schema",), False),
        (1, {}, ("generate",), True),  # who cannot answer is told by the abilities
        (7, {"judge": None, "judges": ["j", "k"]}, None, False),
        (8, {"judge": None, "judges": ["j", "k"]}, None, True),
    ],
)
def test_a_budget_that_cannot_link_everybody(budget, params, abilities, sound):
    how = comparison(budget=budget, **params)
    assert (faults(how, preview(abilities=abilities)) == []) is sound


SUITE = """
name = "judged"
seeds = [1, 2]

[task]
use = "fake-task"

[[models]]
name = "parrot"
engine = "fake"
answer = "recall"

[[models]]
name = "owl"
engine = "fake"
answer = "fixed"
text = "A"

[[adapters]]
use = "fake-adapter"
models = ["parrot"]
k = [1, 4]

[[metrics]]
use = "contains"

[[comparisons]]
use = "judge-elo"
judge = "owl"
name = "bad"
anchor = "lora"
budget = 1
humans = "labels.csv"

[[comparisons]]
use = "judge-elo"
judge = "owl"
name = "good"
audit = false
"""


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_suite_is_refused_with_every_fault(project, command):
    project.write("suite.toml", SUITE)
    result = project.run(command, "suite.toml", "-p", "evalkit.testing.fakes")
    assert result.exit_code == 2, result.output
    errors = [line for line in result.stderr.splitlines() if line.startswith("error")]
    assert all(line.startswith("error: suite.toml: comparisons[0]: ") for line in errors)
    for error, what in zip(errors, ("anchor", "budget", "labels.csv"), strict=True):
        assert what in error
    assert not list(project.path.glob("runs/jobs/*/*"))


def test_keep_going_costs_that_comparison_only(project):
    project.write("suite.toml", SUITE)
    project.write("labels.csv", HEADER + "test-0,fake-adapter-k1,gold,B,ann\n")
    result = project.run("run", "suite.toml", "-p", "evalkit.testing.fakes", "--keep-going")
    assert result.exit_code == 1, result.output
    results = project.results()
    assert {cell["status"] for cell in results["cells"]} == {"done"}
    ends = [(c["name"], c["seed"], c["status"]) for c in results["comparisons"]]
    assert ends == [
        *(("bad", 1, "failed"), ("bad", 2, "failed")),
        *(("good", 1, "done"), ("good", 2, "done")),
    ]
    failure = results["comparisons"][0]["failure"]
    assert failure["kind"] == "preflight"
    assert "anchor" in failure["reason"]


class TestMostRequests:
    """A bound for estimates: what is really asked never exceeds it."""

    @pytest.mark.parametrize(
        ("given", "orders"), [({}, 2), ({"orders": "one-random"}, 1)], ids=["both", "one"]
    )
    def test_choices_take_one_request_for_each_pair_example_and_order(self, given, orders):
        known = preview(abilities=("generate", "choices"))
        how = comparison(audit=False, **given)
        examples, pairs = len(known.examples), 3
        assert how.most_requests(known) == {"j": pairs * examples * orders}

    def test_written_verdicts_may_be_asked_for_three_times(self):
        known = preview(abilities=("generate", "schema"))
        one, three = ({"j": 3 * 2 * len(known.examples) * n} for n in (1, 3))
        assert comparison(audit=False).most_requests(known) == three
        chosen = preview(abilities=("generate", "choices"))
        assert comparison(audit=False).most_requests(chosen) == one

    def test_a_budget_bounds_it(self):
        known = preview(abilities=("generate", "choices"))
        assert comparison(audit=False, budget=6).most_requests(known) == {"j": 6}

    def test_the_audit_comes_on_top(self):
        known = preview(abilities=("generate", "choices"))
        without = comparison(audit=False).most_requests(known)["j"]
        assert comparison(audit=2).most_requests(known)["j"] > without

    def test_a_judge_that_was_not_looked_for(self):
        assert comparison().most_requests(preview()) is None
