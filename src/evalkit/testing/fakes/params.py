"""Parameters of the fakes."""

from typing import Annotated, Literal

from pydantic import Field

from evalkit.params import Params, Refers


class FakeTaskParams(Params):
    """Parameters of ``fake-task``."""

    train: int = Field(default=8, ge=0, description="Examples in the training split.")
    test: int = Field(default=4, ge=0, description="Examples in the test split.")
    choices: bool = Field(default=False, description="Whether only the colours may be answered.")


class FakeEngineParams(Params):
    """Parameters of the engine ``fake``."""

    answer: Literal["echo", "upper", "fixed", "recall"] = Field(
        default="echo",
        description="The input, the input in capitals, `text`, or the target of the demo "
        "that shares most words with the input.",
    )
    text: str = Field(default="yes", description="What `fixed` answers.")
    fail_on: str = Field(default="", description="Inputs with this text get a Failure.")
    die_on: str = Field(default="", description="At an input with this text the engine dies.")
    crash_on: str = Field(default="", description="At an input with this text it has a bug.")
    missing: bool = Field(default=False, description="Whether the model cannot be had.")
    silent: bool = Field(default=False, description="Whether it fails its check before a run.")
    delay: float = Field(default=0.0, ge=0, description="Seconds before each answer.")
    context_length: int = Field(default=0, ge=0, description="Words that fit; 0 is no limit.")
    revision: str = Field(default="1", description="Another revision is another model.")
    abilities: tuple[str, ...] = Field(
        default=("generate", "choices", "independent"),
        description="What it claims to be able to do.",
    )


class FakeAdapterParams(Params):
    """Parameters of ``fake-adapter`` and ``fake-bare``."""

    k: int = Field(default=2, ge=0, description="Demos to show.")
    ask: int = Field(default=0, ge=0, description="Training examples to ask the model about.")
    steps: int = Field(default=1, ge=1, description="Requests for each answer.")
    weights: bool = Field(default=False, description="Whether to write (empty) weights.")
    fail: str = Field(default="", description="Reason with which it gives up.")
    crash: str = Field(default="", description="Message of a bug that it has.")
    metric: Annotated[str, Refers("metric")] = Field(
        default="contains", description="By which it scores what the model answered to `ask`."
    )

    def default_train_size(self) -> int | None:
        """The k demos, and what it asks about."""
        return max(self.k, self.ask)


class ContainsParams(Params):
    """Parameters of the metric ``contains``."""

    ignore_case: bool = Field(default=False, description="Whether A is a.")
    crash_on: str = Field(default="", description="At a target with this text it has a bug.")


class FakeDuelParams(Params):
    """Parameters of the comparison ``fake-duel``."""

    judge: Annotated[str, Refers("model")] = Field(description="The model that decides.")
    limit: int = Field(default=4, ge=1, description="Examples over which each pair duels.")
