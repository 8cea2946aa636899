"""Bradley-Terry: the log-odds that i beats j are theta_i - theta_j.

Bradley and Terry, "Rank analysis of incomplete block designs", Biometrika 39 (1952). A tie is
half a win and half a loss, which makes this a quasi-likelihood: its own standard errors would be
too large or too small, so that the sandwich or the bootstrap must give them.
"""

import numpy as np
from scipy.special import expit, log_expit

from evalkit_judge.ratings.graph import strongly_connected
from evalkit_judge.ratings.likelihood import Model
from evalkit_judge.ratings.units import Flags, Floats, Sample

_POINTS = np.array([1.0, 0.5, 0.0])
"""What a win, a tie and a loss count."""


class BradleyTerry(Model):
    """Ties as halves; no further parameter."""

    extra = 0

    def log_probabilities(self, d: Floats, x: Floats) -> Floats:
        """Of a win and a loss; of a tie, their mean."""
        win, loss = log_expit(d), log_expit(-d)
        return np.stack([win, (win + loss) / 2, loss], axis=-1)

    def slopes(self, d: Floats, x: Floats) -> Floats:
        """Points scored less points expected."""
        return np.asarray(_POINTS - expit(d)[..., None])[..., None]

    def curvature(self, d: Floats, x: Floats) -> Floats:
        """The variance of a game without ties."""
        return np.asarray(expit(d) * expit(-d))[..., None, None]

    def unbounded(self, sample: Sample, counts: Floats) -> Flags:
        """Theta is, unless chains of points lead from everyone to everyone."""
        loose = ~strongly_connected(scored(sample, counts))
        return np.stack([loose, np.zeros_like(loose)], axis=1)


def scored(sample: Sample, counts: Floats) -> Flags:
    """Arcs ``[samples, j, i]``: i scored against j."""
    first, second = sample.pairs.T
    won, drawn, lost = np.moveaxis(counts > 0, 2, 0)
    arcs = np.zeros((len(counts), sample.contestants, sample.contestants), dtype=np.bool_)
    arcs[:, second, first] |= won | drawn
    arcs[:, first, second] |= lost | drawn
    return arcs
