"""What each optimiser returns, from a model whose behaviour is known."""

import pytest
from dspy import lm15

from evalkit import AdaptationError, Demo, Metric, Params, Request
from evalkit.testing import predict_with
from evalkit_dspy.engine import CoreEngine, Line
from evalkit_dspy.optimizers import trials_for

INSTRUCTION = "Name the colour. Answer with one word."
PROPOSED = "Name the colour well."


def test_no_optimizer_asks_nothing_and_keeps_the_instruction(scene, adapter):
    context = scene(train=[])
    adapted = adapter(optimizer="none").adapt(context)
    assert adapted.prompt.instruction == INSTRUCTION
    assert adapted.prompt.demos == ()
    assert adapted.report == {"optimizer": "none", "demos": 0}
    assert context.engine.requests == []


def test_an_instruction_of_the_suite_replaces_the_tasks(scene, adapter):
    adapted = adapter(optimizer="none", instruction="Colour?").adapt(scene())
    assert adapted.prompt.instruction == "Colour?"


def test_bootstrapping_shows_the_models_own_good_answers(scene, adapter):
    context = scene()
    adapted = adapter(optimizer="bootstrap-few-shot", demos=4).adapt(context)
    assert len(adapted.prompt.demos) == 4
    assert adapted.report["optimizer"] == "Bootstrap"
    assert adapted.report["bootstrapped"] == 4
    assert adapted.report["calls"] == len(context.engine.requests) == 4
    assert "best_score" not in adapted.report


def test_a_bootstrapped_demo_keeps_the_text_and_names_its_example(scene, adapter, script):
    def chatty(request):
        return f"It is {script(request)}!"  # scores a half: right, but not as the target is

    context = scene(chatty)
    demos = adapter(optimizer="bootstrap-few-shot", demos=3).adapt(context).prompt.demos
    known = {example.id: example for example in context.train}
    assert len(demos) == 3
    for demo in demos:
        example = known[demo.id]
        assert demo == Demo(example.fields["text"], f"It is {example.target}!", example.id)


def test_answers_below_the_threshold_become_no_demos(scene, adapter, script):
    context = scene(lambda request: f"It is {script(request)}!")
    params = {"optimizer": "bootstrap-few-shot", "demos": 3, "metric_threshold": 0.9}
    adapted = adapter(**params).adapt(context)
    assert adapted.report["bootstrapped"] == 0
    targets = {example.id: example.target for example in context.train}
    assert [demo.target for demo in adapted.prompt.demos] == [
        targets[demo.id] for demo in adapted.prompt.demos
    ]
    assert len(adapted.prompt.demos) == 3, "labelled demos fill up"


def test_random_search_finds_that_demos_help(scene, adapter, task):
    context = scene()
    tuned = adapter(candidates=3, demos=4)
    adapted = tuned.adapt(context)
    assert adapted.report["optimizer"] == "BFSRS"
    assert adapted.report["demos"] == len(adapted.prompt.demos) == 4
    assert adapted.report["demos_requested"] == 4
    assert adapted.report["best_score"] == 1.0
    scores = [candidate["score"] for candidate in adapted.report["candidates"]]
    assert scores == [1.0, 1.0, 1.0, 1.0, 1.0, 0.0], "three of DSPy's own and ours; no demos fail"
    predictions = predict_with(tuned, adapted, context, task.load("test"))
    assert [prediction.value for prediction in predictions] == ["white", "blue"]


def test_demos_are_never_validation_examples(scene, adapter):
    context = scene()
    adapter(candidates=2, demos=4).adapt(context)
    shown, asked_zero_shot = set(), set()
    for request in context.engine.requests:
        inputs = [m.content for m in request.messages if m.role == "user"]
        shown.update(inputs[:-1])
        if len(inputs) == 1:
            asked_zero_shot.add(inputs[0])
    assert len(asked_zero_shot) == 6, "the validation examples, on which no demos are compared"
    assert not shown & asked_zero_shot


def test_miprov2_writes_a_better_instruction(scene, adapter, task):
    context = scene()
    tuned = adapter(optimizer="miprov2", candidates=3, demos=0)
    adapted = tuned.adapt(context)
    assert adapted.prompt.instruction == PROPOSED
    assert adapted.prompt.demos == ()
    assert adapted.report["optimizer"] == "MIPROv2"
    assert adapted.report["best_score"] == 1.0
    tried = {c["score"]: c.get("instruction") for c in adapted.report["candidates"]}
    assert tried == {1.0: PROPOSED, 0.0: None}
    predictions = predict_with(tuned, adapted, context, task.load("test"))
    assert [prediction.value for prediction in predictions] == ["white", "blue"]


