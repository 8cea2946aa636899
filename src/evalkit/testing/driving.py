"""Runs programs and comparisons through the core's own path, without a run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from evalkit.contexts import PredictionContext, TaskView
from evalkit.interfaces import Adapter, Comparison, ComparisonResult, Contest, Engine
from evalkit.jobs import by_judge
from evalkit.predict import answers_of, drive, predict
from evalkit.records import AdaptedModel, Example, Failure, Json, Prediction
from evalkit.testing.context import FakeContext
from evalkit.testing.engine import FakeEngine, Rule


def predict_with(
    adapter: Adapter,
    adapted: AdaptedModel,
    context: FakeContext,
    examples: Sequence[Example],
) -> list[Prediction]:
    """The predictions of an AdaptedModel, in the order of the examples.

    Args:
        adapter: the adapter that made the AdaptedModel.
        adapted: the AdaptedModel.
        context: where it was made; its engine answers.
        examples: what is to be predicted.
    """
    offered = PredictionContext(context.task, context.train, adapted)
    program = adapter.program(adapted, offered)
    answering = partial(answers_of, context.engine)
    found = {p.example_id: p for p in predict(context.task, program, examples, answering)}
    return [found[example.id] for example in examples]


def judge_with(
    comparison: Comparison,
    contest: Contest,
    answer: Rule | Engine | Mapping[str, Rule | Engine],
) -> ComparisonResult:
    """What a comparison concludes when the judges answer so.

    Args:
        comparison: the comparison; its ``judge`` is the model that answers, if it has one.
        contest: the contest; its judges are added.
        answer: the rule or the engine of the one judge, or name of a judge -> its own.
    """
    engines = _engines(comparison, answer)
    models = {name: engine.model for name, engine in engines.items()}
    if not isinstance(answer, Mapping) and comparison.judge is not None:
        models = {comparison.judge.name: comparison.judge}
    contest = replace(contest, task=TaskView(contest.task), judges=models)
    verdicts: dict[str, Mapping[str, Json] | Failure] = {}
    asked = by_judge(comparison.questions(contest), contest)
    for engine, questions in zip(engines.values(), asked.values(), strict=True):
        ended = drive(questions, partial(answers_of, engine), kind="comparison")
        verdicts.update((key, end.failure or (end.result or {})) for key, end in ended)
    return comparison.conclude(contest, verdicts)


def _engines(
    comparison: Comparison, answer: Rule | Engine | Mapping[str, Rule | Engine]
) -> dict[str, Engine]:
    """The engine of each judge."""
    if not isinstance(answer, Mapping):
        name = comparison.judge.name if comparison.judge else "judge"
        return {name: _engine(answer, name)}
    return {name: _engine(one, name) for name, one in answer.items()}


def _engine(answer: Rule | Engine, name: str) -> Engine:
    if isinstance(answer, Engine):
        return answer
    return FakeEngine(answer, model=FakeEngine.resolved(name))
