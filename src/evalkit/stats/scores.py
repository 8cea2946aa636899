"""What a method scored, as a ratio of two sums over examples, and how much each example moves it.

Every mean is such a ratio (the sum below counts examples), and so are micro F1, precision and
recall. Resampling examples means adding up again, and small changes are told by the linearised
influence of each example.

Source: Särndal, Swensson, Wretman (1992), Model Assisted Survey Sampling, section 5.6, on ratios.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import UserError
from evalkit.stats.arrays import NEGLIGIBLE, FloatArray, IntArray, finite


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """What one method scored on every example, once for each seed.

    With several seeds the figure is the mean of the seeds' figures.

    Attributes:
        numerator: what the sum above is made of, of shape (seeds, examples).
        denominator: likewise below, of the same shape and never negative.
        empty: the figure where the sum below is 0; None means undefined.
    """

    numerator: FloatArray
    denominator: FloatArray
    empty: float | None = None

    @classmethod
    def of(
        cls,
        numerator: ArrayLike,
        denominator: ArrayLike | None = None,
        *,
        empty: float | None = None,
    ) -> Self:
        """Scores from rows of seeds, or from the one row of one seed.

        Args:
            numerator: shape (seeds, examples) or (examples,).
            denominator: likewise; None means that the figure is the mean of the numerators.
            empty: the figure where the sum below is 0.

        Raises:
            UserError: a number is not finite, a denominator is negative, or shapes differ.
        """
        above = np.atleast_2d(finite(numerator, "scores"))
        below = np.ones_like(above)
        if denominator is not None:
            below = np.atleast_2d(finite(denominator, "denominators of scores"))
        if above.ndim != 2 or above.shape != below.shape:
            raise UserError(
                f"scores of shape {above.shape} with denominators of shape {below.shape}",
                "both have a row for each seed and a column for each example",
            )
        if below.min() < 0:
            raise UserError(
                f"denominators of scores: the least is {below.min()}",
                "the parts of a denominator, such as counts, are never negative",
            )
        return cls(numerator=above, denominator=below, empty=empty)

    @property
    def seeds(self) -> int:
        """How many seeds there are."""
        return len(self.numerator)

    @property
    def examples(self) -> int:
        """How many examples there are."""
        return len(self.numerator[0])

    @property
    def blank(self) -> float:
        """The figure where the sum below is 0, NaN if there is none."""
        return np.nan if self.empty is None else self.empty

    def of_examples(self, columns: IntArray) -> Self:
        """The same for some of the examples, at least one, by their columns."""
        above, below = self.numerator[:, columns], self.denominator[:, columns]
        return type(self)(numerator=above, denominator=below, empty=self.empty)

    def by_seed(self) -> FloatArray:
        """The figure of each seed; NaN where it is undefined. Shape (seeds,)."""
        return ratio(self.numerator.sum(axis=1), self.denominator.sum(axis=1), self.blank)

    def value(self) -> float | None:
        """The figure; None if the sum below is 0 and nothing says what that means."""
        value = float(self.by_seed().mean())
        return None if np.isnan(value) else value

    def by_example(self) -> FloatArray:
        """The figure that each example would have alone; NaN where undefined. Shape (examples,)."""
        return np.asarray(ratio(self.numerator, self.denominator, self.blank).mean(axis=0))

    def linearised(self) -> FloatArray | None:
        """A table with the figure as its mean, and with its variability. Shape (seeds, examples).

        Each row has the mean of its seed's figure; around that the row shows how much each example
        moves it: ``(numerator - figure * denominator) / mean(denominator)``. The table of a mean
        is the scores themselves. None if the sum below is 0 for some seed.
        """
        below = self.denominator.mean(axis=1, keepdims=True)
        if (below < NEGLIGIBLE).any():
            return None
        figures = self.by_seed()[:, None]
        return np.asarray(figures + (self.numerator - figures * self.denominator) / below)

    def without_seeds(self) -> tuple[FloatArray, FloatArray]:
        """Numerators and denominators, each the mean over the seeds. Shapes (examples,)."""
        return self.numerator.mean(axis=0), self.denominator.mean(axis=0)


def ratio(above: FloatArray, below: FloatArray, blank: float | FloatArray) -> FloatArray:
    """`above` / `below`, element by element, and `blank` where `below` is 0."""
    filled = np.array(np.broadcast_to(blank, above.shape), dtype=np.float64)
    return np.divide(above, below, out=filled, where=below > NEGLIGIBLE)
