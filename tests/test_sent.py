"""What a method really sent for its first examples, and that noting it changes nothing."""

import json
from functools import partial

import pytest

from evalkit import (
    AdaptedModel,
    Demo,
    DirectPredictor,
    EngineError,
    Failure,
    HostedModel,
    LocalWeights,
    Message,
    Program,
    Prompt,
    Request,
)
from evalkit.jobs.sent import MOST_OF_A_TEXT, Sent
from evalkit.predict import answers_of, predict
from evalkit.testing import FakeEngine, ListTask

KEY = "canary-0123456789"
TASK = ListTask(test=[(f"ball {n}", "red") for n in range(4)])
EXAMPLES = TASK.load("test")
BARE = AdaptedModel(prompt=Prompt(instruction="Do."))


def req(text, **more):
    return Request(messages=(Message("user", text),), max_tokens=8, **more)


class Odd(Program):
    """A program made of a function of the example."""

    def __init__(self, steps):
        self.steps = steps

    def steps(self, example):
        raise NotImplementedError


def answered(program, engine=None, examples=EXAMPLES):
    """What is predicted, by example, and what was noted."""
    sent = Sent(examples)
    answering = partial(answers_of, engine or FakeEngine())
    found = list(predict(TASK, sent.by(program), examples, answering))
    return sorted(found, key=lambda one: one.example_id), sent.form(BARE)["sent"]


def asked(found):
    """Example -> the last message and the answer of each step."""
    return {
        one["example"]: [(step["messages"][-1]["content"], step["answer"]) for step in one["steps"]]
        for one in found
    }


def twice(example):
    first = yield req(f"first {example.id}")
    second = yield req(f"after {first.text}", temperature=0.5, seed=7, stop=("x",))
    return second.text


class Direct(DirectPredictor):
    def predict(self, examples):
        return ["red" for _ in examples]


def test_each_step_of_the_first_three_examples_with_its_answer():
    _, found = answered(
        Odd(twice), FakeEngine(lambda request: str(len(request.messages[0].content)))
    )
    assert asked(found) == {
        f"test-{n}": [(f"first test-{n}", "12"), ("after 12", "8")] for n in range(3)
    }
    assert found[0]["steps"][1] == {
        "messages": [{"role": "user", "content": "after 12"}],
        "max_tokens": 8,
        "temperature": 0.5,
        "seed": 7,
        "stop": ["x"],
        "choices": None,
        "schema": None,
        "answer": "8",
    }


def test_choices_and_schemas_are_settings_too():
    def choose(example):
        yield req("which?", choices=("a", "b"), schema={"type": "string"})
        return "a"

    _, found = answered(Odd(choose), FakeEngine(lambda request: "b"))
    step = found[0]["steps"][0]
    assert (step["choices"], step["schema"], step["answer"]) == (
        ["a", "b"],
        {"type": "string"},
        "b",
    )


def test_fewer_examples_than_three():
    _, found = answered(Odd(twice), examples=EXAMPLES[:1])
    assert list(asked(found)) == ["test-0"]
    assert answered(Odd(twice), examples=())[1] == []


def test_who_answers_without_an_engine_sends_nothing():
    direct = Direct()
    assert Sent(EXAMPLES).by(direct) is direct
    assert answered(direct)[1] == []


def test_a_request_without_an_answer():
    def again(example):
        try:
            completion = yield req("bad")
        except EngineError:
            completion = yield req("good")
        return completion.text

    def rule(request):
        bad = request.messages[0].content == "bad"
        return Failure(reason="no", kind="engine") if bad else "red"

    found = answered(Odd(again), FakeEngine(rule))
    assert asked(found[1])["test-0"] == [("bad", None), ("good", "red")]
    assert found[0][0].text == "red"


def raises(example):
    yield req(example.id)
    raise ValueError("odd")


def asks_nothing(example):
    yield from ()
    return "red"


def yields_nonsense(example):
    yield req(example.id)
    yield "nonsense"


def lets_failures_pass(example):
    completion = yield req(f"fail {example.id}")
    return completion.text


def turns_failures(example):
    try:
        yield req(f"fail {example.id}")
    except EngineError as error:
        raise KeyError("mine") from error


def returns_nothing(example):
    yield req(example.id)


def is_no_generator(example):
    return iter([req(example.id)])


def breaks_at_once(example):
    raise RuntimeError("at once")


@pytest.mark.parametrize(
    "steps",
    [
        twice, raises, asks_nothing, yields_nonsense, lets_failures_pass, turns_failures,
        returns_nothing, is_no_generator, breaks_at_once,
    ],
)  # fmt: skip
def test_predictions_are_the_same_as_without(steps):
    def rule(request):
        text = request.messages[0].content
        return Failure(reason="no", kind="prompt") if "fail" in text else text

    plain = predict(TASK, Odd(steps), EXAMPLES, partial(answers_of, FakeEngine(rule)))
    found, _ = answered(Odd(steps), FakeEngine(rule))
    assert found == sorted(plain, key=lambda one: one.example_id)


def test_a_program_that_is_left_alone_is_closed():
    closed = []

    def waits(example):
        try:
            yield req(example.id)
        finally:
            closed.append(example.id)

    steps = Sent(EXAMPLES).by(Odd(waits)).steps(EXAMPLES[0])
    next(steps)
    steps.close()
    assert closed == ["test-0"]


