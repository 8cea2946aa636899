"""FakeEngine, FakeContext, ListTask, and the helpers that drive programs and comparisons."""

import math
import sys
from pathlib import Path

import pytest

from evalkit import (
    Adapter,
    Comparison,
    ComparisonResult,
    Completion,
    Contest,
    DataError,
    EngineError,
    Example,
    Failure,
    Message,
    Params,
    Question,
    Request,
    ResolvedModel,
    SingleRequest,
    UserError,
)
from evalkit.testing import (
    FakeContext,
    FakeEngine,
    ListTask,
    judge_with,
    predict_with,
    remote_engine,
)
from evalkit.testing.fakes.params import FakeEngineParams

from .sound import FewShot


def req(text, **more):
    return Request(messages=(Message("user", text),), **{"max_tokens": 8, **more})


def answer(engine, request):
    method = engine.generate if request.choices is None else engine.score
    ((_, found),) = method([request])
    return found


class TestFakeEngine:
    def test_repeats_the_last_user_turn(self):
        chat = (Message("user", "a"), Message("assistant", "b"), Message("user", "c d"))
        assert answer(FakeEngine(), Request(messages=chat, max_tokens=8)).text == "c d"
        alone = Request(messages=(Message("system", "s"),), max_tokens=8)
        assert answer(FakeEngine(), alone).text == ""

    def test_remembers_what_it_was_asked(self):
        engine, batch = FakeEngine(), [req("a"), req("b")]
        list(engine.generate(batch))
        list(engine.score([req("c", choices=("x", "y"))]))
        assert [len(b) for b in engine.batches] == [2, 1]
        assert engine.requests[:2] == batch

    @pytest.mark.parametrize(
        ("more", "text", "reason", "tokens"),
        [
            ({}, "one two  three", "stop", 3),
            ({"max_tokens": 2}, "one two", "length", 2),
            ({"max_tokens": 3}, "one two  three", "stop", 3),
            ({"stop": ("two",)}, "one ", "stop", 3),
            ({"stop": ("three", "wo")}, "one t", "stop", 3),
            ({"stop": ("three",), "max_tokens": 2}, "one two", "length", 2),
            ({"stop": ("two",), "max_tokens": 2}, "one ", "stop", 2),
            ({"stop": ("one",)}, "", "stop", 3),
        ],
    )
    def test_texts_are_cut_as_the_request_says(self, more, text, reason, tokens):
        found = answer(FakeEngine(lambda request: "one two  three"), req("q", **more))
        assert (found.text, found.finish_reason, found.completion_tokens) == (text, reason, tokens)

    def test_completions_and_failures_are_handed_on(self):
        completion = Completion(text="x", finish_reason="refusal", prompt_tokens=99)
        failure = Failure(reason="no", kind="engine")
        assert answer(FakeEngine(lambda request: completion), req("q")) is completion
        assert answer(FakeEngine(lambda request: failure), req("q")) is failure
        assert answer(FakeEngine(lambda request: failure), req("q", choices=("a", "b"))) is failure

    def test_what_is_too_long_fails(self):
        engine = FakeEngine(model=FakeEngine.resolved(context_length=10))
        assert isinstance(answer(engine, req("w", max_tokens=8)), Completion)
        found = answer(engine, req("w w", max_tokens=8))
        assert "11 tokens are over the limit of 10" in found.reason

    def test_the_picked_choice_is_the_likeliest(self):
        found = answer(FakeEngine(lambda request: "b"), req("q", choices=("a", "b", "c")))
        assert found.text == "b"
        assert sum(map(math.exp, found.logprobs)) == pytest.approx(1)
        assert found.finish_reason == "choice"

    def test_nothing_picked_makes_all_alike(self):
        found = answer(FakeEngine(lambda request: "?"), req("q", choices=("a", "b")))
        assert found.text == "a"
        assert found.logprobs == pytest.approx([math.log(0.5)] * 2)

    def test_log_probabilities_can_be_given(self):
        engine = FakeEngine(logprobs=lambda request: (-3.0, -1.0))
        found = answer(engine, req("q", choices=("a", "b")))
        assert (found.text, found.logprobs) == ("b", (-3.0, -1.0))

    def test_is_what_it_is_told_to_be(self):
        model = FakeEngine.resolved("m", abilities=("generate",), context_length=5, folder="/f")
        engine = FakeEngine(model=model)
        assert engine.model.name == "m"
        assert engine.model.abilities == {"generate"}
        assert not engine.closed
        engine.close()
        assert engine.closed


