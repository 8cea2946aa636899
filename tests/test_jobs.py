"""What a job refuses: undeclared questions, figures nobody can store, ids that are not unique."""

import json
from dataclasses import replace

import pytest

from evalkit import Journal
from evalkit.testing import FakeEngine
from evalkit.workshop import Workshop

LOCAL = """
import math
from dataclasses import replace
from typing import Annotated
from evalkit import Comparison, ComparisonResult, Entry, Match, Message, Metric, Params, Question
from evalkit import Refers, Request, hookimpl
from evalkit.testing.fakes.adapter import FakeAdapter
from evalkit.testing.fakes.duel import FakeDuel

class Seen(FakeAdapter):
    def adapt(self, context):
        return replace(super().adapt(context), report={"seed": context.seed})

class Odd(Metric):
    headline = "mean"
    found, figures = 1.0, {"mean": 1.0}

    def score(self, target, value):
        return {"figure": self.found}

    def aggregate(self, scores):
        return self.figures

class Nan(Odd):
    found = math.nan

class Infinite(Odd):
    found = -math.inf

class Worded(Odd):
    found = "much"

class Headless(Odd):
    figures = {"median": 1.0}

class Undefined(Odd):
    figures = {"mean": math.nan, "least": -math.inf, "most": None, "median": 1.0}

class Pairing(Odd):
    matched = [Match(answer=0, target=0, similarity=0.5)]

    def matches(self, target, value):
        return self.matched

class Beyond(Pairing):
    matched = [Match(answer=0, target=0), Match(answer=0, target=1)]

class Backwards(Pairing):
    matched = [Match(answer=-1, target=0)]

class Between(Pairing):
    matched = [Match(answer=0.5, target=0)]

class Alike(Pairing):
    matched = [Match(answer=0, target=0, similarity=1.01)]

class Blurred(Pairing):
    matched = [Match(answer=0, target=0, similarity=math.nan)]

class Loose(Pairing):
    matched = [(0, 0, 1.0)]

class Empty(Pairing):
    matched = []

class PanelParams(Params):
    judges: list[Annotated[str, Refers("model")]] = []
    nobody: bool = False

class Panel(Comparison):
    headline = "said"

    def questions(self, contest):
        def ask():
            answer = yield Request(messages=(Message("user", "Who?"),), max_tokens=4)
            return {"said": answer.text}

        mixed = [(f"{judge} {n}", judge) for n in (1, 2) for judge in contest.judges]
        mixed += [("anyone", ""), *([("lost", "raven")] if self.params.nobody else [])]
        return [Question(id=name, steps=ask, judge=judge) for name, judge in mixed]

    def conclude(self, contest, verdicts):
        said = {key: verdict["said"] for key, verdict in verdicts.items()}
        first, all_of_them = self.judge.name, list(contest.judges)
        return ComparisonResult(standings=(), details={"judges": [first, *all_of_them], **said})

class Twins(FakeDuel):
    def questions(self, contest):
        return [replace(question, id="same") for question in super().questions(contest)]

@hookimpl
def evalkit_adapters():
    params = "evalkit.testing.fakes.params:FakeAdapterParams"
    needs = {"learns": {"train"}, "asks": {"train", "engine"}, "draws": {"seed"}, "bare": ()}
    return [
        Entry(name=name, target="evalkit_plugins:Seen", params=params, requires=frozenset(requires))
        for name, requires in needs.items()
    ]

@hookimpl
def evalkit_metrics():
    odd = (Nan, Infinite, Worded, Headless, Undefined, *Pairing.__subclasses__(), Pairing)
    return [Entry(name=c.__name__.lower(), target=f"evalkit_plugins:{c.__name__}") for c in odd]

@hookimpl
def evalkit_comparisons():
    params = "evalkit.testing.fakes.params:FakeDuelParams"
    panel = "evalkit_plugins:Panel"
    return [
        Entry(name="twins", target="evalkit_plugins:Twins", params=params),
        Entry(
            name="panel",
            target=panel,
            params=panel + "Params",
            requires=frozenset({"choices"}),
        ),
    ]
"""
DUEL = '[[comparisons]]\nuse = "{}"\njudge = "parrot"\n'


@pytest.fixture(autouse=True)
def _local(lab):
    lab.write("evalkit_plugins.py", LOCAL)


