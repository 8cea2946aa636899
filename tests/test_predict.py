"""Waves of steps: one batch each, one answer for each request, faults contained."""

from dataclasses import replace
from functools import partial

import pytest

from evalkit import (
    AdaptationError,
    AdaptedModel,
    Completion,
    Demo,
    DirectPredictor,
    EngineError,
    Failure,
    HostedModel,
    Message,
    Parsed,
    Program,
    Prompt,
    Request,
    Usage,
)
from evalkit.contexts import PredictionContext
from evalkit.interfaces import SingleRequest
from evalkit.predict import (
    answers_of,
    drive,
    failure_of,
    make_request,
    outcome_of,
    predict,
    render,
    template_sha256,
)
from evalkit.testing import FakeEngine, ListTask

PROMPT = Prompt(instruction="Do.", demos=(Demo("in", "out", "1"),))


def req(text, **more):
    return Request(messages=(Message("user", text),), max_tokens=8, **more)


def run(program, engine, task=None):
    task = task or ListTask()
    answering = partial(answers_of, engine)
    return {p.example_id: p for p in predict(task, program, task.load("test"), answering)}


class Steps(Program):
    """A program made of a generator function."""

    def __init__(self, function):
        self.steps = function

    def steps(self, example):
        raise NotImplementedError


class TestTemplate:
    def test_is_instruction_demos_input(self):
        assert render(PROMPT, "x") == (
            Message("system", "Do."),
            Message("user", "in"),
            Message("assistant", "out"),
            Message("user", "x"),
        )

    def test_a_request_carries_what_the_task_and_the_model_say(self):
        task = ListTask(choices=("red", "blue"))
        task.stop, task.max_tokens = ("\n\n",), 7
        weights = HostedModel(provider="p", job_id="j", model_id="m")
        adapted = AdaptedModel(prompt=PROMPT, weights=weights)
        request = make_request(task, adapted, task.load("test")[0])
        assert request.messages == render(PROMPT, "this red car")
        assert (request.max_tokens, request.stop, request.temperature) == (7, ("\n\n",), 0.0)
        assert (request.choices, request.weights) == (("red", "blue"), weights)

    @pytest.mark.parametrize("turn", range(4))
    def test_its_hash_covers_every_turn(self, monkeypatch, turn):
        def without_a_turn(prompt, text):
            turns = list(render(prompt, text))
            return (*turns[:turn], *turns[turn + 1 :])

        before = template_sha256()
        monkeypatch.setattr("evalkit.predict.render", without_a_turn)
        assert template_sha256() != before


