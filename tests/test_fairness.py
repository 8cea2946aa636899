"""The checks of fairness, each of them shown to fire on a violation planted in real jobs."""

import json
from dataclasses import asdict

import pytest

from evalkit.compare.duplicates import Carried, carried, read_near_duplicates
from evalkit.compare.methods import read_methods
from evalkit.compare.terms import Terms, read_terms
from evalkit.errors import UserError
from evalkit.fairness import check

LOCAL = '''
from dataclasses import replace

from evalkit import Demo, DirectPredictor, Entry, Message, Program, Request, hookimpl
from evalkit.testing import ListTask
from evalkit.testing.fakes.adapter import FakeAdapter
from evalkit.testing.fakes.engine import resolve as resolve_fake
from evalkit.testing.fakes.params import FakeAdapterParams, FakeEngineParams

LONG = " ".join(f"word{number}" for number in range(30))


class OddParams(FakeAdapterParams):
    does: str = ""
    applied: bool | None = None


class TemplateParams(FakeEngineParams):
    template: str = "one"


class Odd(FakeAdapter):
    """Does something odd."""

    def adapt(self, context):
        adapted = super().adapt(context)
        demos = {
            "show input": (Demo("Ball 1 of the test is  blue", "blue"),),
            "show id": (Demo("a ball", "blue", "test-1"),),
        }
        prompt = replace(adapted.prompt, demos=demos.get(self.params.does, adapted.prompt.demos))
        report = dict(adapted.report)
        if self.params.applied is not None:
            report["weights_applied"] = self.params.applied
        return replace(adapted, prompt=prompt, report=report)

    def program(self, adapted, context):
        if self.params.does == "direct":
            return Direct()
        return Asking(self.params.does, adapted.prompt, context)


class Direct(DirectPredictor):
    def predict(self, examples):
        return ["red"] * len(examples)


class Asking(Program):
    def __init__(self, does, prompt, context):
        self.does, self.prompt, self.context = does, prompt, context

    def steps(self, example):
        changes = {
            "longer": {"max_tokens": 500},
            "sampled": {"temperature": 0.7, "seed": 3},
            "stopped": {"stop": ("\\n",)},
            "schema": {"schema": {"type": "string"}},
            "bare": {"weights": None},
            "bare for one": {"weights": None} if example.id == "test-0" else {},
        }
        if self.does == "by hand":
            asked = Message("user", self.context.task.render_input(example))
            completion = yield Request(messages=(asked,), max_tokens=8)
            return completion.text
        prompt = self.prompt
        if self.does == "fewer" and example.id == "test-0":
            prompt = replace(prompt, demos=prompt.demos[:1])
        request = replace(
            self.context.request(prompt, example), **changes.get(self.does, {})
        )
        if self.does == "too long" and example.id == "test-0":
            request = replace(request, messages=request.messages * 20)
        completion = yield request
        return completion.text


class Leaky(ListTask):
    """One of four training texts is nearly that of the first test example."""

    def __init__(self, params):
        train = [("a", "red"), ("b", "blue"), (f"{LONG} more", "green"), ("c", "red")]
        test = [(LONG, "red"), ("d", "blue"), ("e", "black"), ("f", "red")]
        super().__init__(train, test)


def resolve(name, params, notify):
    return replace(resolve_fake(name, params, notify), template_sha256=params.template)


@hookimpl
def evalkit_tasks():
    return [Entry(name="leaky", target="evalkit_plugins:Leaky")]


@hookimpl
def evalkit_engines():
    target = "evalkit.testing.fakes.engine:RuledEngine"
    params = "evalkit_plugins:TemplateParams"
    resolver = "evalkit_plugins:resolve"
    return [Entry(name="templated", target=target, params=params, resolver=resolver)]


@hookimpl
def evalkit_adapters():
    target, params = "evalkit_plugins:Odd", "evalkit_plugins:OddParams"
    needs = frozenset({"train", "seed", "engine"})
    return [
        Entry(name="odd", target=target, params=params, requires=needs),
        Entry(name="odd-bare", target=target, params=params),
    ]
'''
BARE = '[[adapters]]\nuse = "fake-bare"\n'
WEIGHTS = '[[models]]\nname = "parrot"\nengine = "fake"\nanswer = "fixed"\ntext = "red"\n'


