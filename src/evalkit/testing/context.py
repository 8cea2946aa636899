"""What an adapter is handed, without a run and without a model."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from evalkit.contexts import AdaptationContext, Services, TaskView
from evalkit.errors import ModelError, PluginError
from evalkit.interfaces import Engine, Metric, Task
from evalkit.predict import Answering, answers_of
from evalkit.records import Example, ResolvedModel
from evalkit.testing.engine import FakeEngine, Rule, echo


class FakeContext(AdaptationContext):
    """The core's own AdaptContext with a FakeEngine behind it.

    Attributes:
        engine: the engine of the model to adapt; a FakeEngine unless another was given.
        engines: name of a model -> its engine; add one to let the adapter ask another model.
        progress_log: what the adapter reported: (done, total, note).
        loads: the splits that the adapter tried to load; every attempt is refused.
    """

    def __init__(
        self,
        *,
        folder: Path,
        task: Task,
        train: Sequence[Example] | None = None,
        answer: Rule | Engine = echo,
        seed: int = 1,
        metrics: Mapping[str, Metric] | None = None,
    ) -> None:
        """Set the scene.

        Args:
            folder: where files of the AdaptedModel go; made if it is missing.
            task: the task.
            train: the training examples; the task's training split if they are not given.
            answer: how the model answers: a rule, or an engine, whose model is then adapted.
            seed: the cell's seed.
            metrics: the metrics that the adapter can ask for.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.engine = answer if isinstance(answer, Engine) else FakeEngine(answer)
        self.engines: dict[str, Engine] = {self.engine.model.name: self.engine}
        self.progress_log: list[tuple[int, int, str]] = []
        self.loads: list[str] = []
        self._metrics = metrics or {}
        super().__init__(
            _WatchedTask(task, self.loads),
            task.load("train") if train is None else train,
            model=self.engine.model,
            seed=seed,
            folder=folder,
            services=Services(self._answering, self._resolved, self._metric, self._note),
        )

    def _answering(self, model: str) -> Answering:
        if model not in self.engines:
            raise ModelError(f'unknown model "{model}"', f"models: {', '.join(self.engines)}")
        return partial(answers_of, self.engines[model])

    def _resolved(self, model: str) -> ResolvedModel:
        self._answering(model)
        return self.engines[model].model

    def _metric(self, name: str) -> Metric:
        if name not in self._metrics:
            raise PluginError(f'unknown metric "{name}"', f"metrics: {', '.join(self._metrics)}")
        return self._metrics[name]

    def _note(self, done: int, total: int, note: str) -> None:
        self.progress_log.append((done, total, note))


class _WatchedTask(TaskView):
    """Refuses to load, as in a run, and writes down that somebody tried."""

    def __init__(self, task: Task, loads: list[str]) -> None:
        super().__init__(task)
        self._loads = loads

    def load(self, split: str) -> Sequence[Example]:
        self._loads.append(split)
        return super().load(split)