class TestAnswers:
    def test_choices_and_texts_are_told_apart(self):
        engine = FakeEngine(lambda request: "b")
        batch = [req("1"), req("2", choices=("a", "b")), req("3")]
        found = dict(answers_of(engine, batch))
        assert [found[i].finish_reason for i in range(3)] == ["stop", "choice", "stop"]
        assert engine.batches == [(batch[0], batch[2]), (batch[1],)]

    def test_nothing_is_asked_for_an_empty_batch(self):
        engine = FakeEngine()
        assert list(answers_of(engine, [])) == []
        assert engine.batches == []

    def test_an_engine_that_dies_leaves_failures_for_the_rest(self):
        def dies(request):
            if request.messages[0].content == "2":
                raise EngineError("gone", "restart it")
            return "fine"

        found = dict(answers_of(FakeEngine(dies), [req("1"), req("2"), req("3")]))
        assert found[0].text == "fine"
        gone = Failure(reason="gone", kind="engine", hint="restart it")
        assert found[1] == found[2] == gone

    def test_a_dead_generate_does_not_take_score_with_it(self):
        class Half(FakeEngine):
            def generate(self, requests):
                raise EngineError("no text today")

        found = dict(answers_of(Half(), [req("1"), req("a", choices=("a", "b"))]))
        assert found[0].reason == "no text today"
        assert found[1].text == "a"

    def test_a_request_that_is_forgotten_is_a_failure(self):
        class Forgets(FakeEngine):
            def generate(self, requests):
                yield from list(super().generate(requests))[1:]

        found = list(answers_of(Forgets(), [req("1"), req("2")]))
        assert sorted(index for index, _ in found) == [0, 1]
        assert "no answer" in dict(found)[0].reason

    def test_a_second_answer_to_a_request_is_ignored(self):
        class Repeats(FakeEngine):
            def generate(self, requests):
                yield from super().generate(requests)
                yield 0, Completion(text="again", finish_reason="stop")

        found = list(answers_of(Repeats(), [req("1"), req("2")]))
        assert [(index, answer.text) for index, answer in found] == [(0, "1"), (1, "2")]

    @pytest.mark.parametrize("index", [-1, 2, "0", None])
    def test_an_answer_to_nothing_that_was_asked_is_the_engines_bug(self, index):
        class Confused(FakeEngine):
            def generate(self, requests):
                yield index, Completion(text="?", finish_reason="stop")

        found = dict(answers_of(Confused(), [req("1"), req("2")]))
        assert all("was not asked" in found[i].reason for i in (0, 1))

    @pytest.mark.parametrize("answer", [None, "text", 3])
    def test_an_answer_that_is_none_is_the_engines_bug(self, answer):
        class Confused(FakeEngine):
            def generate(self, requests):
                yield 0, answer

        found = dict(answers_of(Confused(), [req("1"), req("2")]))
        assert all(type(answer).__name__ in found[i].reason for i in (0, 1))

    def test_an_engine_without_choices_says_so(self):
        class TextOnly(FakeEngine):
            score = FakeEngine.__mro__[1].score

        ((_, failure),) = answers_of(TextOnly(), [req("1", choices=("a", "b"))])
        assert "cannot score choices" in failure.reason


class TestWaves:
    def test_examples_advance_together(self):
        def twice(example):
            first = yield req(f"{example.id} a")
            second = yield req(f"{first.text} b")
            return second.text

        engine = FakeEngine()
        found = run(Steps(twice), engine)
        assert [len(batch) for batch in engine.batches] == [3, 3]
        assert found["test-1"].text == "test-1 a b"
        assert found["test-1"].usage.requests == 2

    def test_each_takes_as_many_steps_as_it_needs(self):
        def counts(example):
            answers = []
            for step in range(int(example.id[-1]) + 1):
                answers.append((yield req(f"{example.id}.{step}")).text)
            return " ".join(answers)

        engine = FakeEngine()
        found = run(Steps(counts), engine)
        assert [len(batch) for batch in engine.batches] == [3, 2, 1]
        assert found["test-0"].text == "test-0.0"
        assert found["test-2"].text == "test-2.0 test-2.1 test-2.2"

    def test_a_program_may_ask_nothing(self):
        def silent(example):
            return example.id
            yield

        engine = FakeEngine()
        found = run(Steps(silent), engine)
        assert {p.text for p in found.values()} == set(found)
        assert engine.batches == []
        assert all(p.usage == Usage() and p.outcome == "parsed" for p in found.values())

    def test_later_waves_do_not_depend_on_the_order_of_answers(self):
        def twice(example):
            yield req(f"{example.id} a")
            return (yield req(f"{example.id} b")).text

        class Backwards(FakeEngine):
            def generate(self, requests):
                yield from reversed(list(super().generate(requests)))

        forwards, backwards = FakeEngine(), Backwards()
        assert run(Steps(twice), forwards) == run(Steps(twice), backwards)
        assert forwards.batches == backwards.batches

    def test_usage_and_latency_add_up(self):
        def answer(request):
            return Completion(
                text="x",
                finish_reason="stop",
                prompt_tokens=5,
                completion_tokens=2,
                cached_tokens=3,
                latency_s=0.25,
            )

        def twice(example):
            yield req("a")
            return (yield req("b")).text

        for prediction in run(Steps(twice), FakeEngine(answer)).values():
            assert prediction.usage == Usage(
                requests=2, prompt_tokens=10, completion_tokens=4, cached_tokens=6
            )
            assert prediction.latency_s == 0.5


