"""Standard errors that hold for a quasi-likelihood and for units that depend on each other.

The sandwich: Huber, "The behavior of maximum likelihood estimates under nonstandard conditions"
(1967); White, "Maximum likelihood estimation of misspecified models", Econometrica 50 (1982).
With the sums over the units of each example in its middle it is robust to their dependence (Liang
and Zeger, "Longitudinal data analysis using generalized linear models", Biometrika 73, 1986).
"""

import numpy as np

from evalkit_judge.ratings.likelihood import Fit, Likelihood
from evalkit_judge.ratings.units import Floats


def sandwich(likelihood: Likelihood, fit: Fit, *, small_sample: bool = True) -> Floats:
    """The covariance of the strengths, ``[contestants, contestants]``, clustered by example.

    The variance of a contrast c is c'Vc; only contrasts whose weights have sum 0 mean anything
    beyond the convention that the strengths have sum 0.

    Args:
        likelihood: of the sample.
        fit: its maximum. With a prior, the errors are those of the estimate that it gives, not
            of the strengths without it.
        small_sample: times G / (G - 1) for G examples; undefined for one. Else it is HC0, as
            statisticians call it where every unit is an example of its own.
    """
    sample = likelihood.sample
    bread = likelihood.curvature(fit.at, sample.total(), fit.precision)[0]
    influence = np.linalg.solve(bread, (sample.kinds.T @ likelihood.scores(fit.at)).T)
    meat = (influence * sample.examples) @ influence.T
    examples = sample.examples.sum()
    found = meat * (examples / (examples - 1) if small_sample else 1.0)
    return np.asarray(found[: likelihood.size, : likelihood.size])
