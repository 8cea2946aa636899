"""Whether the answer that is shown first has an advantage: Bradley-Terry with one more term.

The log-odds that the first-shown i beats j are theta_i - theta_j + delta. The likelihood ratio
against delta = 0 has, in large samples, a chi-square distribution with one degree of freedom.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from evalkit_judge.ratings.bradley_terry import BradleyTerry, scored
from evalkit_judge.ratings.graph import bounds, linked, negative_cycle, strongly_connected
from evalkit_judge.ratings.likelihood import Likelihood, Model
from evalkit_judge.ratings.units import Flags, Floats, Sample, Units, gather


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionEffect:
    """The advantage of being shown first.

    Attributes:
        delta: in log-odds; times ``ELO_PER_LOGIT`` it is in Elo. Positive: first is better.
        theta: strengths of the contestants with the advantage taken out; their sum is 0.
        likelihood_ratio: twice the gain in log-likelihood over delta = 0.
        p_value: of delta = 0. It takes units for independent.
    """

    delta: float
    theta: tuple[float, ...]
    likelihood_ratio: float
    p_value: float


class WithPosition(Model):
    """Bradley-Terry, with the further parameter added to every difference."""

    extra = 1
    _plain = BradleyTerry()

    def log_probabilities(self, d: Floats, x: Floats) -> Floats:
        """Bradley-Terry's, at d + delta."""
        return self._plain.log_probabilities(d + x, x)

    def slopes(self, d: Floats, x: Floats) -> Floats:
        """The same by d and by delta."""
        return np.repeat(self._plain.slopes(d + x, x), 2, axis=-1)

    def curvature(self, d: Floats, x: Floats) -> Floats:
        """Likewise."""
        return np.tile(self._plain.curvature(d + x, x), (2, 2))

    def unbounded(self, sample: Sample, counts: Floats) -> Flags:
        """As for Davidson's model: no direction may make every outcome at least as likely."""
        loose = ~strongly_connected(scored(sample, counts))
        ways = [~negative_cycle(_bounds(sample, counts, sign)) for sign in (1.0, -1.0)]
        return np.stack([loose, ways[0] | ways[1]], axis=1)


def position_effect(units: Units) -> PositionEffect | None:
    """The effect in units of which a was shown first; None if the data do not determine it.

    They do not if contestants met nobody or make several groups, if some only won or only lost,
    or if each strength can make up for the effect of position (say, each pair was shown in one
    order only).
    """
    if len(linked(units.a, units.b, units.contestants)) != 1 or units.contestants < 2:
        return None
    sample = gather(units, ordered=True)
    counts = sample.total()
    likelihoods = [Likelihood(model, sample) for model in (BradleyTerry(), WithPosition())]
    fits = [one.fit(counts, one.start(1)) for one in likelihoods]
    if any(fit.unbounded.any() for fit in fits):
        return None
    without, with_it = (
        float(one.value(fit.at, counts)[0]) for one, fit in zip(likelihoods, fits, strict=True)
    )
    ratio = max(0.0, 2 * (with_it - without))
    *theta, delta = fits[1].at[0].tolist()
    return PositionEffect(
        delta=delta, theta=tuple(theta), likelihood_ratio=ratio, p_value=float(chi2.sf(ratio, 1))
    )


def _bounds(sample: Sample, counts: Floats, sign: float) -> Floats:
    """At most so much may theta of the second rise over the first's, if delta rises by `sign`."""
    first, second = sample.pairs.T
    won, drawn, lost = np.moveaxis(counts > 0, 2, 0)
    arcs = [(first, second, won | drawn, sign), (second, first, lost | drawn, -sign)]
    return bounds(len(counts), sample.contestants, arcs)
