"""What every adapter promises."""

# ruff: noqa: D102 - the name of a test says what is promised

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from evalkit.interfaces import Adapter, Engine, Metric, Task
from evalkit.records import AdaptedModel, Completion, Failure, LocalWeights, Request
from evalkit.serialization import adapted_from_json, adapted_to_json, line
from evalkit.testing.context import FakeContext
from evalkit.testing.driving import predict_with
from evalkit.testing.engine import FakeEngine, echo
from evalkit.testing.task import ListTask

_NO_WEIGHTS = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth")


class AdapterContract:
    """Subclass it, and say how the adapter is made, with parameters that are quick."""

    def make(self) -> Adapter:
        """The adapter, made anew."""
        raise NotImplementedError

    def task(self) -> Task:
        """The task to adapt to; a small text task by default."""
        return ListTask()

    def answer(self, request: Request) -> str | Completion | Failure:
        """What the model answers; by default it repeats the last user turn."""
        return echo(request)

    def engine(self) -> Engine:
        """The engine, where ``answer`` is not enough: a real one, or one with a folder."""
        return FakeEngine(self.answer)

    def metrics(self) -> Mapping[str, Metric]:
        """The metrics that the adapter may ask for."""
        return {}

    @pytest.fixture
    def context(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeContext:
        """What the adapter is handed; the working directory is an empty folder."""
        (tmp_path / "cwd").mkdir()
        monkeypatch.chdir(tmp_path / "cwd")
        return self.context_in(tmp_path / "adapted")

    def context_in(self, folder: Path) -> FakeContext:
        """A context of its own, alike but for the folder."""
        return FakeContext(
            folder=folder, task=self.task(), answer=self.engine(), seed=1, metrics=self.metrics()
        )

    def test_it_returns_an_adapted_model_that_can_be_stored(self, context: FakeContext) -> None:
        adapted = self.make().adapt(context)
        assert isinstance(adapted, AdaptedModel), f"adapt returned a {type(adapted).__name__}"
        form = adapted_to_json(adapted, context.folder)
        read = adapted_from_json(json.loads(line(form)), context.folder)
        assert adapted_to_json(read, context.folder) == form, "it changes when it is stored"

    def test_it_repeats_with_the_same_seed(self, context: FakeContext, tmp_path: Path) -> None:
        forms = []
        for scene in (context, self.context_in(tmp_path / "again")):
            form = adapted_to_json(self.make().adapt(scene), scene.folder)
            forms.append({key: form[key] for key in ("prompt", "weights", "state")})
        assert forms[0] == forms[1], "the same seed adapts differently"

    def test_demos_come_from_the_training_split(self, context: FakeContext) -> None:
        known = {example.id for example in context.train}
        test = {context.task.render_input(example) for example in self.task().load("test")}
        for demo in self.make().adapt(context).prompt.demos:
            assert not demo.id or demo.id in known, f"the demo {demo.id} is no training example"
            assert demo.input not in test, f"the demo {demo.input!r} is a test input"

    def test_the_evaluation_split_is_left_alone(self, context: FakeContext) -> None:
        adapter = self.make()
        adapted = adapter.adapt(context)
        predict_with(adapter, adapted, context, self.task().load("test")[:1])
        assert not context.loads, f"it tried to load {context.loads}"

    def test_the_training_examples_stay_as_they_were(self, context: FakeContext) -> None:
        before = line([[example.id, example.fields, example.target] for example in context.train])
        self.make().adapt(context)
        after = line([[example.id, example.fields, example.target] for example in context.train])
        assert after == before, "it changed the training examples"

    def test_files_are_written_into_its_folder_only(
        self, context: FakeContext, tmp_path: Path
    ) -> None:
        weights = self.make().adapt(context).weights
        entries = {path.name for path in tmp_path.iterdir()}
        assert entries <= {"adapted", "adapted.checkpoints", "cwd"}, (
            f"it wrote beside its folder: {entries}"
        )
        assert not any((tmp_path / "cwd").iterdir()), "it wrote into the working directory"
        if isinstance(weights, LocalWeights):
            folder = Path(weights.folder)
            assert folder.is_dir(), f"there are no weights at {folder}"
            assert folder.resolve().is_relative_to(context.folder.resolve()), f"{folder} is outside"

    def test_no_pickled_files(self, context: FakeContext) -> None:
        self.make().adapt(context)
        found = [path.name for path in context.folder.rglob("*") if path.suffix in _NO_WEIGHTS]
        assert not found, f"{found} may hold pickled objects: write safetensors"

    def test_the_stored_model_answers_every_example(self, context: FakeContext) -> None:
        form = line(adapted_to_json(self.make().adapt(context), context.folder))
        adapted = adapted_from_json(json.loads(form), context.folder)
        examples = self.task().load("test")
        predictions = predict_with(self.make(), adapted, context, examples)
        assert [p.example_id for p in predictions] == [example.id for example in examples]
        failures = [p.failure for p in predictions if p.failure is not None]
        assert not failures, f"no answer: {failures[0]}"

    def test_weights_are_asked_for_at_prediction(self, context: FakeContext) -> None:
        adapter = self.make()
        adapted = adapter.adapt(context)
        engine = context.engine
        if adapted.weights is None or not isinstance(engine, FakeEngine):
            pytest.skip("no weights, or a real engine, whose requests are not kept")
        engine.requests.clear()
        predict_with(adapter, adapted, context, self.task().load("test"))
        asked = {request.weights for request in engine.requests}
        assert asked == {adapted.weights}, "prediction asks without the trained weights"
