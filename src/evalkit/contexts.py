"""What adapters and their programs are handed: the task without its data, and ways to ask.

The evaluation split is not in reach: the task that an adapter sees refuses to load.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from evalkit.coalesce import Coalescer
from evalkit.errors import EngineError, StopRequested, UserError
from evalkit.interfaces import Metric, Task
from evalkit.predict import Answering, make_request, render
from evalkit.records import (
    AdaptedModel,
    Completion,
    Example,
    Failure,
    Json,
    Message,
    Parsed,
    Prompt,
    Request,
    ResolvedModel,
    Usage,
)


class TaskView(Task):
    """A task whose data cannot be loaded; everything else is the task's own."""

    def __init__(self, task: Task) -> None:
        """Show `task` without its data."""
        super().__init__(task.params)
        self._task = task
        self.splits = ()
        self.input_name, self.output_name = task.input_name, task.output_name
        self.max_tokens, self.stop = task.max_tokens, task.stop
        self.answer = task.answer

    @property
    def instruction(self) -> str:
        """The task's instruction."""
        return self._task.instruction

    @property
    def choices(self) -> tuple[str, ...] | None:
        """The task's choices."""
        return self._task.choices

    @property
    def schema(self) -> Mapping[str, Json] | None:
        """The task's schema."""
        return self._task.schema

    def load(self, split: str) -> Sequence[Example]:
        """Refused."""
        raise UserError(
            f'a plugin tried to load the split "{split}"',
            "adapters and comparisons see only what their context holds: use context.train",
        )

    def render_input(self, example: Example) -> str:
        """As the task renders it."""
        return self._task.render_input(example)

    def render_target(self, target: Json) -> str:
        """As the task renders it."""
        return self._task.render_target(target)

    def parse(self, text: str) -> Parsed:
        """As the task parses it."""
        return self._task.parse(text)


class PredictionContext:
    """What a program may use at prediction; implements ``evalkit.ProgramContext``."""

    def __init__(
        self,
        task: Task,
        train: Sequence[Example],
        weights: AdaptedModel | None = None,
    ) -> None:
        """Offer the shared template, and the weights of the AdaptedModel if it has any."""
        self.task: Task = task if isinstance(task, TaskView) else TaskView(task)
        self.train = train
        self._weights = weights.weights if weights else None

    def messages(self, prompt: Prompt, example: Example) -> tuple[Message, ...]:
        """The chat for an example, by the shared template."""
        return render(prompt, self.task.render_input(example))

    def request(self, prompt: Prompt, example: Example) -> Request:
        """The request by the shared template, with the weights of the AdaptedModel."""
        adapted = AdaptedModel(prompt=prompt, weights=self._weights)
        return make_request(self.task, adapted, example)


class AdaptationContext(PredictionContext):
    """What an adapter is handed; implements ``evalkit.AdaptContext``."""

    def __init__(
        self,
        task: Task,
        train: Sequence[Example],
        *,
        model: ResolvedModel,
        seed: int,
        folder: Path,
        services: "Services",
    ) -> None:
        """Offer the training examples, the model and ways to ask.

        Args:
            task: the task.
            train: the training examples in reach.
            model: the model to adapt.
            seed: the cell's seed.
            folder: where files of the AdaptedModel go.
            services: answers questions, finds metrics, reports progress.
        """
        super().__init__(task, train)
        self.model = model
        self.seed = seed
        self.folder = folder
        self._services = services

    @property
    def checkpoints(self) -> Path:
        """A folder that outlives a kill, made when it is first asked for."""
        folder = self._services.checkpoints
        folder = folder or self.folder.with_name(f"{self.folder.name}.checkpoints")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def stopping(self) -> bool:
        """Whether the user asked to stop."""
        return self._services.stopping()

    def stop(self) -> NoReturn:
        """End this attempt at the job, which will be gone on with another time."""
        raise StopRequested

    @property
    def usage(self) -> Usage:
        """What the adapter has asked so far, over all models."""
        return self._services.usage

    def resolved(self, name: str) -> ResolvedModel:
        """A model that a parameter names, for instance to see its abilities."""
        return self._services.resolved(name)

    def ask(self, request: Request, *, model: str | None = None) -> Completion:
        """The answer to one request; concurrent calls become batches."""
        answer = self._services.coalescer(model or self.model.name).ask(request)
        if isinstance(answer, Failure):
            raise EngineError(answer.reason, answer.hint)
        return answer

    def ask_all(
        self, requests: Sequence[Request], *, model: str | None = None
    ) -> list[Completion | Failure]:
        """The answers to many requests, as one batch, in their order."""
        return self._services.coalescer(model or self.model.name).ask_all(requests)

    def metric(self, name: str) -> Metric:
        """A metric by its name, with its default parameters."""
        return self._services.metric(name)

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Tell how far the adaptation is."""
        self._services.progress(done, total, note)


class Services:
    """What stands behind an AdaptationContext: engines, metrics, progress, accounting."""

    def __init__(
        self,
        answering: Callable[[str], Answering],
        resolved: Callable[[str], ResolvedModel],
        metric: Callable[[str], Metric],
        progress: Callable[[int, int, str], None],
        stopping: Callable[[], bool] = lambda: False,
        checkpoints: Path | None = None,
    ) -> None:
        """Wire the services.

        Args:
            answering: name of a model -> how it answers a batch.
            resolved: name of a model -> what would answer.
            metric: name -> metric.
            progress: done, total, note.
            stopping: whether the user asked to stop.
            checkpoints: what a repeated attempt can go on from; None for a folder beside the one
                of the adapted model.
        """
        self.stopping = stopping
        self.checkpoints = checkpoints
        self.resolved = resolved
        self.metric = metric
        self.progress = progress
        self.usages: dict[str, Usage] = {}
        self._answering = answering
        self._coalescers: dict[str, Coalescer] = {}
        self._lock = threading.Lock()  # the first questions may come from many threads at once

    def coalescer(self, model: str) -> Coalescer:
        """The queue in front of a model."""
        with self._lock:
            if model not in self._coalescers:
                answering = self._answering(model)
                self._coalescers[model] = Coalescer(
                    lambda batch: self._answer(model, answering, batch)
                )
            return self._coalescers[model]

    @property
    def usage(self) -> Usage:
        """What was asked so far, over all models."""
        total = Usage()
        for usage in list(self.usages.values()):
            total = total.plus(usage)
        return total

    def _answer(
        self, model: str, answering: Answering, batch: Sequence[Request]
    ) -> list[Completion | Failure]:
        answers = dict(answering(batch))
        for answer in answers.values():
            if isinstance(answer, Completion):
                with self._lock:
                    used = self.usages.get(model, Usage())
                    self.usages[model] = used.plus(Usage.of(answer))
        return [answers[index] for index in range(len(batch))]
