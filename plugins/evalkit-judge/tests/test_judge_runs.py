"""Whole runs with judges of rules, from the suite to the table."""

import json

import pytest

pytest_plugins = ["evalkit.testing.plugin"]

SUITE = """
name = "judged"

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

[[models]]
name = "crow"
engine = "fake"
answer = "fixed"
text = '{"rationale": "It is.", "verdict": "TIE"}'
abilities = ["generate", "schema"]

[[adapters]]
use = "fake-adapter"
models = ["parrot"]
k = [1, 4]

[[metrics]]
use = "contains"

[[comparisons]]
use = "judge-elo"
"""
TWO = 'judges = ["owl", "crow"]\n'


@pytest.fixture
def run(project):
    def do(more, *args, command="run"):
        project.write("suite.toml", SUITE + more)
        return project.run(command, "suite.toml", "-p", "evalkit.testing.fakes", *args)

    return do


def test_two_judges_with_an_audit_each(run, project):
    result = run(TWO + "votes = 2\n")
    assert result.exit_code == 0, result.output
    (comparison,) = project.results()["comparisons"]
    assert list(comparison["details"]["judges"]) == ["owl", "crow"]
    assert set(comparison["details"]["audit"]) == {"owl", "crow"}
    assert comparison["details"]["judges"]["crow"]["votes"] == 2
    assert {s["values"]["validated"] for s in comparison["standings"]} == {0.0}
    gold = [s["values"]["elo"] for s in comparison["standings"] if s["contestant"] == "gold"]
    assert f"{gold[0]:.1f}*" in result.stdout
    assert "* the judge owl is not validated" in result.stdout
    lines = (project.path / "runs/latest/judgments.jsonl").read_text("utf-8").splitlines()
    verdicts = [json.loads(line) for line in lines]
    assert {v["verdict"]["judge"] for v in verdicts} == {"owl", "crow"}
    assert {v["verdict"].get("audit") for v in verdicts} == {None, "identical"}
    assert len(verdicts) == sum(comparison["counts"][key] for key in ("ok", "auto_tie", "audit"))


def test_the_reasons_of_a_judge_are_kept_in_both_orders(run, project):
    assert run('judge = "crow"\naudit = false\n').exit_code == 0
    lines = (project.path / "runs/latest/judgments.jsonl").read_text("utf-8").splitlines()
    reasons = {}
    for verdict in [json.loads(line)["verdict"] for line in lines]:
        if verdict["status"] == "ok":
            met = verdict["example"], verdict["a"], verdict["b"]
            reasons.setdefault(met, {})[verdict["order"]] = verdict["rationale"]
    assert reasons
    assert all(found == {"ab": "It is.", "ba": "It is."} for found in reasons.values())


def test_what_each_judge_was_asked_and_what_that_cost(run, project):
    (first, *_, last), price = SUITE.split('text = "A"\n'), "prices = { input = 1000.0 }\n"
    project.write("suite.toml", f'{first}text = "A"\n{price}{last}{TWO}')
    project.run("run", "suite.toml", "-p", "evalkit.testing.fakes")
    (comparison,) = project.results()["comparisons"]
    owl, crow = comparison["judges"]["owl"], comparison["judges"]["crow"]
    assert owl["cost"] == pytest.approx(owl["usage"]["prompt_tokens"] / 1000)
    assert owl["cost"] > 0
    assert crow["cost"] is None
    for key, total in comparison["usage"].items():
        assert owl["usage"][key] + crow["usage"][key] == total


def test_a_judge_that_is_not_there_is_named_before_anything_runs(run, project):
    gone = '[[models]]\nname = "gone"\nengine = "fake"\nmissing = true\n'
    result = run('judges = ["owl", "gone"]\n' + gone)
    assert result.exit_code == 2
    assert "models[3]" in result.stderr
    assert not (project.path / "runs/jobs").exists()


