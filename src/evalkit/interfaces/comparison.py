"""A comparison: a metric over several cells at once, often by asking a judge."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from evalkit.interfaces.adapter import Steps
from evalkit.interfaces.task import Task
from evalkit.records import Example, Failure, Json, Prediction, ResolvedModel

if TYPE_CHECKING:
    from evalkit.params import Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What a comparison is given.

    Attributes:
        task: the task; its ``load`` is refused.
        examples: the evaluation examples that every cell answered.
        answers: cell id -> example id -> Prediction.
        seed: for samples and orders.
        judges: name -> the model, for every model that the parameters refer to, in their order.
    """

    task: Task
    examples: Sequence[Example]
    answers: Mapping[str, Mapping[str, Prediction]]
    seed: int
    judges: Mapping[str, ResolvedModel] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to a judge.

    Attributes:
        id: unique within the comparison; names the verdict in ``judgments.jsonl``.
        steps: yields the Requests and returns the verdict as JSON.
        judge: which of the contest's judges answers it; empty means the first. All questions
            of a judge are asked together, one judge after another.
    """

    id: str
    steps: Callable[[], Steps[Mapping[str, Json]]]
    judge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one contestant did in a comparison.

    Attributes:
        contestant: a cell id, or a name of the comparison's own (``gold``).
        values: named figures, the headline among them; None is undefined. A figure
            ``validated`` marks the headline in the table: 0 (a check of the judge failed) by
            ``*``, None (the judge was not checked far enough) by ``?``; 1 leaves it bare.
    """

    contestant: str
    values: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonResult:
    """What a comparison found.

    Attributes:
        standings: one for each contestant.
        counts: how many questions ended how.
        notes: sentences to print below the table, warnings among them.
        details: whatever else belongs into ``results.json``.
    """

    standings: tuple[Standing, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    details: Mapping[str, Json] = field(default_factory=dict)


class Comparison(ABC):
    """A metric over several cells at once. Its questions are answered by the core."""

    api_version: ClassVar[int] = 1
    headline: str = "elo"
    """Which value of a Standing stands in the table."""
    decimals: int = 1
    """How many decimals the table shows."""

    def __init__(self, params: "Params", judge: ResolvedModel | None) -> None:
        """Keep the parameters, and what is known of the judge, the first if there are several.

        All of them stand in ``Contest.judges``.
        """
        self.params = params
        self.judge = judge

    @abstractmethod
    def questions(self, contest: Contest) -> Sequence[Question]:
        """What to ask the judge; the same questions for the same contest and seed."""

    @abstractmethod
    def conclude(
        self, contest: Contest, verdicts: Mapping[str, Mapping[str, Json] | Failure]
    ) -> ComparisonResult:
        """Question id -> verdict or Failure, to standings. Failures are never ties."""