@pytest.mark.parametrize(
    ("preset", "name", "most"),
    [
        ("bfsrs-medium", "BFSRS-Medium", 8),
        ("bfsrs-high", "BFSRS-High", 16),
        ("miprov2-light", "MIPROv2-Light", 4),
        ("miprov2-medium", "MIPROv2-Medium", 8),
    ],
)
def test_a_preset_names_the_optimizer_as_the_study_does(scene, adapter, preset, name, most):
    candidates = {"candidates": 1} if preset.startswith("bfsrs") else {}
    adapted = adapter(preset=preset, **candidates).adapt(scene())
    assert adapted.report["optimizer"] == name
    assert adapted.report["demos"] <= most
    assert max(candidate["demos"] for candidate in adapted.report["candidates"]) == most


def test_large_validation_sets_are_sampled_by_miprov2(scene, adapter, task):
    train = [*task.load("train")] * 4
    many = [
        type(example)(
            id=f"{example.id}-{number}",
            source=example.source,
            fields={"text": f"{example.fields['text']} number {number}"},
            target=example.target,
        )
        for number, example in enumerate(train)
    ]
    context = scene(train=many)
    params = {"optimizer": "miprov2", "candidates": 2, "demos": 2, "validation": 60}
    report = adapter(**params).adapt(context).report
    assert max(len(batch) for batch in context.engine.batches) <= 16
    assert report["best_score"] == 1.0


def test_the_same_seed_repeats_and_another_one_differs(scene, adapter):
    def found(seed):
        return adapter(candidates=3, demos=4).adapt(scene(seed=seed))

    first, again, other = found(1), found(1), found(2)
    assert (first.prompt, first.report) == (again.prompt, again.report)
    assert {demo.id for demo in first.prompt.demos} != {demo.id for demo in other.prompt.demos}


def test_the_prompt_models_samples_follow_the_seed(scene, adapter):
    def sampled(seed):
        context = scene(seed=seed)
        adapter(optimizer="miprov2", candidates=3, demos=2).adapt(context)
        return [(r.seed, r.messages) for r in context.engine.requests if r.temperature]

    first, again, other = sampled(5), sampled(5), sampled(6)
    assert again == first
    assert len(set(first)) == len(first)
    assert {seed for seed, _ in first}.isdisjoint(seed for seed, _ in other)


def test_the_seed_of_a_sample_does_not_depend_on_the_order_of_arrival(scene):
    def sampled(*questions):
        context = scene()
        engine = CoreEngine(
            Line(context), Request(messages=(), max_tokens=5), model=None, schema=False, seed=1
        )
        for question in questions:
            asked = (lm15.Message.user(question),)
            engine.complete(lm15.Request("m", asked, config=lm15.Config(temperature=1.0)))
        return {(r.messages[0].content, r.seed) for r in context.engine.requests}

    found = sampled("red?", "blue?", "red?")
    assert len({seed for _, seed in found}) == 3
    assert found == sampled("red?", "red?", "blue?") == sampled("blue?", "red?", "red?")


@pytest.mark.parametrize("validation", [24, 1])
def test_too_few_training_examples_are_an_error(scene, adapter, task, validation):
    train = task.load("train")[: validation or 1]
    with pytest.raises(AdaptationError, match="cannot be cut") as caught:
        adapter(validation=validation).adapt(scene(train=train))
    assert "train-size" in caught.value.hint


def test_a_share_of_the_examples_is_for_validation(scene, adapter):
    context = scene()
    adapter(candidates=1, demos=2, validation=0.25).adapt(context)
    zero_shot = {r.messages[-1].content for r in context.engine.requests if len(r.messages) == 2}
    assert len(zero_shot) == 6


def test_no_training_examples_are_an_error_for_bootstrapping_too(scene, adapter):
    with pytest.raises(AdaptationError, match="0 training examples"):
        adapter(optimizer="bootstrap-few-shot").adapt(scene(train=[]))


class Fewer(Metric):
    """Counts letters; a test changes what it says."""

    direction = "lower"
    headline = "letters"

    def score(self, target, value):
        return {"letters": float(len(str(value)))}

    def aggregate(self, scores):
        return {"letters": None}


def test_a_metric_of_which_less_is_better_is_refused(scene, adapter):
    with pytest.raises(AdaptationError, match="less is better"):
        adapter().adapt(scene(metrics={"same": Fewer(Params())}))


def test_a_metric_without_a_figure_for_one_answer_is_refused(scene, adapter, monkeypatch):
    monkeypatch.setattr(Fewer, "direction", "higher")
    with pytest.raises(AdaptationError, match="undefined for the single answer"):
        adapter(candidates=1, demos=2).adapt(scene(metrics={"same": Fewer(Params())}))


def test_an_empty_instruction_is_refused(scene, adapter, task, monkeypatch):
    monkeypatch.setattr(task, "_instruction", " ")
    with pytest.raises(AdaptationError, match="no instruction"):
        adapter().adapt(scene())


@pytest.mark.parametrize(
    ("candidates", "demos", "trials"), [(6, 4, 10), (12, 8, 18), (6, 0, 9), (1, 4, 1)]
)
def test_miprov2_tries_as_often_as_it_recommends(candidates, demos, trials):
    assert trials_for(candidates, demos=demos) == trials