@pytest.fixture(autouse=True)
def _local(lab):
    lab.write("evalkit_plugins.py", LOCAL)


def run(lab, odd="", use="odd-bare", **tables):
    """Run a suite of `fake-bare`, and beside it an adapter that does something odd; the folder."""
    adapters = BARE + (f'[[adapters]]\nname = "odd"\nuse = "{use}"\n{odd}\n' if odd else "")
    lab.suite(**{"adapters": adapters, **tables})
    result = lab.run()
    assert result.exit_code in (0, 1), result.output
    return (lab.path / "runs" / "latest").resolve()


def checks(*folders):
    """Name of a check -> what it found."""
    return {found.name: found for found in check(read_methods(folders))}


def findings(*folders):
    return {name: (found.status, found.detail) for name, found in checks(*folders).items()}


def facts(lab, cell):
    return lab.cell(cell)["fairness"]


def test_nothing_fires_without_a_violation(lab):
    lab.suite('name = "trial"\nseeds = [1, 2]\n')
    assert lab.run().exit_code == 0
    data = lab.results()["task"]["evaluation_sha256"][:8]
    ids = facts(lab, "fake-bare-seed1")["examples_sha256"][:8]
    template = lab.results()["models"][0]["template_sha256"][:8]
    parser = facts(lab, "fake-bare-seed1")["parser"][:8]
    limit = facts(lab, "fake-bare-seed1")["decoding"][0]["max_tokens"]
    assert findings(lab.path / "runs" / "latest") == {
        "same template": ("ok", f"model parrot: all: {template}"),
        "same split": ("ok", f"all: 4 examples of test ({data}/{ids})"),
        "same decoding": ("ok", f"all: at most {limit} tokens, greedy"),
        "same stop rules": ("ok", "all: no stop texts"),
        "same parser": ("ok", f"all: {parser}"),
        "weights applied": (
            "does not apply",
            "does not apply to all: has no trained weights",
        ),
        "demos not evaluated": (
            "ok",
            "fake-adapter: no evaluated example is shown; fake-bare: no demos",
        ),
        "demos as requested": (
            "ok",
            "fake-adapter: 2 as asked for; does not apply to fake-bare: shows no demos",
        ),
        "prompts fit": ("ok", "all: every prompt fits"),
        "no near-duplicates": (
            "ok",
            "fake-adapter: none; does not apply to fake-bare: sees no training examples",
        ),
    }


def test_a_cell_keeps_what_its_job_did(lab):
    lab.suite()
    lab.run()
    found = facts(lab, "fake-adapter")
    assert found["demos"] == {"requested": 2, "least": 2, "most": 2, "evaluated": []}
    assert (found["direct"], found["stop"], found["weights"]) == (False, [[]], None)
    assert found["decoding"][0]["requests"] == 4
    assert found["near_duplicates"] == {
        "threshold": 0.8,
        "number": 0,
        "share": 0.0,
        "equal_targets": found["near_duplicates"]["equal_targets"],
        "equal_targets_share": found["near_duplicates"]["equal_targets"] / 4,
    }
    assert facts(lab, "fake-bare")["near_duplicates"] is None
    assert (lab.path / "runs/latest/near-duplicates/fake-adapter.json").is_file()
    assert not (lab.path / "runs/latest/near-duplicates/fake-bare.json").exists()


def test_finished_jobs_keep_their_facts(lab):
    lab.suite()
    lab.run()
    first = [cell["fairness"] for cell in lab.results()["cells"]]
    lab.run()
    assert lab.cell("fake-adapter")["jobs"]["reused"]
    assert [cell["fairness"] for cell in lab.results()["cells"]] == first
    assert (lab.path / "runs/latest/near-duplicates/fake-adapter.json").is_file()