def test_an_adapter_asks_the_model_only_if_it_says_so(lab):
    adapters = '[[adapters]]\nuse = "learns"\nask = 1\n[[adapters]]\nuse = "asks"\nask = 1\n'
    lab.suite(adapters=adapters)
    assert lab.run().exit_code == 1
    assert lab.cell("asks")["status"] == "done"
    assert lab.cell("learns")["failure"] == {
        "reason": 'the adapter "learns" asks the model, which it did not declare',
        "kind": "adapter",
        "hint": 'its Entry needs requires={"engine"}: without it, identities miss the model',
    }


def test_the_seed_is_for_those_who_say_that_they_use_it(lab):
    lab.suite("seeds = [7]\n", adapters='[[adapters]]\nuse = "draws"\n[[adapters]]\nuse = "bare"\n')
    assert lab.run().exit_code == 0
    assert lab.cell("draws")["report"] == {"seed": 7}
    assert lab.cell("bare")["report"] == {"seed": 0}


class TestMetrics:
    BARE = '[[adapters]]\nuse = "fake-bare"\n'

    def failure(self, lab, metric):
        """Why the cell failed; its other score, and the comparison, are there."""
        metrics = f'[[metrics]]\nuse = "{metric}"\n[[metrics]]\nuse = "contains"\n'
        adapters = self.BARE + "steps = [1, 2]\n"
        lab.suite(adapters=adapters, metrics=metrics, more=DUEL.format("fake-duel"))
        assert lab.run().exit_code == 1
        (comparison,) = lab.results()["comparisons"]
        assert comparison["status"] == "done"
        cell = lab.results()["cells"][0]
        assert cell["status"] == "failed"
        assert set(cell["scores"]) == {"contains"}
        assert cell["failure"]["kind"] == "metric"
        return cell["failure"]["reason"]

    @pytest.mark.parametrize(
        ("metric", "found"), [("nan", "nan"), ("infinite", "-inf"), ("worded", "'much'")]
    )
    def test_scores_are_finite_numbers(self, lab, metric, found):
        reason = f"{metric.title()}.score gives figure = {found} for example test-0"
        assert self.failure(lab, metric) == reason

    def test_the_headline_is_among_the_figures(self, lab):
        reason = 'aggregate gives median, but not the headline "mean"'
        assert self.failure(lab, "headless") == reason

    @pytest.mark.parametrize(
        ("metric", "found"),
        [
            ("beyond", "target = 1, which is none of its 1 items"),
            ("backwards", "answer = -1, which is none of its 1 items"),
            ("between", "answer = 0.5, which is none of its 1 items"),
            ("alike", "similarity = 1.01"),
            ("blurred", "similarity = nan"),
            ("loose", "(0, 0, 1.0), which is no evalkit.Match"),
        ],
    )
    def test_matches_are_of_items_that_are_there(self, lab, metric, found):
        reason = f"{metric.title()}.matches gives {found}, for example test-0"
        assert self.failure(lab, metric) == reason

    def test_matches_stand_beside_the_score(self, lab):
        metrics = '[[metrics]]\nuse = "{}"\n'
        used = "".join(map(metrics.format, ("pairing", "empty", "contains")))
        lab.suite(adapters=self.BARE, metrics=used)
        assert lab.run().exit_code == 0
        kept = {}
        for name in ("pairing", "empty", "contains"):
            path = lab.path / "runs/latest/scores" / name / "fake-bare.jsonl"
            rows = [json.loads(line) for line in path.read_text("ascii").splitlines()]
            kept[name] = [row.get("matches") for row in rows]
        assert kept == {"pairing": [[[0, 0, 0.5]]] * 4, "empty": [[]] * 4, "contains": [None] * 4}
        assert lab.project.run("compare", "runs/latest").exit_code == 0
        again = lab.do("score", "runs/latest", "--metric", "pairing", "--name", "again")
        assert again.exit_code == 0
        first, second = (
            (lab.path / "runs/latest/scores" / name / "fake-bare.jsonl").read_bytes()
            for name in ("pairing", "again")
        )
        assert first == second

    def test_a_figure_over_all_may_be_undefined(self, lab):
        lab.suite(adapters=self.BARE, metrics='[[metrics]]\nuse = "undefined"\n')
        done = lab.run()
        assert done.exit_code == 0
        note = "undefined: undefined, because Undefined.aggregate gives nan (fake-bare)"
        assert note in done.stdout
        score = lab.cell("fake-bare")["scores"]["undefined"]
        assert score["value"] is None
        assert score["values"] == {"mean": None, "least": None, "most": None, "median": 1.0}
        assert score["undefined"] == {
            "mean": "Undefined.aggregate gives nan",
            "least": "Undefined.aggregate gives -inf",
        }


