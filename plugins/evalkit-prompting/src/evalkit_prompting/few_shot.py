"""Adapter ``few-shot``: the model is shown k solved training examples before each input.

Source: Brown et al., "Language Models are Few-Shot Learners", 2020,
https://arxiv.org/abs/2005.14165; for the most similar demos, Liu et al., "What Makes Good
In-Context Examples for GPT-3?", 2021, https://arxiv.org/abs/2101.06804, here with words instead
of embeddings, so that no further model takes part.

Demos are never shortened. A prompt that outgrows the model's context ends as the Failure that
the engine gives.
"""

from collections.abc import Sequence

import numpy as np

from evalkit import (
    AdaptationError,
    AdaptContext,
    AdaptedModel,
    Adapter,
    Demo,
    Example,
    Program,
    ProgramContext,
    Prompt,
    SingleRequest,
    Steps,
    Task,
)
from evalkit_prompting.bm25 import Bm25Index
from evalkit_prompting.params import FewShotParams


class FewShot(Adapter):
    """The instruction and k demos, which come from the cell's training examples only."""

    params: FewShotParams

    def __init__(self, params: FewShotParams) -> None:
        """Keep the parameters."""
        super().__init__(params)

    def adapt(self, context: AdaptContext) -> AdaptedModel:
        """One prompt for all inputs; with most-similar demos, its instruction alone.

        Nothing else is kept for most-similar demos: at prediction the program is offered the
        same training examples again.

        Raises:
            AdaptationError: there are fewer than k training examples, or a fixed one is not
                among them.
        """
        self._require_enough(context.train)
        demos = [] if self.params.select == "most-similar" else self._chosen(context.train)
        return AdaptedModel(
            prompt=Prompt(
                instruction=self.params.instruction or context.task.instruction,
                demos=tuple(demo_of(context.task, example) for example in demos),
            ),
            report={
                "optimizer": "none",
                "demos": self.params.k,
                "demos_requested": self.params.k,
                "select": self.params.select,
            },
        )

    def preview(self, context: AdaptContext) -> AdaptedModel:
        """The same: nothing is computed for it."""
        return self.adapt(context)

    def program(self, adapted: AdaptedModel, context: ProgramContext) -> Program:
        """Ask once, with the one prompt or with demos chosen for the input."""
        if self.params.select == "most-similar":
            return MostSimilar(adapted.prompt.instruction, self.params.k, context)
        return SingleRequest(adapted.prompt, context)

    def _require_enough(self, train: Sequence[Example]) -> None:
        """Refuse to show fewer demos than were asked for."""
        if len(train) < self.params.k:
            raise AdaptationError(
                f"few-shot: k = {self.params.k}, but the cell has {len(train)} training examples",
                "lower k, or raise train-size",
            )

    def _chosen(self, train: Sequence[Example]) -> Sequence[Example]:
        """The examples in `ids`, or the first k of those that the seed drew."""
        if self.params.ids is None:
            return train[: self.params.k]
        by_id = {example.id: example for example in train}
        missing = [name for name in self.params.ids if name not in by_id]
        if missing:
            raise AdaptationError(
                f"few-shot: ids: not among the {len(train)} training examples of the cell: "
                + ", ".join(missing),
                "correct the ids, or leave train-size out so that all examples are in reach",
            )
        return [by_id[name] for name in self.params.ids]


class MostSimilar(Program):
    """Shows each input after the k training examples that are nearest to it, nearest last."""

    most_requests = 1

    def __init__(self, instruction: str, k: int, context: ProgramContext) -> None:
        """Index the inputs of the training examples."""
        self._instruction = instruction
        self._k = k
        self._context = context
        self._index = Bm25Index([context.task.render_input(example) for example in context.train])

    def steps(self, example: Example) -> Steps[str]:
        """Ask once, with demos of the example's own.

        Raises:
            AdaptationError: too few training examples share no source with this one.
        """
        prompt = Prompt(
            instruction=self._instruction,
            demos=tuple(demo_of(self._context.task, near) for near in self._nearest(example)),
        )
        completion = yield self._context.request(prompt, example)
        return completion.text

    def _nearest(self, example: Example) -> list[Example]:
        """The k best training examples, best last; ties go to the one that was drawn first.

        Examples that share a source are passed over: where training and evaluation share one,
        its target must not be shown.
        """
        own = sources(example)
        scores = self._index.scores(self._context.task.render_input(example))
        ranked = [self._context.train[row] for row in np.argsort(-scores, kind="stable")]
        others = [near for near in ranked if own.isdisjoint(sources(near))]
        if len(others) < self._k:
            raise AdaptationError(
                f"few-shot: example {example.id}: k = {self._k}, but only {len(others)} of the "
                f"cell's {len(ranked)} training examples share no source with it",
                "lower k, or raise train-size",
            )
        return others[: self._k][::-1]


def sources(example: Example) -> frozenset[str]:
    """The sources of an example; one that was joined from several names them with `` + ``."""
    return frozenset(example.source.split(" + "))


def demo_of(task: Task, example: Example) -> Demo:
    """An example as the task's prompt shows it."""
    return Demo(task.render_input(example), task.render_target(example.target), example.id)
