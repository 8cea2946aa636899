"""An adapter that shows a few demos and records what it was given."""

import hashlib
import json
import random
from pathlib import Path

from evalkit.errors import AdaptationError
from evalkit.interfaces import AdaptContext, Adapter, Program, ProgramContext, Steps
from evalkit.records import (
    AdaptedModel,
    Completion,
    Demo,
    Example,
    LocalWeights,
    Message,
    Prompt,
    Request,
)
from evalkit.testing.fakes.params import FakeAdapterParams

_EMPTY_SAFETENSORS = (2).to_bytes(8, "little") + b"{}"


class FakeAdapter(Adapter):
    """Shows k drawn training examples; asks, trains and fails as its parameters say."""

    params: FakeAdapterParams

    def __init__(self, params: FakeAdapterParams) -> None:
        """Keep the parameters."""
        super().__init__(params)

    def adapt(self, context: AdaptContext) -> AdaptedModel:
        """Demos drawn by the seed in the prompt; ids of all training examples in the state.

        Raises:
            AdaptationError: the parameters say so.
        """
        if self.params.fail:
            raise AdaptationError(self.params.fail, "see `fail`")
        if self.params.crash:
            raise RuntimeError(self.params.crash)
        task, train = context.task, context.train
        drawn = random.Random(context.seed).sample(train, min(self.params.k, len(train)))
        demos = tuple(Demo(task.render_input(e), task.render_target(e.target), e.id) for e in drawn)
        prompt = Prompt(instruction=task.instruction, demos=demos)
        return AdaptedModel(
            prompt=prompt,
            weights=_write_weights(context.folder) if self.params.weights else None,
            state={"train": [example.id for example in train]},
            report={
                "demos": len(demos),
                "optimizer": "fake",
                **({"demos_requested": self.params.k} if train else {}),
                **self._asked(context, prompt),
            },
        )

    def preview(self, context: AdaptContext) -> AdaptedModel | None:
        """The same, unless it asks the model, writes weights or fails."""
        params = self.params
        return None if params.ask or params.weights or params.fail else self.adapt(context)

    def _asked(self, context: AdaptContext, prompt: Prompt) -> dict[str, float | None]:
        examples = context.train[: self.params.ask]
        if not examples:
            return {}
        metric = context.metric(self.params.metric)
        scores = []
        answers = context.ask_all([context.request(prompt, example) for example in examples])
        for done, (example, answer) in enumerate(zip(examples, answers, strict=True), start=1):
            if not isinstance(answer, Completion):
                raise AdaptationError(answer.reason, answer.hint)
            value = context.task.parse(answer.text).value
            scores.append(metric.score(example.target, value))
            context.progress(done, len(examples))
        return {"training score": metric.aggregate(scores)[metric.headline]}

    def program(self, adapted: AdaptedModel, context: ProgramContext) -> Program:
        """One request, or as many as ``steps`` says."""
        return _Repeated(self.params.steps, adapted.prompt, context)


class _Repeated(Program):
    """Asks the same several times, each time showing the answer before."""

    def __init__(self, times: int, prompt: Prompt, context: ProgramContext) -> None:
        self._times = self.most_requests = times
        self._prompt = prompt
        self._context = context

    def steps(self, example: Example) -> Steps[str]:
        request = self._context.request(self._prompt, example)
        completion = yield request
        for _ in range(self._times - 1):
            completion = yield _asked_again(request, completion)
        return completion.text


def _asked_again(request: Request, completion: Completion) -> Request:
    last = request.messages[-1]
    turns = (Message("assistant", completion.text), last)
    return Request(
        messages=(*request.messages, *turns),
        max_tokens=request.max_tokens,
        stop=request.stop,
        choices=request.choices,
        weights=request.weights,
    )


def _write_weights(folder: Path) -> LocalWeights:
    """A safetensors file without tensors."""
    path = folder / "weights"
    path.mkdir()
    (path / "adapter_model.safetensors").write_bytes(_EMPTY_SAFETENSORS)
    (path / "adapter_config.json").write_text(json.dumps({"kind": "fake"}), encoding="utf-8")
    sha256 = hashlib.sha256(_EMPTY_SAFETENSORS).hexdigest()
    return LocalWeights(folder=str(path), kind="fake", sha256=sha256)