@pytest.mark.parametrize(
    ("weights", "kind"),
    [
        (None, None),
        (LocalWeights(folder="/w", kind="lora", sha256="1"), {"kind": "lora"}),
        (HostedModel(provider="there", job_id="1", model_id="m"), {"kind": "there"}),
    ],
)
def test_what_was_taught(weights, kind):
    prompt = Prompt(instruction="Do.", demos=(Demo("in", "out", "train-1"), Demo("a", "b")))
    form = Sent(EXAMPLES).form(AdaptedModel(prompt=prompt, weights=weights))
    assert form == {
        "instruction": "Do.",
        "demos": [
            {"input": "in", "target": "out", "id": "train-1"},
            {"input": "a", "target": "b", "id": ""},
        ],
        "weights": kind,
        "sent": [],
    }


def test_keys_are_hidden_in_all_texts(monkeypatch):
    monkeypatch.setenv("CANARY_API_KEY", KEY)

    def ask(example):
        completion = yield req(f"say {KEY}", schema={"const": KEY})
        return completion.text

    sent = Sent(EXAMPLES)
    list(predict(TASK, sent.by(Odd(ask)), EXAMPLES, partial(answers_of, FakeEngine())))
    prompt = Prompt(instruction=f"use {KEY}", demos=(Demo(KEY, "out"),))
    form = sent.form(AdaptedModel(prompt=prompt))
    assert KEY not in json.dumps(form)
    assert form["instruction"] == "use [secret]"
    assert form["sent"][0]["steps"][0]["answer"] == "say [secret]"


def test_a_key_at_the_cut_is_hidden_as_a_whole(monkeypatch):
    monkeypatch.setenv("CANARY_API_KEY", KEY)
    instruction = "x" * (MOST_OF_A_TEXT - 5) + KEY
    form = Sent(EXAMPLES).form(AdaptedModel(prompt=Prompt(instruction=instruction)))
    assert KEY[:5] not in form["instruction"]


def test_very_long_texts_are_cut_and_that_is_told():
    def ask(example):
        yield req("a" * (MOST_OF_A_TEXT + 5))
        return "red"

    _, found = answered(Odd(ask), FakeEngine(lambda request: "b" * (MOST_OF_A_TEXT + 7)))
    step = found[0]["steps"][0]
    (message,) = step["messages"]
    assert message == {"role": "user", "content": "a" * MOST_OF_A_TEXT, "left_out": 5}
    assert (step["answer"], step["left_out"]) == ("b" * MOST_OF_A_TEXT, 7)
    whole = Sent(EXAMPLES).form(AdaptedModel(prompt=Prompt(instruction="c" * MOST_OF_A_TEXT)))
    assert "left_out" not in whole


def test_of_very_many_steps_the_first_are_kept_and_the_others_counted():
    def ask(example):
        for _ in range(10):
            yield req("a" * MOST_OF_A_TEXT)
        return "red"

    _, found = answered(Odd(ask), FakeEngine(lambda request: "b"))
    assert [len(found[0]["steps"]), found[0]["more_steps"]] == [5, 5]


def test_odd_characters_are_stored_faithfully(lab):
    odd = "nul \\u0000 bidi \\u202e cjk \\u65e5"
    lab.suite(models=f'[[models]]\nname = "m"\nengine = "fake"\nanswer = "fixed"\ntext = "{odd}"\n')
    assert lab.run().exit_code == 0
    path = lab.path / "runs/latest/prompts/fake-bare.json"
    form = json.loads(path.read_text("ascii"))
    assert form["sent"][0]["steps"][0]["answer"] == json.loads(f'"{odd}"')


class TestOfARun:
    def prompts(self, lab):
        paths = (lab.path / "runs/latest/prompts").iterdir()
        return {path.stem: path.read_bytes() for path in paths}

    def test_the_prompt_of_each_cell(self, lab):
        lab.suite(adapters='[[adapters]]\nuse = "fake-adapter"\nk = 2\nsteps = 2\n')
        assert lab.run().exit_code == 0
        form = json.loads(self.prompts(lab)["fake-adapter"])
        assert list(form) == ["schema", "cell", "instruction", "demos", "weights", "sent"]
        assert (form["schema"], form["cell"]) == ("evalkit-prompt/1", "fake-adapter")
        assert (form["weights"], len(form["demos"])) == (None, 2)
        assert [one["example"] for one in form["sent"]] == ["test-0", "test-1", "test-2"]
        messages = form["sent"][0]["steps"][0]["messages"]
        assert [message["role"] for message in messages] == [
            *("system", "user", "assistant", "user", "assistant", "user"),
        ]
        assert [len(one["steps"]) for one in form["sent"]] == [2, 2, 2]

    def test_cells_that_share_a_job_have_one_each(self, lab):
        lab.suite('name = "trial"\nseeds = [1, 2]\n', adapters='[[adapters]]\nuse = "fake-bare"\n')
        assert lab.run().exit_code == 0
        found = {name: json.loads(text) for name, text in self.prompts(lab).items()}
        assert {name: form.pop("cell") for name, form in found.items()} == {n: n for n in found}
        assert len(found) == 2
        assert found["fake-bare-seed1"] == found["fake-bare-seed2"]

    def test_a_second_run_has_the_same(self, lab):
        lab.suite()
        lab.run()
        first = self.prompts(lab)
        lab.run()
        assert self.prompts(lab) == first
        assert len(lab.runs()) == 2