def test_a_cell_without_predictions_is_left_out(lab):
    folder = run(lab, 'fail = "no"')
    assert facts(lab, "odd") is None
    assert all("odd" not in found.detail for found in checks(folder).values())


def test_without_any_predictions_nothing_applies(lab):
    adapters = '[[adapters]]\nuse = "fake-bare"\nfail = "no"\n'
    found = checks(run(lab, adapters=adapters))
    assert {one.status for one in found.values()} == {"does not apply"}
    assert {one.detail for one in found.values()} == {"no cell has predictions"}


class TestAlike:
    def test_another_split(self, lab):
        whole = run(lab)
        part = run(lab, more="[evaluate]\nlimit = 2\n")
        found = checks(whole, part)["same split"]
        assert found.status == "differs"
        assert f"{whole.name}/fake-bare: 4 examples of test (" in found.detail
        assert f"{part.name}/fake-bare: 2 examples of test (" in found.detail

    def test_another_parser(self, lab):
        one = run(lab)
        other = run(lab, task='[task]\nuse = "fake-task"\ntrain = 9\n')
        assert checks(one, other)["same parser"].status == "differs"
        assert checks(one, other)["same split"].status == "ok"

    @pytest.mark.parametrize(
        ("does", "name", "detail"),
        [
            ("longer", "same decoding", "odd: at most 500 tokens, greedy"),
            ("sampled", "same decoding", "temperature 0.7, seeded"),
            ("schema", "same decoding", "greedy, held to a schema"),
            ("stopped", "same stop rules", "fake-bare: no stop texts; odd: '\\n'"),
        ],
    )
    def test_another_way_of_asking(self, lab, does, name, detail):
        found = checks(run(lab, f'does = "{does}"'))
        assert found[name].status == "differs"
        assert detail in found[name].detail
        others = {one.status for key, one in found.items() if key != name}
        assert others <= {"ok", "does not apply"}

    def test_choices_are_alike_for_all(self, lab):
        folder = run(lab, 'does = ""', task='[task]\nuse = "fake-task"\nchoices = true\n')
        found = checks(folder)["same decoding"]
        assert (found.status, found.detail) == ("ok", "all: the likeliest of the choices")

    def test_another_template_of_the_same_model(self, lab):
        model = '[[models]]\nname = "{}"\nengine = "templated"\ntemplate = "{}"\n'
        one = run(lab, models=model.format("a", "one") + model.format("b", "two"))
        assert checks(one)["same template"].status == "ok"  # of different models
        other = run(lab, models=model.format("a", "other"))
        found = checks(one, other)["same template"]
        assert found.status == "differs"
        assert "model a: fake-bare-a: one; " in found.detail
        assert ": other" in found.detail

    def test_a_template_that_nobody_knows(self, lab):
        model = '[[models]]\nname = "a"\nengine = "templated"\ntemplate = ""\n'
        found = checks(run(lab, models=model))["same template"]
        assert found.status == "unknown"
        assert found.detail == (
            "model a: not known of fake-bare: the engine of a does not tell its chat template"
        )


class TestWeights:
    @pytest.mark.parametrize(
        ("odd", "status", "detail"),
        [
            (
                "applied = true",
                "ok",
                "odd: all requests carried weights that change what the model computes",
            ),
            ("applied = false", "differs", "odd: the fake weights change nothing that the model"),
            ("", "unknown", "not known of odd: the adapter does not tell whether its weights"),
            (
                'does = "bare"\napplied = true',
                "differs",
                "odd: 4 of 4 requests went without the fake weights",
            ),
            ('does = "bare for one"\napplied = true', "differs", "odd: 1 of 4 requests went"),
        ],
    )
    def test_weights(self, lab, odd, status, detail):
        found = checks(run(lab, f"weights = true\n{odd}", models=WEIGHTS))["weights applied"]
        assert found.status == status
        assert found.detail.startswith(detail)
        assert found.detail.endswith("does not apply to fake-bare: has no trained weights")


