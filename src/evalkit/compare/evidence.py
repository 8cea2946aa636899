"""What is known of the quality of methods: figures, and how they vary together. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from evalkit.stats.arrays import NEGLIGIBLE, FloatArray
from evalkit.stats.clusters import Clusters
from evalkit.stats.figure import FEWEST_CLUSTERS

Form = Mapping[str, Any]

_VISIBLE: Final = 0.0005
"""Figures are shown with three decimals."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Figures of methods on the same examples.

    Attributes:
        figures: name of a method -> ``value``, ``low`` and ``high``, and ``undefined`` where there
            is no value.
        replicates: name of a method -> its figure in the joint resamples, of shape (replicates,).
        meaningful: the least difference of the figure that matters.
        higher_is_better: which way the figure is better.
        examples: how many examples the figures rest on.
        clusters: how many clusters these form.
        centres: name of a method -> its figure on the very examples that were resampled. It
            differs from its own figure where another method has no score of some example; none
            where it is the same.
        tables: name of a method -> what each example adds to that figure, a row for each seed; see
            `Scores.linearised`.
        together: which of the examples vary together; None where there are no tables.
    """

    figures: Mapping[str, Form]
    replicates: Mapping[str, FloatArray]
    meaningful: float
    higher_is_better: bool = True
    examples: int = 0
    clusters: int = 0
    centres: Mapping[str, float] = field(default_factory=dict)
    tables: Mapping[str, FloatArray] = field(default_factory=dict)
    together: Clusters | None = None

    def knows(self, name: str) -> bool:
        """Whether a method has a figure, and replicates of it."""
        return self.figures.get(name, {}).get("value") is not None and name in self.replicates

    def quality(self, name: str) -> float:
        """The same as `value`, turned so that more is better."""
        return self._sign * self.value(name)

    def value(self, name: str) -> float:
        """The figure of a method that has one, on the examples that were resampled."""
        return float(self.centres.get(name, self.figures[name]["value"]))

    @property
    def narrowed(self) -> bool:
        """Whether some figure is visibly another one on the examples that were resampled."""
        own = {name: self.figures[name]["value"] for name in self.centres if self.knows(name)}
        return any(abs(self.centres[name] - value) >= _VISIBLE for name, value in own.items())

    @property
    def few(self) -> bool:
        """Whether there are so few clusters that what never varies may be so by chance."""
        return self.clusters < FEWEST_CLUSTERS

    def never_varies(self, first: str, second: str) -> bool:
        """Whether the difference is the same in all resamples, and too few clusters say so."""
        return self.few and bool(np.ptp(self.lead(first, second)) < NEGLIGIBLE)

    def drawn(self, name: str) -> FloatArray:
        """Its replicates, turned likewise; NaN where a resample leaves the figure undefined."""
        return self._sign * self.replicates[name]

    def table(self, name: str) -> FloatArray:
        """What each example adds to its figure, turned likewise."""
        return self._sign * self.tables[name]

    def lead(self, first: str, second: str) -> FloatArray:
        """By how much the first method is better, in each resample that defines both."""
        gaps = self.drawn(first) - self.drawn(second)
        return gaps[np.isfinite(gaps)]

    @property
    def _sign(self) -> int:
        return 1 if self.higher_is_better else -1