class TestFailures:
    def test_a_failure_concerns_its_example_only(self):
        def answer(request):
            if "blue" in request.messages[-1].content:
                return Failure(reason="too long", kind="engine", hint="cut it")
            return "red"

        task = ListTask()
        found = run(SingleRequest(PROMPT, PredictionContext(task, [])), FakeEngine(answer), task)
        assert found["test-1"].failure == Failure(reason="too long", kind="engine", hint="cut it")
        assert (found["test-1"].value, found["test-1"].outcome) == (None, None)
        assert [found[i].value for i in ("test-0", "test-2")] == ["red", "red"]

    def test_a_failure_is_raised_at_the_yield_and_may_be_caught(self):
        def repairs(example):
            try:
                completion = yield req("bad")
            except EngineError as error:
                completion = yield req(f"after {error.message}")
            return completion.text

        def answer(request):
            text = request.messages[0].content
            return Failure(reason="F", kind="engine") if text == "bad" else text

        found = run(Steps(repairs), FakeEngine(answer))
        assert {p.text for p in found.values()} == {"after F"}

    def test_usage_before_a_failure_is_kept(self):
        def twice(example):
            yield req("good")
            yield req("bad")

        def answer(request):
            text = request.messages[0].content
            return Failure(reason="F", kind="engine") if text == "bad" else text

        for prediction in run(Steps(twice), FakeEngine(answer)).values():
            assert prediction.failure.reason == "F"
            assert prediction.usage.requests == 1

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_a_bug_in_a_program_is_contained(self, when):
        def buggy(example):
            if when == "before" and example.id == "test-1":
                raise KeyError("oops")
            completion = yield req("q")
            if example.id == "test-1":
                raise KeyError("oops")
            return completion.text

        found = run(Steps(buggy), FakeEngine())
        assert found["test-1"].failure == Failure(reason="KeyError: 'oops'", kind="adapter")
        assert found["test-0"].text == found["test-2"].text == "q"

    def test_steps_that_cannot_start_are_contained(self):
        def no_generator(example):
            if example.id == "test-1":
                raise ValueError("not even started")
            return SingleRequest(PROMPT, PredictionContext(ListTask(), [])).steps(example)

        found = run(Steps(no_generator), FakeEngine())
        assert found["test-1"].failure.reason == "ValueError: not even started"
        assert found["test-0"].failure is None

    def test_steps_that_are_no_generator_are_contained(self):
        found = run(Steps(lambda example: "just a text"), FakeEngine())
        assert all(p.failure.kind == "adapter" for p in found.values())

    def test_something_else_than_a_request_is_refused(self):
        def yields_text(example):
            if example.id == "test-1":
                yield "what colour?"
            return (yield req("q")).text

        engine = FakeEngine()
        found = run(Steps(yields_text), engine)
        assert "str" in found["test-1"].failure.reason
        assert "Request" in found["test-1"].failure.reason
        assert found["test-0"].text == found["test-2"].text == "q"

    @pytest.mark.parametrize("result", [None, 3, ["a"]])
    def test_a_program_must_return_a_text(self, result):
        def returns(example):
            yield req("q")
            return result

        for prediction in run(Steps(returns), FakeEngine()).values():
            assert type(result).__name__ in prediction.failure.reason
            assert prediction.failure.kind == "adapter"

    def test_an_adaptation_error_keeps_its_hint(self):
        failure = failure_of(AdaptationError("m", "h"), "adapter")
        assert failure == Failure(reason="m", kind="adapter", hint="h")

    def test_a_task_whose_parse_raises_is_named(self):
        class Broken(ListTask):
            def parse(self, text):
                raise ZeroDivisionError("in parse")

        task = Broken()
        found = run(SingleRequest(PROMPT, PredictionContext(task, [])), FakeEngine(), task)
        for prediction in found.values():
            assert prediction.failure.kind == "task"
            assert (prediction.text, prediction.value, prediction.outcome) == ("", None, None)

    @pytest.mark.parametrize(
        ("parsed", "reason"),
        [
            ("red", "parse returned str, no evalkit.Parsed"),
            (None, "parse returned NoneType, no evalkit.Parsed"),
            (Parsed(value=object()), "object has no JSON form"),
        ],
    )
    def test_what_a_task_cannot_have_read_costs_that_example_alone(self, parsed, reason):
        class Odd(ListTask):
            def parse(self, text):
                return parsed if "red" in text else Parsed(value=text)

        task = Odd()
        found = run(SingleRequest(PROMPT, PredictionContext(task, [])), FakeEngine(), task)
        assert [p.failure is None for p in found.values()] == [False, True, True]
        assert reason in found["test-0"].failure.reason
        assert found["test-0"].failure.kind == "task"
        assert found["test-0"].text == ""

    def test_an_interrupt_is_not_contained(self):
        def interrupted(example):
            yield req("q")
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(Steps(interrupted), FakeEngine())


