"""How many examples a comparison needs, and which difference it is able to find.

A paired comparison varies by what examples do to both methods differently (``between``), and by
the noise of single answers, which repeats make smaller.

Source: Miller (2024), Adding error bars to evals, arXiv:2411.00640, section 5.
"""

from dataclasses import dataclass
from math import ceil, sqrt

from scipy.stats import norm

from evalkit.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What makes the difference of two methods vary from example to example.

    Attributes:
        between: variance over examples of the expected difference (ω²).
        answers: for each method the variance of one answer's score around its expectation (σ²).
        repeats: for each method how many answers to each example are averaged (K).
        design_effect: by how much clusters make the variance larger.
    """

    between: float
    answers: tuple[float, float] = (0.0, 0.0)
    repeats: tuple[float, float] = (1, 1)
    design_effect: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no variance, and no number of repeats."""
        positive = (*self.repeats, self.design_effect)
        if min(self.between, *self.answers) < 0 or not min(positive) > 0:
            raise UserError(
                f"noise of a comparison: {self}",
                "variances are 0 or more; repeats and the design effect are more than 0",
            )

    @property
    def of_one_example(self) -> float:
        """The variance of the difference on one example, with the design effect."""
        pairs = zip(self.answers, self.repeats, strict=True)
        return (self.between + sum(one / count for one, count in pairs)) * self.design_effect


def sample_size(noise: Noise, difference: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """The number of examples that find a difference with this power, rounded up.

    Raises:
        UserError: the difference is 0.
    """
    if difference == 0:
        raise UserError("difference to find: 0", "no number of examples finds it")
    return ceil(reach(alpha, power) ** 2 * noise.of_one_example / difference**2)


def detectable_difference(
    noise: Noise, examples: int, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """The least true difference that so many examples find with this power.

    Raises:
        UserError: there are no examples.
    """
    if examples < 1:
        raise UserError(f"examples: {examples}", "at least one")
    return reach(alpha, power) * sqrt(noise.of_one_example / examples)


def reach(alpha: float = 0.05, power: float = 0.8) -> float:
    """How many standard errors a true difference must measure, to be found with this power."""
    return float(norm.ppf(1 - alpha / 2) + norm.ppf(power))