class TestDemos:
    @pytest.mark.parametrize("does", ["show input", "show id"])
    def test_from_the_evaluated_examples(self, lab, does):
        found = checks(run(lab, f'does = "{does}"'))["demos not evaluated"]
        assert found.status == "differs"
        assert "odd: evaluated examples shown as demos: test-1" in found.detail

    def test_fewer_than_were_asked_for(self, lab):
        adapters = '[[adapters]]\nuse = "fake-adapter"\nk = 5\ntrain-size = [2, 5]\n'
        found = checks(run(lab, adapters=adapters))["demos as requested"]
        assert found.status == "differs"
        assert found.detail == "fake-adapter-2: 2 shown, 5 asked for"

    def test_fewer_for_some_examples(self, lab):
        found = checks(run(lab, 'k = 3\ndoes = "fewer"', use="odd"))["demos as requested"]
        assert found.status == "differs"
        assert found.detail.startswith("odd: 1 to 3 shown, 3 asked for")

    def test_seeds_are_named_where_they_differ(self, lab):
        lab.suite('name = "trial"\nseeds = [1, 2]\n')
        lab.run()
        (first, *others) = read_methods([lab.path / "runs" / "latest"])
        first.cells[1]["fairness"]["demos"]["least"] = 1
        found = {one.name: one for one in check([first, *others])}["demos as requested"]
        assert found.detail.startswith("fake-adapter (seed 2): 1 to 2 shown, 2 asked for")

    def test_nobody_tells_how_many_were_asked_for(self, lab):
        found = checks(run(lab, 'does = "show id"'))["demos as requested"]
        assert found.status == "unknown"
        assert found.detail.startswith(
            "not known of odd: 1 shown, the adapter does not tell how many were asked for"
        )

    def test_ids_of_training_examples_say_nothing(self, lab):
        rows = [{"id": str(i), "text": f"text {i} of many", "label": "a"} for i in range(4)]
        lab.jsonl("train.jsonl", rows)
        lab.jsonl("test.jsonl", [{**row, "text": f"other {row['text']}"} for row in rows])
        task = '[task]\ninstruction = "Say a."\ninput = "{text}"\n'
        task += 'target = "label"\ntrain = "train.jsonl"\ntest = "test.jsonl"\nid = "id"\n'
        folder = run(lab, "k = 2", use="odd", task=task)
        assert facts(lab, "odd")["demos"]["least"] == 2
        assert checks(folder)["demos not evaluated"].status == "ok"

    def test_a_program_that_writes_its_own_prompts(self, lab):
        found = checks(run(lab, 'does = "by hand"'))
        for name in ("demos not evaluated", "demos as requested"):
            assert found[name].status == "unknown"
            assert "not known of odd: its program writes requests of its own" in found[name].detail


def test_prompts_that_do_not_fit_are_counted_apart(lab):
    models = '[[models]]\nname = "parrot"\nengine = "fake"\ncontext-length = 300\n'
    models += 'fail-on = "ball 2"\n'
    folder = run(lab, 'does = "too long"', models=models)
    found = checks(folder)["prompts fit"]
    assert lab.cell("odd")["outcomes"]["failed"] == 2
    assert facts(lab, "odd")["too_long"] == 1
    assert facts(lab, "fake-bare")["too_long"] == 0
    assert found.status == "differs"
    assert found.detail == "odd: 1 of 4 prompts are too long for the model"
    rows = (folder / "predictions" / "odd.jsonl").read_text().splitlines()
    assert [(json.loads(row).get("failure") or {}).get("kind") for row in rows] == [
        "prompt",
        None,
        "engine",
        None,
    ]


