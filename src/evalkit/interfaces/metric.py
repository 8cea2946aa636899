"""A metric: what a prediction is worth, and how scores are gathered."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from evalkit.records import Json

if TYPE_CHECKING:
    from evalkit.params import Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A figure that is one sum over examples divided by another: F1, accuracy, any mean.

    With it the core resamples examples, adds up and divides, and needs the metric no more.

    Attributes:
        numerator: name of a score's part -> its weight in the sum above.
        denominator: likewise below; empty means the number of examples.
        empty: the figure where the sum below is 0; None means undefined.
    """

    numerator: Mapping[str, float]
    denominator: Mapping[str, float] = field(default_factory=dict)
    empty: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An item of an answer that stands for an item of its target.

    A value that is a list has its elements as items; any other value is one item, number 0.

    Attributes:
        answer: index of the item in the answer's value.
        target: index of the item in the target.
        similarity: from 0 to 1; 1 means equal after whatever normalisation the metric does.
    """

    answer: int
    target: int
    similarity: float = 1.0


class Metric(ABC):
    """Prediction -> Score; owns its direction, its range and its aggregation."""

    api_version: ClassVar[int] = 1
    direction: ClassVar[Literal["higher", "lower"]] = "higher"
    """Which way is better."""
    range: tuple[float | None, float | None] = (0.0, 1.0)
    """Least and greatest value of the headline; None means unbounded."""
    headline: str = "score"
    """Which of the aggregated values stands in the table."""
    ratio: Ratio | None = None
    """The headline as a ratio of sums, if it is one. Intervals and tests are quick and exact by
    it; without it the core asks ``aggregate`` what leaving each example out would change."""

    def __init__(self, params: "Params") -> None:
        """Keep the parameters."""
        self.params = params

    @abstractmethod
    def score(self, target: Json, value: Json) -> Mapping[str, float]:
        """The parts of one example's score, finite numbers.

        Args:
            target: the Example's target.
            value: the Prediction's value; the empty value where nothing could be read.
        """

    @abstractmethod
    def aggregate(self, scores: Sequence[Mapping[str, float]]) -> Mapping[str, float | None]:
        """Scores of all examples -> named figures, the headline among them.

        None stands for a figure that is undefined for these scores.
        """

    def matches(self, target: Json, value: Json) -> Sequence[Match] | None:
        """Which items of an answer are right, and for which of its target they stand.

        By it a report shows an answer beside its target, item by item: an item of the target
        without a match was missed, one of the answer was invented. Several items may share one
        where the metric lets them. It is asked after ``score``, with the same arguments.

        Returns:
            None, the default, if the metric does not look at items.
        """
        return None
