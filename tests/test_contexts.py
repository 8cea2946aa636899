"""Contexts: the evaluation split is out of reach, questions are batched and counted."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from evalkit import (
    AdaptContext,
    AdaptedModel,
    Completion,
    EngineError,
    Failure,
    HostedModel,
    Message,
    ModelError,
    PluginError,
    ProgramContext,
    Prompt,
    Request,
    Usage,
    UserError,
)
from evalkit.contexts import PredictionContext, Services, TaskView
from evalkit.predict import render
from evalkit.testing import FakeContext, FakeEngine, ListTask

PROMPT = Prompt(instruction="Do.")
CHOICES = ("red", "blue", "green", "grey")


def req(text):
    return Request(messages=(Message("user", text),), max_tokens=8)


@pytest.fixture
def task():
    task = ListTask(choices=CHOICES)
    task.max_tokens, task.stop, task.input_name = 5, ("\n",), "text"
    return task


@pytest.fixture
def context(tmp_path, task):
    return FakeContext(folder=tmp_path / "adapted", task=task)


class TestTaskView:
    def test_refuses_to_load(self, task):
        with pytest.raises(UserError, match='tried to load the split "test"') as caught:
            TaskView(task).load("test")
        assert "context.train" in caught.value.hint

    def test_is_otherwise_the_task(self, task):
        view = TaskView(task)
        for name in ("instruction", "choices", "schema", "answer", "max_tokens", "stop"):
            assert getattr(view, name) == getattr(task, name)
        assert (view.input_name, view.output_name) == ("text", "output")
        example = task.load("train")[0]
        assert view.render_input(example) == task.render_input(example)
        assert view.render_target("red") == "red"
        assert view.parse(" red ") == task.parse("red")
        assert view.params is task.params

    def test_names_no_splits(self, task):
        assert TaskView(task).splits == ()

    def test_shows_every_attribute_that_a_task_has(self, task):
        """A new member of Task must be shown by its view, or programs see a default."""

        class Odd(ListTask):
            answer = "odd"
            schema = {"type": "object"}  # noqa: RUF012 - a property of the base class

        odd = Odd()
        odd.input_name, odd.output_name, odd.max_tokens, odd.stop = "i", "o", 3, ("s",)
        view = TaskView(odd)
        public = {n for n in dir(ListTask.__mro__[1]) if not n.startswith("_")}
        plain = {n for n in public if not callable(getattr(odd, n))} - {"splits"}
        assert plain == {
            "answer",
            "api_version",
            "choices",
            "input_name",
            "instruction",
            "max_tokens",
            "output_name",
            "schema",
            "stop",
        }
        assert {n: getattr(view, n) for n in plain} == {n: getattr(odd, n) for n in plain}


class TestPredictionContext:
    def test_requests_carry_the_weights(self, task):
        weights = HostedModel(provider="p", job_id="j", model_id="m")
        adapted = AdaptedModel(prompt=PROMPT, weights=weights)
        request = PredictionContext(task, [], adapted).request(PROMPT, task.load("test")[0])
        assert request.weights == weights
        assert request.choices == CHOICES
        assert request.messages == render(PROMPT, "this red car")

    def test_the_task_is_out_of_reach(self, task):
        with pytest.raises(UserError):
            PredictionContext(task, []).task.load("train")


class TestAdaptationContext:
    def test_offers_what_the_interface_names(self, context):
        offered: AdaptContext = context
        wanted = {n for n in dir(AdaptContext) if not n.startswith("_")}
        wanted |= set(AdaptContext.__annotations__) | set(ProgramContext.__annotations__)
        assert not [name for name in wanted if not hasattr(offered, name)]

    def test_holds_the_training_split_and_no_other(self, context, task):
        assert context.train == task.load("train")
        with pytest.raises(UserError):
            context.task.load("test")
        assert context.loads == ["test"]

    def test_asks_as_prediction_does(self, context, task):
        example = context.train[0]
        request = context.request(PROMPT, example)
        assert request == PredictionContext(task, []).request(PROMPT, example)
        assert context.messages(PROMPT, example) == request.messages

    def test_a_failure_is_raised(self, tmp_path, task):
        failure = Failure(reason="too long", kind="engine", hint="cut it")
        context = FakeContext(folder=tmp_path, task=task, answer=lambda request: failure)
        with pytest.raises(EngineError, match="too long") as caught:
            context.ask(req("q"))
        assert caught.value.hint == "cut it"
        assert context.usage == Usage()

    def test_a_batch_keeps_failures_in_their_place(self, tmp_path, task):
        def answer(request):
            text = request.messages[0].content
            return Failure(reason="no", kind="engine") if text == "2" else text

        context = FakeContext(folder=tmp_path, task=task, answer=answer)
        found = context.ask_all([req("1"), req("2"), req("3")])
        assert [type(item) for item in found] == [Completion, Failure, Completion]
        assert len(context.engine.batches) == 1
        assert context.usage.requests == 2

    def test_another_model_can_be_asked(self, context):
        context.engines["big"] = FakeEngine(lambda request: "from the big one")
        assert context.ask(req("q"), model="big").text == "from the big one"
        assert context.ask_all([req("q")], model="big")[0].text == "from the big one"
        assert context.ask(req("q")).text == "q"
        assert context.usage.requests == 3

    def test_an_unknown_model_or_metric_is_refused(self, context):
        with pytest.raises(ModelError, match="unknown model"):
            context.ask(req("q"), model="huge")
        with pytest.raises(PluginError, match="unknown metric"):
            context.metric("bleu")

    def test_progress_is_passed_on(self, context):
        context.progress(1, 3)
        context.progress(2, 3, "loss 0.5")
        assert context.progress_log == [(1, 3, ""), (2, 3, "loss 0.5")]

    def test_threads_share_one_engine_and_are_all_counted(self, tmp_path, task):
        class OneAtATime(FakeEngine):
            running = 0

            def generate(self, requests):
                self.running += 1
                assert self.running == 1, "two batches at once"
                yield from super().generate(requests)
                self.running -= 1

        context = FakeContext(folder=tmp_path, task=task, answer=OneAtATime())
        barrier = threading.Barrier(16)

        def one(number):
            barrier.wait()
            return [context.ask(req(f"{number}.{i}")).text for i in range(3)]

        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(one, range(16)))
        assert found == [[f"{n}.{i}" for i in range(3)] for n in range(16)]
        assert context.usage.requests == 48
        assert len(context.engine.batches) < 48


def test_an_engine_is_prepared_once_though_all_threads_ask_first():
    prepared = []
    barrier = threading.Barrier(16)

    def answering(model):
        prepared.append(model)
        threading.Event().wait(0.05)  # long enough for every other thread to come in
        return lambda batch: ()

    services = Services(answering, resolved=None, metric=None, progress=None)

    def one(_):
        barrier.wait()
        return services.coalescer("m")

    with ThreadPoolExecutor(16) as pool:
        queues = set(pool.map(one, range(16)))
    assert len(queues) == 1
    assert prepared == ["m"]
