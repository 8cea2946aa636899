"""An adaptation method, what it is handed, and how what it made answers."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NoReturn, Protocol, TypeAlias, TypeVar

from evalkit.errors import UserError
from evalkit.interfaces.metric import Metric
from evalkit.interfaces.task import Task
from evalkit.records import (
    AdaptedModel,
    Completion,
    Example,
    Failure,
    Message,
    Prompt,
    Request,
    ResolvedModel,
)

if TYPE_CHECKING:
    from evalkit.params import Params

T = TypeVar("T")

Steps: TypeAlias = Generator[Request, Completion, T]
"""A conversation with an engine: yields Requests, is sent Completions, returns its result.

The core advances many of them in waves, so that each wave is one batch. When no answer can be
had, EngineError is raised at the ``yield``.
"""


class AdaptContext(Protocol):
    """What the core offers to an adapter. The evaluation split is not in reach.

    Attributes:
        task: the task; its ``load`` is refused.
        train: the training examples of the cell, ``train_size`` of them, drawn by its seed.
            Validation data must be cut from these.
        model: the model to adapt.
        seed: the cell's seed.
        folder: where files of the AdaptedModel go; kept with it.
        checkpoints: a folder for what a repeated attempt can go on from; it outlives a kill and
            is removed once the job is finished. What is in it must be whole at any moment:
            write beside, sync, rename.
        stopping: whether the user asked to stop; a method that computes for long looks at it,
            saves a checkpoint and calls ``stop``.
    """

    task: Task
    train: Sequence[Example]
    model: ResolvedModel
    seed: int
    folder: Path

    @property
    def checkpoints(self) -> Path:
        """See above."""

    @property
    def stopping(self) -> bool:
        """See above."""

    def stop(self) -> NoReturn:
        """End this attempt at the job, which will be gone on with another time."""

    def resolved(self, name: str) -> ResolvedModel:
        """A model that a parameter names, for instance to see its abilities."""

    def messages(self, prompt: Prompt, example: Example) -> tuple[Message, ...]:
        """The chat for an example, by the one template that every method shares."""

    def request(self, prompt: Prompt, example: Example) -> Request:
        """The very request that prediction would send for this prompt and example."""

    def ask(self, request: Request, *, model: str | None = None) -> Completion:
        """The answer to one request; from any thread. Concurrent calls become batches.

        Args:
            request: what to ask.
            model: the suite's name of another model than the cell's.

        Raises:
            EngineError: no answer could be had.
        """

    def ask_all(
        self, requests: Sequence[Request], *, model: str | None = None
    ) -> list[Completion | Failure]:
        """The answers to many requests, as one batch, in their order."""

    def metric(self, name: str) -> "Metric":
        """A metric by its name, with its default parameters, to optimise for."""

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Tell how far the adaptation is; `note` may hold a loss or a score."""


class Program(ABC):
    """How an AdaptedModel answers: a generator of requests for each example.

    Attributes:
        most_requests: how many requests an example takes at most, for estimates; None if that
            cannot be told.
    """

    most_requests: int | None = None

    @abstractmethod
    def steps(self, example: Example) -> Steps[str]:
        """Yield Requests, receive Completions, return the text of the answer."""


class DirectPredictor(ABC):
    """An AdaptedModel that generates no text, for instance a classifier on an encoder."""

    @abstractmethod
    def predict(self, examples: Sequence[Example]) -> Sequence[str | Failure]:
        """The text of the answer to each example, in their order."""


class ProgramContext(Protocol):
    """What a program may use at prediction.

    Attributes:
        task: the task; its ``load`` is refused.
        train: the training examples that the adapter had.
    """

    task: Task
    train: Sequence[Example]

    def request(self, prompt: Prompt, example: Example) -> Request:
        """The request by the shared template, with the weights of the AdaptedModel."""


class Adapter(ABC):
    """An adaptation method: teaches a model a task."""

    api_version: ClassVar[int] = 1

    def __init__(self, params: "Params") -> None:
        """Keep the parameters."""
        self.params = params

    @abstractmethod
    def adapt(self, context: AdaptContext) -> AdaptedModel:
        """Teach the model the task.

        Raises:
            AdaptationError: the method could not finish; the cell ends as a Failure.
            EngineError: a model that it asked gave no answer.
        """

    def preview(self, context: AdaptContext) -> AdaptedModel | None:
        """What `adapt` would return, if that can be told at once and without asking a model.

        By it a run is estimated before it begins. By default None: it cannot be told. A method
        that only puts a prompt together returns what `adapt` returns.
        """
        return None

    def program(self, adapted: AdaptedModel, context: ProgramContext) -> Program | DirectPredictor:
        """How the AdaptedModel answers. The default asks once, with the prompt as it is."""
        return SingleRequest(adapted.prompt, context)

    def merge(self, adapted: AdaptedModel, model: ResolvedModel, folder: Path) -> None:
        """Write the model with the trained weights merged in, for ``evalkit export --merged``.

        Args:
            adapted: what ``adapt`` returned; its weights are LocalWeights.
            model: the model that was adapted; its folder has the files.
            folder: an empty folder for the complete model: configuration, tokenizer with its
                chat template, safetensors. Nothing in it may name a place of this machine.

        Raises:
            UserError: this method's weights cannot be merged; the default.
            AdaptationError: merging did not succeed.
        """
        raise UserError(
            f"{type(self).__name__} cannot merge its weights into the model",
            "export the weights as they are: leave --merged out",
        )


class SingleRequest(Program):
    """The default program: the prompt, the input, one answer."""

    most_requests = 1

    def __init__(self, prompt: Prompt, context: ProgramContext) -> None:
        """Keep the prompt and the shared template."""
        self._prompt = prompt
        self._context = context

    def steps(self, example: Example) -> Steps[str]:
        """Ask once."""
        completion = yield self._context.request(self._prompt, example)
        return completion.text
