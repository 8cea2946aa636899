"""The contracts hold for sound implementations, and no broken one passes them."""

import inspect
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evalkit import testing
from evalkit.testing.fakes import adapter as fake_adapter
from evalkit.testing.fakes import engine as fake_engine
from evalkit.testing.fakes import metric as fake_metric
from evalkit.testing.fakes import params as fake_params
from evalkit.testing.fakes import task as fake_task

from . import broken, broken_engines, sound

CONTRACTS = {name: getattr(testing, name) for name in testing.__all__ if name.endswith("Contract")}
BROKEN = {
    name: thing
    for module in (broken, broken_engines)
    for name, thing in vars(module).items()
    if name.startswith("Test")
}


class TestSoundTask(testing.TaskContract):
    def make(self):
        return sound.Colours()


class TestFakeTask(testing.TaskContract):
    def make(self):
        return fake_task.FakeTask(fake_params.FakeTaskParams())


class TestSoundEngine(testing.EngineContract):
    def make(self):
        return sound.SoundEngine()

    def weights(self):
        return sound.WEIGHTS


class TestRuledEngine(testing.EngineContract):
    samples = False

    def make(self):
        params = fake_params.FakeEngineParams(answer="fixed", text=sound.STORY, context_length=99)
        return fake_engine.RuledEngine(fake_engine.resolve("m", params, print), params)


class TestSoundAdapter(testing.AdapterContract):
    def make(self):
        return sound.FewShot()


class TestTrainedAdapter(testing.AdapterContract):
    def make(self):
        return sound.Trained()


class TestFakeAdapter(testing.AdapterContract):
    def make(self):
        params = fake_params.FakeAdapterParams(k=3, ask=2, steps=2, weights=True)
        return fake_adapter.FakeAdapter(params)

    def metrics(self):
        return {"contains": fake_metric.Contains(fake_params.ContainsParams())}


class TestSoundMetric(testing.MetricContract):
    def make(self):
        return sound.Exact()

    def examples(self):
        return [("a", "a"), ("a", "b"), (["a", "b"], ["b"])]

    def empty(self):
        return ""


class TestContains(TestSoundMetric):
    def make(self):
        return fake_metric.Contains(fake_params.ContainsParams())


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """Names of the broken implementations that failed the test that is to catch them."""
    report = tmp_path_factory.mktemp("broken") / "report.xml"
    tests = [f"{inspect.getfile(c)}::{name}::{c.caught_by}" for name, c in BROKEN.items()]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--tb=no", "-q"]
    command += [f"--junitxml={report}", *tests]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    cases = ElementTree.parse(report).iter("testcase")
    return {c.get("classname").rpartition(".")[2] for c in cases if c.find("failure") is not None}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_implementation_fails(failed, name):
    assert name in failed, f"{BROKEN[name].caught_by} does not catch it"


@pytest.mark.parametrize("contract", sorted(CONTRACTS))
def test_every_promise_has_an_implementation_that_breaks_it(contract):
    promises = {n for n, _ in inspect.getmembers(CONTRACTS[contract]) if n.startswith("test_")}
    caught = {c.caught_by for c in BROKEN.values() if issubclass(c, CONTRACTS[contract])}
    assert caught == promises
