"""Values of variables that are called like keys are kept out of what is written of failures."""

import base64
import json
from urllib.parse import quote

import pytest

from evalkit.secrets import HIDDEN, hide, hide_in, hider

VALUE = 'canary/+&="q"\\0123456789'
FORMS = {
    "raw": VALUE,
    "url": quote(VALUE, safe=""),
    "path": quote(VALUE),
    "json": json.dumps(VALUE)[1:-1],
    "repr": repr(VALUE)[1:-1],
    "base64": base64.b64encode(VALUE.encode()).decode(),
    "base64url": base64.urlsafe_b64encode(VALUE.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "name",
    ["SOME_API_KEY", "HF_TOKEN", "TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "openai_api_key"],
)
def test_keys_are_hidden_in_every_form(name, form):
    hidden = hide(f"sent {FORMS[form]} to", {name: VALUE})
    assert hidden.startswith(f"sent {HIDDEN}")
    assert "canary" not in hidden


@pytest.mark.parametrize("name", ["HOME", "TOKENIZERS_PARALLELISM", "KEYBOARD", "MONKEY"])
def test_other_variables_are_not(name):
    assert hide(f"at {VALUE}", {name: VALUE}) == f"at {VALUE}"


def test_short_values_are_words():
    assert hide("an EMPTY room", {"SOME_API_KEY": "EMPTY"}) == "an EMPTY room"


def test_keys_are_hidden_in_all_texts_of_a_form_but_not_in_its_names():
    form = {VALUE: [VALUE, (f"a {VALUE}", 1)], "b": {"c": VALUE}, "d": None, "e": 1.5, "f": True}
    assert hide_in(form, hider({"SOME_TOKEN": VALUE})) == {
        VALUE: [HIDDEN, [f"a {HIDDEN}", 1]],
        "b": {"c": HIDDEN},
        "d": None,
        "e": 1.5,
        "f": True,
    }


LEAKS = """
import os
from evalkit import ComparisonResult, EngineError, Entry, Failure, Program, Question, Reporter
from evalkit import hookimpl
from evalkit.testing.fakes.adapter import FakeAdapter
from evalkit.testing.fakes.duel import FakeDuel
from evalkit.testing.fakes.engine import RuledEngine
from evalkit.testing.fakes.metric import Contains
from evalkit.testing.fakes.task import FakeTask


def leak():
    return "401 for key " + os.environ["CANARY_API_KEY"]


class LeakyTask(FakeTask):
    calls = 0

    def parse(self, text):
        self.calls += 1
        if self.calls % 2:
            raise RuntimeError(leak())
        return super().parse(text)


class Yields(RuledEngine):
    def _answer(self, request):
        text = super()._answer(request)
        return Failure(reason=leak(), kind="engine", hint=leak()) if "ball 3" in text else text


class Dies(RuledEngine):
    def _answer(self, request):
        text = super()._answer(request)
        if "ball 3" in text:
            raise EngineError(leak(), leak())
        return text


class Mute(RuledEngine):
    def check(self):
        raise RuntimeError(leak())


class LeakyProgram(Program):
    def steps(self, example):
        if "ball 3" in str(example):
            raise RuntimeError(leak())
        yield from ()
        return "blue"


class LeakyAdapter(FakeAdapter):
    def program(self, adapted, context):
        return LeakyProgram()


class LeakyDuel(FakeDuel):
    def questions(self, contest):
        return [Question(id="one", steps=self.steps)]

    def steps(self):
        yield from ()
        return {"text": ["so:", leak()]}

    def conclude(self, contest, verdicts):
        return ComparisonResult(standings=())


class LeakyMetric(Contains):
    def score(self, target, value):
        raise RuntimeError(leak())


class LeakyReporter(Reporter):
    def report(self, results, folder):
        raise RuntimeError(leak())


def entry(name, target, **more):
    return Entry(name=name, target=f"evalkit_plugins:{target}", **more)


@hookimpl
def evalkit_tasks():
    return [entry("leaks", "LeakyTask", params="evalkit.testing.fakes.params:FakeTaskParams")]


@hookimpl
def evalkit_engines():
    more = {
        "resolver": "evalkit.testing.fakes.engine:resolve",
        "params": "evalkit.testing.fakes.params:FakeEngineParams",
    }
    return [entry(target.lower(), target, **more) for target in ("Yields", "Dies", "Mute")]


@hookimpl
def evalkit_adapters():
    params = "evalkit.testing.fakes.params:FakeAdapterParams"
    return [entry("leaks", "LeakyAdapter", params=params)]


@hookimpl
def evalkit_metrics():
    return [entry("leaks", "LeakyMetric")]


@hookimpl
def evalkit_comparisons():
    params = "evalkit.testing.fakes.params:FakeDuelParams"
    return [entry("leaks", "LeakyDuel", params=params)]


@hookimpl
def evalkit_reporters():
    return [entry("leaks", "LeakyReporter")]
"""

PARROT = '[[models]]\nname = "parrot"\nengine = "fake"\nanswer = "echo"\n'
DUEL = '[[comparisons]]\nuse = "fake-duel"\njudge = "other"\n'
BY_PARROT = """
[[adapters]]
use = "fake-adapter"
k = 2
models = ["parrot"]

[[adapters]]
use = "fake-bare"
models = ["parrot"]
"""
REPORTER = '[[reporters]]\nuse = "leaks"\n'
HIDDEN_KEY = f"401 for key {HIDDEN}"


def model(engine, name="other"):
    return f'[[models]]\nname = "{name}"\nengine = "{engine}"\n'


@pytest.fixture
def leaky(lab, monkeypatch):
    """Run a suite with plugins that leak a key, and see that it is found nowhere."""
    monkeypatch.setenv("CANARY_API_KEY", VALUE)
    lab.write("evalkit_plugins.py", LEAKS)

    def run(*args, **tables):
        lab.suite(**tables)
        result = lab.run("--junitxml", "junit.xml", *args)
        files = [path for path in lab.path.rglob("*") if path.is_file()]
        for text in [result.output, *(f.read_bytes().decode(errors="replace") for f in files)]:
            assert not [form for form in FORMS.values() if form in text]
        return result

    return run


@pytest.mark.parametrize("executor", ["local", "worker"])
def test_a_metric_that_leaks_a_key_leaves_it_nowhere(lab, leaky, executor):
    executor = f'[executor]\nuse = "{executor}"\n'
    result = leaky(metrics='[[metrics]]\nuse = "leaks"\n', executor=executor)
    assert result.exit_code == 1, result.output
    assert HIDDEN_KEY in (lab.path / "runs" / "latest" / "errors.log").read_text()


@pytest.mark.parametrize(
    ("tables", "kept_in"),
    [
        ({"adapters": '[[adapters]]\nuse = "leaks"\n'}, "predictions.jsonl"),
        ({"task": '[task]\nuse = "leaks"\n'}, "predictions.jsonl"),
        ({"models": model("yields", "parrot")}, "predictions.jsonl"),
        ({"models": model("dies", "parrot")}, "predictions.jsonl"),
        ({"models": PARROT + model("yields"), "more": DUEL}, "judgments.jsonl"),
        ({"models": PARROT + model("dies"), "more": DUEL}, "judgments.jsonl"),
    ],
    ids=["program", "parse", "failure", "engine", "judge-failure", "judge-engine"],
)
def test_failures_of_single_questions_are_kept_without_the_key(lab, leaky, tables, kept_in):
    if "more" in tables:  # the judge's model is no contestant
        tables = {**tables, "adapters": BY_PARROT}
    leaky(**tables)
    kept = [path.read_text() for path in (lab.path / "runs").rglob(kept_in)]
    assert kept
    assert all(HIDDEN_KEY in text for text in kept)


def test_what_a_judge_said_is_kept_without_the_key(lab, leaky):
    assert leaky(more='[[comparisons]]\nuse = "leaks"\njudge = "parrot"\n').exit_code == 0
    kept = json.loads((lab.path / "runs/latest/judgments.jsonl").read_text())
    assert kept["verdict"] == {"text": ["so:", HIDDEN_KEY]}


def test_a_check_that_fails_is_told_without_the_key(lab, leaky):
    result = leaky("--keep-going", models=PARROT + model("mute"))
    assert HIDDEN_KEY in result.stderr
    reasons = {c["status"]: c["failure"] and c["failure"]["reason"] for c in lab.results()["cells"]}
    assert reasons["done"] is None
    assert HIDDEN_KEY in reasons["failed"]


def test_a_check_that_ends_the_run_is_told_without_the_key(leaky):
    result = leaky(models=model("mute"))
    assert result.exit_code == 2, result.output
    assert HIDDEN_KEY in result.stderr


def test_a_reporter_that_fails_is_told_without_the_key(lab, leaky):
    result = leaky(more=REPORTER)
    assert HIDDEN_KEY in result.stderr
    assert HIDDEN_KEY in (lab.path / "junit.xml").read_text()
