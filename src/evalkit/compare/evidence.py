"""What is known of the quality of methods: figures, and how they vary together. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Form = Mapping[str, Any]
FloatArray = NDArray[np.float64]


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
    """

    figures: Mapping[str, Form]
    replicates: Mapping[str, FloatArray]
    meaningful: float
    higher_is_better: bool = True
    examples: int = 0
    clusters: int = 0

    def knows(self, name: str) -> bool:
        """Whether a method has a figure, and replicates of it."""
        return self.figures.get(name, {}).get("value") is not None and name in self.replicates

    def quality(self, name: str) -> float:
        """The figure of a method that has one, turned so that more is better."""
        return self._sign * float(self.figures[name]["value"])

    def drawn(self, name: str) -> FloatArray:
        """Its replicates, turned likewise; NaN where a resample leaves the figure undefined."""
        return self._sign * self.replicates[name]

    def lead(self, first: str, second: str) -> FloatArray:
        """By how much the first method is better, in each resample that defines both."""
        gaps = self.drawn(first) - self.drawn(second)
        return gaps[np.isfinite(gaps)]

    @property
    def _sign(self) -> int:
        return 1 if self.higher_is_better else -1
