"""Methods by what they are worth and what they take, and which of them none dominates. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit_report.charts.drafts import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A method in a plot of quality against what it takes.

    Attributes:
        method: its name.
        figure: its quality; it has a value.
        takes: what it takes, of which less is better.
        least: where a bar towards it begins, such as the median before p95; None for no bar.
        label: its name, where a method has several spots; empty otherwise.
    """

    method: str
    figure: Figure
    takes: float
    least: float | None = None
    label: str = ""

    @property
    def name(self) -> str:
        """What it is called in the plot."""
        return self.label or self.method

    @property
    def value(self) -> float:
        """Its quality."""
        return self.figure.value or 0.0


def front_of(spots: Sequence[Spot], *, higher_is_better: bool) -> list[Spot]:
    """The Pareto front, from what takes least on: the spots that none other dominates.

    One dominates another if it is at least as good and takes no more, and differs in one of both.
    """
    sign = 1 if higher_is_better else -1
    found = [spot for spot in spots if not any(_dominates(other, spot, sign) for other in spots)]
    return sorted(found, key=lambda spot: (spot.takes, spot.value))


def _dominates(one: Spot, other: Spot, sign: int) -> bool:
    as_good = one.takes <= other.takes and sign * one.value >= sign * other.value
    return as_good and (one.takes < other.takes or one.value != other.value)
