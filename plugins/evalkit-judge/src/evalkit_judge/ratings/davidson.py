"""Davidson's model: ties are outcomes of their own, with one parameter for their frequency.

Davidson, "On extending the Bradley-Terry model to accommodate ties in paired comparison
experiments", Journal of the American Statistical Association 65 (1970): with pi = exp(theta), i
beats j with probability pi_i / (pi_i + pi_j + nu * sqrt(pi_i * pi_j)). Its scale is stretched by
about (2 + nu) / 2 beside Bradley-Terry's: never compare the two. The further parameter is log nu.
"""

import numpy as np
from scipy.special import log_softmax

from evalkit_judge.ratings.bradley_terry import scored
from evalkit_judge.ratings.graph import bounds, negative_cycle, strongly_connected
from evalkit_judge.ratings.likelihood import Model
from evalkit_judge.ratings.units import Flags, Floats, Sample

_STATISTICS = np.array([[0.5, 0.0], [0.0, 1.0], [-0.5, 0.0]])
"""What a win, a tie and a loss add to the statistics that d and log nu multiply."""


class Davidson(Model):
    """An exponential family in theta and log nu."""

    extra = 1

    def log_probabilities(self, d: Floats, x: Floats) -> Floats:
        """Of a win, a tie and a loss."""
        odds = np.stack([d / 2, np.broadcast_to(x, d.shape), -d / 2], axis=-1)
        return np.asarray(log_softmax(odds, axis=-1))

    def slopes(self, d: Floats, x: Floats) -> Floats:
        """Statistics less their expectation."""
        expected = np.exp(self.log_probabilities(d, x)) @ _STATISTICS
        return np.asarray(_STATISTICS - expected[..., None, :])

    def curvature(self, d: Floats, x: Floats) -> Floats:
        """The covariance of the statistics."""
        probability = np.exp(self.log_probabilities(d, x))
        rest = self.slopes(d, x)
        return np.asarray(np.swapaxes(probability[..., None] * rest, -1, -2) @ rest)

    def unbounded(self, sample: Sample, counts: Floats) -> Flags:
        """A direction in which no outcome ever becomes less likely means no finite maximum.

        If log nu stays, every contestant must be reachable from every other by points. It can
        fall only if there are no ties. If it rises by 1, a winner must pull away from the loser
        by at least 2, and those who tied must stay within 2 of each other: such a way exists
        unless these bounds contradict each other round a cycle. Without any win the bounds of
        ties alone are always met.
        """
        ties = (counts[..., 1] > 0).any(axis=1)
        decided = (counts[..., ::2] > 0).any(axis=(1, 2))
        loose = ~strongly_connected(scored(sample, counts))
        loose |= ties & ~negative_cycle(_bounds(sample, counts))
        return np.stack([loose, ~(ties & decided)], axis=1)


def _bounds(sample: Sample, counts: Floats) -> Floats:
    """At most so much may theta of the second rise over the first's, ``[samples, from, to]``."""
    first, second = sample.pairs.T
    won, drawn, lost = np.moveaxis(counts > 0, 2, 0)
    arcs = [(first, second, won, -2.0), (second, first, lost, -2.0)]
    arcs += [(first, second, drawn, 2.0), (second, first, drawn, 2.0)]
    return bounds(len(counts), sample.contestants, arcs)
