"""The likelihood of many samples at once, and its maximum by Newton's method.

A model gives the log-probability of a win, a tie and a loss for each pair, as a function of the
difference d of the two strengths and of at most one more parameter. Everything else is the same
for all models and lies here. Parameters are ``[samples, contestants + extra]``: the strengths
theta, whose sum is 0, then the further parameter.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_array

from evalkit_judge.ratings.units import Flags, Floats, Ints, Sample

PRIOR_DEVIATION = math.log(10)
"""Of the normal prior with mean 0 on a parameter that has no finite maximum: 400 Elo."""

_TOLERANCE = 1e-10
_SLACK = 1e-12
_MAX_ITERATIONS = 200
_MAX_HALVINGS = 60


class Model(ABC):
    """How strengths make outcomes.

    In what follows ``d`` and ``x`` can be broadcast to ``[samples, pairs]``, and the last axes
    of results stand for the outcomes (win, tie, loss) and the predictors (d, then x if there is
    such a parameter).
    """

    extra: ClassVar[int]
    """How many further parameters there are: 0 or 1."""

    @abstractmethod
    def log_probabilities(self, d: Floats, x: Floats) -> Floats:
        """Of the outcomes, ``[samples, pairs, 3]``."""

    @abstractmethod
    def slopes(self, d: Floats, x: Floats) -> Floats:
        """Their derivatives by the predictors, ``[samples, pairs, 3, 1 + extra]``."""

    @abstractmethod
    def curvature(self, d: Floats, x: Floats) -> Floats:
        """The information of one unit, ``[samples, pairs, 1 + extra, 1 + extra]``."""

    @abstractmethod
    def unbounded(self, sample: Sample, counts: Floats) -> Flags:
        """Whether theta, and the further parameter, lack a finite maximum: ``[samples, 2]``."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """The maximum for each sample.

    Attributes:
        at: the parameters, ``[samples, contestants + extra]``; each row of theta has sum 0.
        unbounded: whether theta, and the further parameter, needed the prior: ``[samples, 2]``.
        precision: of the prior on each parameter; 0 where there was none.
    """

    at: Floats
    unbounded: Flags
    precision: Floats


class Likelihood:
    """The likelihood of samples that share their pairs."""

    def __init__(self, model: Model, sample: Sample) -> None:
        """For samples with the pairs of this one."""
        self.model = model
        self.sample = sample
        self.size = sample.contestants
        first, second = sample.pairs.T
        everyone = np.eye(self.size)
        self._incidence: Floats = everyone[first] - everyone[second]
        self._squares = _squares(first, second, self.size)
        # Only differences of theta count, so the curvature is singular along the vector of ones;
        # ones that are added there pin the sum of theta to 0 and change nothing else.
        self._gauge = np.zeros((self.size + model.extra,) * 2)
        self._gauge[: self.size, : self.size] = 1

    def start(self, samples: int) -> Floats:
        """Parameters that are all 0."""
        return np.zeros((samples, self.size + self.model.extra))

    def fit(self, counts: Floats, start: Floats) -> Fit:
        """The maximum for each sample, with a prior on those parameters alone that need it.

        Args:
            counts: wins, ties and losses, ``[samples, pairs, 3]``.
            start: parameters from which to search.

        Raises:
            ArithmeticError: no maximum was found.
        """
        unbounded = self.model.unbounded(self.sample, counts)
        of_parameter = np.repeat([0, 1], [self.size, self.model.extra])
        precision = unbounded[:, of_parameter] / PRIOR_DEVIATION**2
        at = self.maximise(counts, precision, start)
        return Fit(at=at, unbounded=unbounded, precision=precision)

    def value(self, at: Floats, counts: Floats) -> Floats:
        """The log-likelihood of each sample."""
        found = self.model.log_probabilities(*self._predictors(at))
        return np.asarray((counts * found).sum(axis=(1, 2)))

    def scores(self, at: Floats) -> Floats:
        """What one win, tie or loss of each pair adds to the gradient.

        For parameters of one sample; ``[3 * pairs, parameters]``, as in ``Sample.kinds``.
        """
        slopes = self.model.slopes(*self._predictors(at))[0]
        of_theta = slopes[..., :1] * self._incidence[:, None, :]
        found = np.concatenate([of_theta, slopes[..., 1:]], axis=2)
        return found.reshape(-1, found.shape[2])

    def curvature(self, at: Floats, counts: Floats, precision: Floats) -> Floats:
        """The information with the prior's and the gauge, ``[samples, parameters, parameters]``."""
        n = self.size
        units = counts.sum(axis=2)[..., None, None]
        of_pair = units * self.model.curvature(*self._predictors(at))
        found = np.repeat(self._gauge[None], len(at), axis=0)
        found[:, :n, :n] += (self._squares @ of_pair[..., 0, 0].T).T.reshape(-1, n, n)
        cross = of_pair[..., 0, 1:].swapaxes(1, 2) @ self._incidence
        found[:, n:, :n] += cross
        found[:, :n, n:] += cross.swapaxes(1, 2)
        found[:, n:, n:] += of_pair[..., 1:, 1:].sum(axis=1)
        diagonal = np.arange(found.shape[1])
        found[:, diagonal, diagonal] += precision
        return found

    def maximise(self, counts: Floats, precision: Floats, start: Floats) -> Floats:
        """The parameters at which the likelihood times the prior is greatest, for each sample.

        Raises:
            ArithmeticError: no maximum was found, since there is none without a prior.
        """
        at = start.copy()
        left = np.arange(len(at))
        for _ in range(_MAX_ITERATIONS):
            step = self._step(at[left], counts[left], precision[left])
            at[left] += step
            left = left[~(np.abs(step).max(axis=1) < _TOLERANCE)]
            if not left.size:
                at[:, : self.size] -= at[:, : self.size].mean(axis=1, keepdims=True)
                return at
        raise ArithmeticError("ratings: Newton's method found no maximum")

    def _step(self, at: Floats, counts: Floats, precision: Floats) -> Floats:
        """Newton's step, halved until it does not lead downhill: far off it overshoots."""
        slope = self._gradient(at, counts) - precision * at
        step = np.linalg.solve(self.curvature(at, counts, precision), slope[..., None])[..., 0]
        here = self._penalised(at, counts, precision)
        lowest = here - _SLACK * np.abs(here)
        for _ in range(_MAX_HALVINGS):
            downhill = ~(self._penalised(at + step, counts, precision) >= lowest)
            if not downhill.any():
                break
            step[downhill] /= 2
        return np.asarray(step)

    def _gradient(self, at: Floats, counts: Floats) -> Floats:
        slopes = self.model.slopes(*self._predictors(at))
        of_pair = (counts[..., None] * slopes).sum(axis=2)
        parts = [of_pair[..., 0] @ self._incidence, of_pair[..., 1:].sum(axis=1)]
        return np.concatenate(parts, axis=1)

    def _penalised(self, at: Floats, counts: Floats, precision: Floats) -> Floats:
        return np.asarray(self.value(at, counts) - (precision * at**2).sum(axis=1) / 2)

    def _predictors(self, at: Floats) -> tuple[Floats, Floats]:
        """The predictors d, ``[samples, pairs]``, and x, ``[samples, extra]``."""
        return at[:, : self.size] @ self._incidence.T, at[:, self.size :]


def _squares(first: Ints, second: Ints, size: int) -> csr_array:
    """The outer product of each pair's row of the design, ``[size * size, pairs]``."""
    rows = [first * size + first, second * size + second]
    rows += [first * size + second, second * size + first]
    signs = np.repeat([1.0, 1.0, -1.0, -1.0], len(first))
    columns = np.tile(np.arange(len(first)), 4)
    return csr_array((signs, (np.concatenate(rows), columns)), shape=(size * size, len(first)))