def test_ids_of_questions_are_unique(lab):
    lab.suite(more=DUEL.format("twins"))
    assert lab.run().exit_code == 1
    (comparison,) = lab.results()["comparisons"]
    assert comparison["failure"]["reason"] == "3 questions have the id of another one"
    assert {cell["status"] for cell in lab.results()["cells"]} == {"done"}


class TestSeveralJudges:
    JUDGE = '[[models]]\nname = "{0}"\nengine = "fake"\nanswer = "fixed"\ntext = "{0}"\n'
    PARROT = '[[models]]\nname = "parrot"\nengine = "fake"\n'
    ADAPTERS = '[[adapters]]\nuse = "fake-bare"\nmodels = ["parrot"]\nsteps = [1, 2]\n'

    def suite(self, lab, more='judges = ["owl", "crow"]\n', owl=""):
        models = self.PARROT + self.JUDGE.format("crow") + self.JUDGE.format("owl") + owl
        panel = f'[[comparisons]]\nuse = "panel"\n{more}'
        lab.suite(models=models, adapters=self.ADAPTERS, more=panel)

    def test_each_question_goes_to_its_judge_and_to_the_first_if_it_names_none(self, lab):
        self.suite(lab)
        assert lab.run().exit_code == 0
        (comparison,) = lab.results()["comparisons"]
        assert comparison["details"] == {
            "judges": ["owl", "owl", "crow"],
            "owl 1": "owl",
            "crow 1": "crow",
            "owl 2": "owl",
            "crow 2": "crow",
            "anyone": "owl",
        }
        assert comparison["usage"]["requests"] == 5

    def test_what_each_judge_took_is_kept(self, lab):
        self.suite(lab)
        lab.run()
        (path,) = lab.path.glob("runs/jobs/compare/*/job.json")
        judges = json.loads(path.read_text(encoding="utf-8"))["judges"]
        assert {name: own["usage"]["requests"] for name, own in judges.items()} == {
            "owl": 3,
            "crow": 2,
        }
        assert all(own["identity"] and own["seconds"] >= 0 for own in judges.values())

    def test_a_question_for_a_judge_that_is_not_there(self, lab):
        self.suite(lab, 'judges = ["owl"]\nnobody = true\n')
        assert lab.run().exit_code == 1
        (comparison,) = lab.results()["comparisons"]
        reason = 'question lost is for "raven"; there to judge: owl'
        assert comparison["failure"]["reason"] == reason

    def test_every_judge_is_checked_beforehand(self, lab):
        self.suite(lab, owl='abilities = ["generate"]\n')
        assert '"panel" needs choices; for owl' in lab.errors(command="run")
        self.suite(lab, 'judges = ["owl", "crew"]\n')
        assert 'unknown model "crew"' in lab.errors()

    def test_every_judge_is_part_of_the_identity(self, lab):
        found = set()
        for judges in ('["owl", "crow"]', '["crow", "owl"]', '["owl"]'):
            self.suite(lab, f"judges = {judges}\n")
            lab.run()
            found |= set(lab.jobs("compare"))
        assert len(found) == 3


def test_a_judge_has_the_device_for_itself():
    class Shop(Workshop):
        def _make_engine(self, model):
            resolved = replace(FakeEngine.resolved(model["name"]), device=model["device"])
            made[model["name"]] = FakeEngine(model=resolved)
            return made[model["name"]]

    made, shop = {}, Shop()
    models = [{"name": n, "device": d} for n, d in (("a", "cuda"), ("b", "cuda"), ("c", "cpu"))]
    for model in models:
        shop.engine(model, Journal())
    shop.make_room(models[1])
    assert {name: engine.closed for name, engine in made.items()} == {
        "a": True,
        "b": False,
        "c": False,
    }
