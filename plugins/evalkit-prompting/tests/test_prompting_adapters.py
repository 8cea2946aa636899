"""The adapters ``zero-shot`` and ``few-shot``."""

from dataclasses import replace

import pytest

from evalkit import AdaptationError, Example
from evalkit.testing import AdapterContract, FakeContext, ListTask, predict_with
from evalkit_prompting.few_shot import FewShot
from evalkit_prompting.params import FewShotParams, ZeroShotParams
from evalkit_prompting.zero_shot import ZeroShot


class TestZeroShotContract(AdapterContract):
    def make(self):
        return ZeroShot(ZeroShotParams())


class TestRandomContract(AdapterContract):
    def make(self):
        return FewShot(FewShotParams(k=2))


class TestFixedContract(AdapterContract):
    def make(self):
        return FewShot(FewShotParams(select="fixed", ids=["train-5", "train-1"]))


class TestMostSimilarContract(AdapterContract):
    def make(self):
        return FewShot(FewShotParams(k=2, select="most-similar"))


@pytest.fixture
def context(tmp_path):
    return FakeContext(folder=tmp_path, task=ListTask())


def demo_ids(adapter, context):
    return [demo.id for demo in adapter.adapt(context).prompt.demos]


def shown(adapter, context, example):
    """The (input, answer) pairs before the input, in the request that prediction sends."""
    predict_with(adapter, adapter.adapt(context), context, [example])
    turns = [message.content for message in context.engine.requests[-1].messages[1:-1]]
    return list(zip(turns[::2], turns[1::2], strict=True))


def test_zero_shot_takes_the_tasks_instruction_or_the_suites(context):
    bare = ZeroShot(ZeroShotParams()).adapt(context)
    assert bare.prompt.instruction == context.task.instruction
    assert bare.prompt.demos == ()
    assert bare.report == {"optimizer": "none", "demos": 0}
    own = ZeroShot(ZeroShotParams(instruction="Colour?")).adapt(context)
    assert own.prompt.instruction == "Colour?"


def test_random_demos_are_the_first_k_that_the_seed_drew(context):
    adapted = FewShot(FewShotParams(k=3)).adapt(context)
    assert [demo.id for demo in adapted.prompt.demos] == ["train-0", "train-1", "train-2"]
    assert adapted.prompt.demos[0].input == "the red ball"
    assert adapted.prompt.demos[0].target == "red"
    assert adapted.report["optimizer"] == "none"
    assert adapted.report["demos"] == adapted.report["demos_requested"] == 3


def test_fixed_demos_stand_in_the_order_of_the_ids(context):
    adapter = FewShot(FewShotParams(select="fixed", ids=["train-5", "train-1"]))
    assert demo_ids(adapter, context) == ["train-5", "train-1"]


def test_a_fixed_demo_that_is_not_in_reach_is_named(context):
    adapter = FewShot(FewShotParams(select="fixed", ids=["train-1", "test-0"]))
    with pytest.raises(AdaptationError, match=r"test-0(.|\n)*leave train-size out"):
        adapter.adapt(context)


@pytest.mark.parametrize("select", ["random", "most-similar"])
def test_fewer_examples_than_demos_end_the_cell(context, select):
    adapter = FewShot(FewShotParams(k=9, select=select))
    with pytest.raises(AdaptationError, match=r"k = 9, but the cell has 8(.|\n)*raise train-size"):
        adapter.adapt(context)


def test_as_many_examples_as_demos_are_enough(context):
    assert len(demo_ids(FewShot(FewShotParams(k=8)), context)) == 8


def test_the_most_similar_demos_are_chosen_for_each_input_best_last(context):
    adapter = FewShot(FewShotParams(k=2, select="most-similar", instruction="Colour?"))
    assert adapter.adapt(context).prompt.demos == ()
    hat, ball = (
        Example(id=text, source=text, fields={"text": text}, target="")
        for text in ("a strange green hat", "the grey thing")
    )
    assert shown(adapter, context, hat) == [("a red hat", "red"), ("a green hat", "green")]
    assert shown(adapter, context, ball)[-1] == ("the grey ball", "grey")
    assert context.engine.requests[-1].messages[0].content == "Colour?"


def test_without_a_shared_word_the_first_drawn_are_shown(context):
    adapter = FewShot(FewShotParams(k=2, select="most-similar"))
    other = Example(id="x", source="x", fields={"text": "???"}, target="")
    assert [text for text, _ in shown(adapter, context, other)] == ["the blue ball", "the red ball"]


def test_a_demo_never_shares_its_source_with_the_input(context):
    adapter = FewShot(FewShotParams(k=2, select="most-similar"))
    asked = context.train[0]
    assert (context.task.render_input(asked), asked.target) not in shown(adapter, context, asked)


@pytest.mark.parametrize("source", ["a + train-0", "train-0 + a", "train-0"])
def test_a_demo_shares_no_part_of_a_joined_source_with_the_input(context, source):
    adapter = FewShot(FewShotParams(k=7, select="most-similar"))
    example = replace(context.train[0], id="joined", source=source)
    demos = shown(adapter, context, example)
    assert len(demos) == 7
    assert ("the red ball", "red") not in demos


def test_an_input_that_leaves_too_few_demos_is_a_failure_and_the_others_are_answered(context):
    adapter = FewShot(FewShotParams(k=7, select="most-similar"))
    joined = replace(context.train[0], id="joined", source="train-0 + train-1")
    found = predict_with(adapter, adapter.adapt(context), context, [joined, context.train[2]])
    assert found[0].failure.kind == "adapter"
    assert "joined: k = 7, but only 6 of the cell's 8" in found[0].failure.reason
    assert found[1].failure is None


def test_long_prompts_are_not_cut(tmp_path):
    pairs = [("word " * 3000 + str(number), "label") for number in range(4)]
    context = FakeContext(folder=tmp_path, task=ListTask(train=pairs))
    demos = FewShot(FewShotParams(k=4)).adapt(context).prompt.demos
    assert [demo.input for demo in demos] == [text for text, _ in pairs]
