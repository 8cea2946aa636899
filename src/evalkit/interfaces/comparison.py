"""A comparison: a metric over several cells at once, often by asking a judge."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from evalkit.errors import UserError
from evalkit.interfaces.adapter import Steps
from evalkit.interfaces.task import Task
from evalkit.records import Example, Failure, Json, Prediction, ResolvedModel

if TYPE_CHECKING:
    from evalkit.params import Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What is known of a Contest before any cell has run.

    Attributes:
        task: the task; its ``load`` is refused.
        examples: the evaluation examples that every cell will answer.
        contestants: names of the cells; those that fail will be missing from the Contest.
        seed: as in the Contest.
        judges: name -> the model, for those that the parameters refer to and that were found;
            ``evalkit validate`` looks for none.
    """

    task: Task
    examples: Sequence[Example]
    contestants: Sequence[str]
    seed: int
    judges: Mapping[str, ResolvedModel] = field(default_factory=dict)


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
class Contrast:
    """How far one contestant is above another. A figure that is undefined is None.

    Attributes:
        contestant: as in its Standing.
        against: the other one.
        difference: the headline of the first less that of the other.
        se: its standard error.
        low: lower end of its 95% interval.
        high: upper end.
        p: of the test of no difference.
        p_adjusted: the same, adjusted by Holm over all contrasts of the comparison.
        verdict: what the interval means against the least difference that matters.
        validated: as in a Standing: whether the difference can be trusted.
        undefined: why the difference, or how sure it is, is undefined.
    """

    contestant: str
    against: str
    difference: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    verdict: str | None = None
    validated: float | None = 1.0
    undefined: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonResult:
    """What a comparison found.

    Attributes:
        standings: one for each contestant.
        contrasts: how far they are apart, each pair once; none if the comparison does not tell.
        counts: how many questions ended how.
        notes: sentences to print below the table, warnings among them.
        details: whatever else belongs into ``results.json``.
    """

    standings: tuple[Standing, ...]
    contrasts: tuple[Contrast, ...] = ()
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

    def check(self, preview: Preview) -> Iterable[UserError]:
        """Every fault that can be told before the first model call; by default there is none.

        Called before a run and by ``evalkit validate``, perhaps more than once, where neither
        answers nor a device are at hand: read small files, load no models. A UserError that is
        raised counts as well. A run begins without this comparison, or not at all.
        """
        return ()

    def most_requests(self, preview: Preview) -> Mapping[str, int] | None:
        """Name of each judge -> how many requests it gets at most, for estimates.

        By default None: it cannot be told.
        """
        return None

    @abstractmethod
    def questions(self, contest: Contest) -> Sequence[Question]:
        """What to ask the judge; the same questions for the same contest and seed."""

    @abstractmethod
    def conclude(
        self, contest: Contest, verdicts: Mapping[str, Mapping[str, Json] | Failure]
    ) -> ComparisonResult:
        """Question id -> verdict or Failure, to standings. Failures are never ties."""