class TestDirectPredictor:
    def test_answers_without_an_engine(self):
        class Direct(DirectPredictor):
            def predict(self, examples):
                failure = Failure(reason="no", kind="adapter")
                return [failure if e.target == "blue" else "red" for e in examples]

        found = run(Direct(), FakeEngine())
        assert found["test-0"].value == "red"
        assert found["test-0"].usage.requests == 0
        assert found["test-1"].failure.reason == "no"

    def test_one_answer_for_each_example(self):
        class Short(DirectPredictor):
            def predict(self, examples):
                return ["red"]

        with pytest.raises(ValueError, match="shorter"):
            run(Short(), FakeEngine())


class TestOutcomes:
    @pytest.mark.parametrize(
        ("text", "malformed", "reason", "outcome"),
        [
            ("a", False, "stop", "parsed"),
            ("a", False, "choice", "parsed"),
            ("a", True, "stop", "malformed"),
            ("a", False, "length", "truncated"),
            ("a", True, "length", "truncated"),
            (" \n", True, "length", "empty"),
            ("", False, "stop", "empty"),
            ("I cannot", True, "refusal", "refused"),
            ("", False, "refusal", "refused"),
        ],
    )
    def test_the_first_that_applies(self, text, malformed, reason, outcome):
        last = Completion(text=text, finish_reason=reason)
        assert outcome_of(text, malformed, last) == outcome

    def test_without_a_completion_the_text_decides(self):
        assert outcome_of("a", False, None) == "parsed"
        assert outcome_of("", True, None) == "empty"

    def test_the_last_completion_decides(self):
        def answer(request):
            reason = "length" if request.messages[0].content == "first" else "stop"
            return Completion(text="red", finish_reason=reason)

        def twice(example):
            yield req("first")
            return (yield req("second")).text

        assert {p.outcome for p in run(Steps(twice), FakeEngine(answer)).values()} == {"parsed"}


def test_results_of_any_type_are_driven():
    def verdict(name):
        completion = yield req(name)
        return {"winner": completion.text}

    starts = {name: partial(verdict, name) for name in "cab"}
    ended = dict(drive(starts, partial(answers_of, FakeEngine()), kind="comparison"))
    assert {name: e.result for name, e in ended.items()} == {n: {"winner": n} for n in "abc"}


def test_hosted_weights_are_asked_for():
    weights = HostedModel(provider="p", job_id="j", model_id="m")
    task = ListTask()
    adapted = AdaptedModel(prompt=PROMPT, weights=weights)
    context = PredictionContext(task, [], adapted)
    engine = FakeEngine()
    run(SingleRequest(PROMPT, context), engine, task)
    assert {request.weights for request in engine.requests} == {weights}
    assert engine.requests[0] == replace(engine.requests[0], weights=weights)


def test_no_more_conversations_are_open_than_memory_is_meant_for(monkeypatch):
    monkeypatch.setattr("evalkit.predict.OPEN_AT_ONCE", 2)

    def twice(example):
        yield req(f"{example.id} a")
        return (yield req(f"{example.id} b")).text

    engine = FakeEngine()
    found = run(Steps(twice), engine)
    assert [len(batch) for batch in engine.batches] == [2, 2, 1, 1]
    assert list(found) == ["test-0", "test-1", "test-2"]