class TestNearDuplicates:
    TASK = '[task]\nuse = "leaky"\n'

    def leaky(self, lab, seeds="seeds = [1, 2]\n"):
        adapters = BARE + '[[adapters]]\nuse = "fake-adapter"\nk = 1\ntrain-size = "all"\n'
        models = '[[models]]\nname = "parrot"\nengine = "fake"\nanswer = "fixed"\ntext = "red"\n'
        lab.suite(f'name = "trial"\n{seeds}', task=self.TASK, adapters=adapters, models=models)
        assert lab.run().exit_code == 0
        return (lab.path / "runs" / "latest").resolve()

    def test_they_are_counted_and_named(self, lab):
        folder = self.leaky(lab)
        found = checks(folder)["no near-duplicates"]
        assert found.status == "differs"
        assert found.detail == (
            "fake-adapter: 1 of 4 evaluated examples (25.0%) nearly repeat a training example "
            "(similarity 0.8 or more); does not apply to fake-bare: sees no training examples"
        )
        text = (folder / "near-duplicates" / "fake-adapter-seed1.json").read_text()
        assert json.loads(text) == {
            "threshold": 0.8,
            "shingle": 3,
            "near": [{"id": "test-0", "train": "train-2", "similarity": round(28 / 29, 4)}],
            "equal_targets": ["test-0", "test-1", "test-3"],
        }

    def test_what_they_carry(self, lab):
        adapted, bare = read_methods([self.leaky(lab)])[::-1]
        assert (adapted.name, bare.name) == ("fake-adapter", "fake-bare")
        near = read_near_duplicates(adapted)
        assert near == [frozenset({"test-0"})] * 2
        # "red" is right for the first and the last example.
        assert carried(read_terms(adapted, "contains"), near) == Carried(
            examples=0.25, score=0.5, without=pytest.approx(1 / 3)
        )
        assert carried(read_terms(bare, "contains"), read_near_duplicates(bare)) is None

    def test_a_run_folder_that_lost_them(self, lab):
        folder = self.leaky(lab, seeds="")
        (folder / "near-duplicates" / "fake-adapter.json").write_text('{"near": []}')
        with pytest.raises(UserError, match="not what"):
            read_near_duplicates(read_methods([folder])[1])

    @pytest.mark.parametrize(
        ("above", "below", "empty", "expected"),
        [
            ([[1, 1, 0]], [[1, 1, 1]], None, (1 / 3, 0.5, 0.5)),
            ([[2, 1, 0]], [[4, 1, 0]], None, (1 / 3, 2 / 3, 1.0)),
            ([[0, 0, 0]], [[1, 1, 1]], None, (1 / 3, None, 0.0)),
            ([[1, 0, 0]], [[1, 0, 0]], None, (1 / 3, 1.0, None)),
            ([[1, 0, 0]], [[1, 0, 0]], 1.0, (1 / 3, 1.0, 1.0)),
            ([[1, -1, 2]], [[1, 1, 1]], None, (1 / 3, None, 0.5)),
        ],
    )
    def test_shares_of_a_ratio(self, above, below, empty, expected):
        import numpy as np

        terms = Terms(
            examples=("a", "b", "c"),
            numerator=np.array(above, dtype=float),
            denominator=np.array(below, dtype=float),
            empty=empty,
        )
        found = carried(terms, [{"a"}])
        assert tuple(asdict(found).values()) == pytest.approx(expected)


def test_a_method_that_answers_by_itself_says_what_does_not_apply(lab):
    found = findings(run(lab, 'does = "direct"'))
    assert facts(lab, "odd")["direct"]
    direct = "does not apply to odd: answers by itself, without an engine"
    for name, (status, detail) in found.items():
        applies = name in ("same split", "same parser", "no near-duplicates")
        assert (direct in detail) == (not applies), name
        assert status in ("ok", "does not apply")


def test_of_what_an_older_version_predicted_nothing_is_known(lab):
    folder = run(lab)
    path = folder / "results.json"
    results = json.loads(path.read_text())
    for cell in results["cells"]:
        del cell["fairness"]
    path.write_text(json.dumps(results))
    found = checks(folder)
    assert {one.status for one in found.values()} == {"unknown"}
    assert "predicted by a version that noted nothing" in found["same split"].detail