class TestListTask:
    def test_makes_examples_of_pairs(self):
        task = ListTask([("in", "out")], [("x", "y")], instruction="Do.")
        first = Example(id="train-0", source="train-0", fields={"text": "in"}, target="out")
        assert task.load("train") == [first]
        assert task.load("test")[0].id == "test-0"
        assert task.render_input(first) == "in"
        assert task.instruction == "Do."

    def test_takes_whole_examples(self):
        mine = Example(id="7", source="s", fields={"text": "t"}, target="y", groups={"d": "x"})
        assert ListTask([mine]).load("train") == [mine]

    def test_an_unknown_split_is_refused(self):
        with pytest.raises(DataError, match="dev"):
            ListTask().load("dev")

    def test_reads_choices_only(self):
        task = ListTask(choices=("red", "blue"))
        assert task.parse(" red\n").value == "red"
        assert (task.parse("pink").value, task.parse("pink").malformed) == ("", True)


class TestDriving:
    def test_predictions_come_in_the_order_of_the_examples(self, tmp_path):
        task = ListTask()
        context = FakeContext(folder=tmp_path, task=task)
        adapter = FewShot()
        examples = task.load("test")[::-1]
        found = predict_with(adapter, adapter.adapt(context), context, examples)
        assert [p.example_id for p in found] == [e.id for e in examples]
        assert [p.text for p in found] == [task.render_input(e) for e in examples]

    def test_a_program_cannot_load(self, tmp_path):
        class Peeks(FewShot):
            def program(self, adapted, context):
                context.task.load("test")
                return SingleRequest(adapted.prompt, context)

        context = FakeContext(folder=tmp_path, task=ListTask())
        adapter: Adapter = Peeks()
        with pytest.raises(UserError, match="tried to load"):
            predict_with(adapter, adapter.adapt(context), context, [])
        assert context.loads == ["test"]

    def test_a_comparison_is_judged(self):
        class Poll(Comparison):
            def questions(self, contest):
                with pytest.raises(UserError):
                    contest.task.load("test")
                return [Question(id=n, steps=lambda n=n: self.ask(n)) for n in ("1", "2", "3")]

            def ask(self, name):
                first = yield req(name)
                if first.text == "raise":
                    raise ValueError("a bug")
                second = yield req(first.text + "!")
                return {"said": second.text}

            def conclude(self, contest, verdicts):
                return ComparisonResult(standings=(), details=verdicts)

        def rule(request):
            text = request.messages[0].content
            if text == "2":
                return Failure(reason="no", kind="engine")
            return "raise" if text == "3" else text

        contest = Contest(task=ListTask(), examples=[], answers={}, seed=1)
        verdicts = judge_with(Poll(Params(), None), contest, rule).details
        assert verdicts["1"] == {"said": "1!"}
        assert verdicts["2"] == Failure(reason="no", kind="engine")
        assert verdicts["3"] == Failure(reason="ValueError: a bug", kind="comparison")

    def test_several_judges_by_their_names(self):
        class Panel(Comparison):
            def questions(self, contest):
                def ask():
                    completion = yield req("who")
                    return {"said": completion.text}

                names = ["", *contest.judges]
                return [Question(id=f"q{name}", steps=ask, judge=name) for name in names]

            def conclude(self, contest, verdicts):
                models = {name: model.name for name, model in contest.judges.items()}
                return ComparisonResult(standings=(), details={**verdicts, **models})

        contest = Contest(task=ListTask(), examples=[], answers={}, seed=1)
        owl = FakeEngine(lambda _: "hoo", model=FakeEngine.resolved("owl"))
        judges = {"owl": owl, "crow": lambda _: "caw"}
        assert judge_with(Panel(Params(), None), contest, judges).details == {
            "q": {"said": "hoo"},
            "qowl": {"said": "hoo"},
            "qcrow": {"said": "caw"},
            "owl": "owl",
            "crow": "crow",
        }

    def test_an_engine_can_be_the_judge(self):
        class Silent(Comparison):
            def questions(self, contest):
                def steps():
                    yield req("q")
                    return {}

                return [Question(id="q", steps=steps)]

            def conclude(self, contest, verdicts):
                return ComparisonResult(standings=(), details=verdicts)

        def gone(request):
            raise EngineError("gone")

        contest = Contest(task=ListTask(), examples=[], answers={}, seed=1)
        result = judge_with(Silent(Params(), None), contest, FakeEngine(gone))
        assert result.details["q"].reason == "gone"


def test_an_engine_of_another_interpreter_answers_and_ends():
    model = ResolvedModel(name="far", engine="fake", revision="1")
    params = FakeEngineParams(answer="fixed", text="blue")
    engine = remote_engine(model, params, Path(sys.executable), modules=["evalkit.testing.fakes"])
    assert answer(engine, req("Which colour?")).text == "blue"
    engine.close()
    assert answer(engine, req("Once more?")).text == "blue"
    engine.close()
