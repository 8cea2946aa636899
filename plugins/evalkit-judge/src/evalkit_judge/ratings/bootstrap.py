"""The bootstrap over examples: ratings of samples in which each example counts a random number.

Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979), with
examples, not units, drawn with replacement. All replicates are fitted side by side.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evalkit_judge.ratings.likelihood import Likelihood
from evalkit_judge.ratings.units import Flags, Floats

_NUMBERS = 4_000_000
"""A block of replicates holds at most so many numbers in one array: 32 MB."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replicates:
    """The strengths in each replicate.

    Attributes:
        theta: ``[replicates, contestants]``, each row with sum 0.
        regularised: which of them needed the prior, ``[replicates]``.
    """

    theta: Floats
    regularised: Flags


def bootstrap(likelihood: Likelihood, at: Floats, *, replicates: int, seed: int) -> Replicates:
    """Replicates of a sample.

    Args:
        likelihood: of the sample.
        at: its maximum, ``[1, parameters]``, from which the searches start.
        replicates: how many.
        seed: of the draws; the same seed and data give the same replicates.
    """
    theta, regularised = [], []
    for weights in _draws(likelihood, replicates, seed):
        start = np.repeat(at, len(weights), axis=0)
        found = likelihood.fit(likelihood.sample.counts(weights), start)
        theta.append(found.at[:, : likelihood.size])
        regularised.append(found.unbounded.any(axis=1))
    return Replicates(theta=np.concatenate(theta), regularised=np.concatenate(regularised))


def _draws(likelihood: Likelihood, replicates: int, seed: int) -> Iterator[Floats]:
    """Multinomial weights of each kind of example ``[block, kinds]``, block by block.

    How large the blocks are has no effect on the draws.
    """
    sample = likelihood.sample
    examples = int(sample.examples.sum())
    random = np.random.default_rng(seed)
    widest = max(sample.kinds.shape[1], 6 * len(sample.pairs), likelihood.size**2)
    block = max(1, _NUMBERS // widest)
    for first in range(0, replicates, block):
        count = min(block, replicates - first)
        yield random.multinomial(examples, sample.examples / examples, size=count).astype(float)