def test_a_judge_that_fails_every_question_is_named(run, project):
    dead = '[[models]]\nname = "dead"\nengine = "fake"\nfail-on = "Which answer"\n'
    result = run('judges = ["owl", "dead"]\n' + dead)
    (comparison,) = project.results()["comparisons"]
    assert comparison["status"] == "done"
    assert {s["values"]["wins"] + s["values"]["losses"] for s in comparison["standings"]} == {0}
    assert comparison["counts"]["api_error"] > 0
    assert "Traceback" not in result.stderr
    assert "the judge dead gave no verdict at all, so that nobody is rated" in result.stdout
    assert "ratings are undefined, because nothing was judged" in result.stdout
    assert {s["values"]["elo"] for s in comparison["standings"]} == {None}


def test_compare_shows_the_differences_from_its_baseline_with_the_mark_of_the_judge(run, project):
    run('judge = "owl"\n[analysis]\nbaseline = "fake-adapter-k4"\n')
    results = project.results()
    (comparison,) = results["comparisons"]
    told = [(one["contestant"], one["against"]) for one in comparison["contrasts"]]
    pair = "fake-adapter-k1", "fake-adapter-k4"
    assert told == [pair[::-1], ("gold", pair[0]), ("gold", pair[1])]
    rows = results["analysis"]["rating_differences"]
    assert [(row["method"], row["baseline"]) for row in rows] == [pair, ("gold", pair[1])]
    assert {row["validated"] for row in rows} == {0}  # says A whatever it is shown
    elo = {one["contestant"]: one["values"]["elo"] for one in comparison["standings"]}
    assert rows[0]["difference"] == pytest.approx(elo[pair[0]] - elo[pair[1]])
    shown = project.run("compare", "runs/latest", "-v")
    assert shown.exit_code == 0, shown.output
    assert "judge-elo elo: fake-adapter-k1 against fake-adapter-k4: " in shown.stdout
    assert all("*" in row["text"] for row in rows)


def test_a_run_again_asks_nobody(run, project):
    def jobs():
        return {p: p.stat().st_mtime_ns for p in project.path.glob("runs/jobs/compare/*/job.json")}

    run(TWO)
    before = jobs()
    run(TWO)
    assert len(before) == 1
    assert jobs() == before


def test_people_are_read_beside_the_suite(run, project):
    project.write(
        "labels.csv",
        "example,a,b,verdict,rater\ntest-0,fake-adapter-k1,gold,B,ann\n",
    )
    result = run(TWO + 'humans = "labels.csv"\n')
    assert result.exit_code == 0, result.output
    (comparison,) = project.results()["comparisons"]
    assert comparison["details"]["humans"]["owl"]["raters"] == 1
    project.write("labels.csv", "example,a,b,verdict,rater\ntest-9,fake-adapter-k1,gold,B,ann\n")
    refused = run(TWO + 'humans = "labels.csv"\n')
    assert refused.exit_code == 2
    assert "labels.csv: 1 fault" in refused.stderr
    assert 'line 2: example: unknown id "test-9"' in refused.stderr


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("", "name one judge"),
        ('judge = "owl"\njudges = ["crow"]\n', "name one judge"),
        ('judges = ["owl", "crew"]\n', 'unknown model "crew"'),
        ('judge = "owl"\naudit = "yes"\n', "audit"),
        ('judge = "owl"\nthresholds = { golden = 1.0 }\n', "golden"),
        ('judge = "owl"\nvotes = 3\ntemperature = 0.0\n', "temperature 0"),
    ],
)
def test_faults_of_a_suite(run, more, what):
    result = run(more, command="validate")
    assert result.exit_code == 2
    assert what in result.stderr
    assert "Traceback" not in result.stderr


def test_every_judge_must_be_able_to_answer(run):
    result = run(TWO + 'answer = "choices"\n')
    assert result.exit_code == 2
    assert "needs choices; for crow" in result.stderr
