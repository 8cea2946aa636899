"""From units to ratings, group by group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from evalkit_judge.ratings.bradley_terry import BradleyTerry
from evalkit_judge.ratings.davidson import Davidson
from evalkit_judge.ratings.elo import BASE, ELO_PER_LOGIT
from evalkit_judge.ratings.graph import linked
from evalkit_judge.ratings.likelihood import Fit, Likelihood, Model
from evalkit_judge.ratings.result import GroupFit, Numbers, Ranks, Ratings
from evalkit_judge.ratings.spread import Spread, spread
from evalkit_judge.ratings.units import Floats, Units, gather

ModelName: TypeAlias = Literal["bradley-terry", "davidson"]

_MODELS: Mapping[str, type[Model]] = {"bradley-terry": BradleyTerry, "davidson": Davidson}

UNMET = "it met nobody"
ONE_EXAMPLE = "there is one example only"
ALL_ALIKE = "the verdicts do not vary between examples"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rated:
    """A group of at least two contestants, rated."""

    members: tuple[int, ...]
    elo: Floats
    spread: Spread
    fit: GroupFit


def rate(
    units: Units,
    *,
    model: ModelName = "bradley-terry",
    replicates: int = 1000,
    seed: int = 0,
    anchor: int | None = None,
) -> Ratings:
    """Rate contestants on the Elo scale.

    Within each group that is linked by comparisons the mean is 1500. A group whose data have no
    finite maximum gets a prior on theta, normal with mean 0 and 400 Elo of deviation.

    Args:
        units: who scored what against whom, on which example.
        model: ``davidson`` stretches the scale: never compare its Elo with Bradley-Terry's.
        replicates: of the bootstrap; with 0 there are neither intervals nor ranks.
        seed: of the bootstrap, at least 0.
        anchor: index of a baseline whose rating is 1500 and certain. The errors and intervals
            of its group are then those of the differences from it.

    Raises:
        ValueError: the model is unknown, replicates are negative, or the anchor is out of range.
        ArithmeticError: no maximum was found.
    """
    if model not in _MODELS:
        raise ValueError(f"rate: unknown model {model!r}; there are: {', '.join(_MODELS)}")
    if replicates < 0:
        raise ValueError(f"rate: replicates = {replicates}: must be 0 or more")
    if anchor is not None and not 0 <= anchor < units.contestants:
        raise ValueError(f"rate: anchor = {anchor}: must be in 0 .. {units.contestants - 1}")
    groups = linked(units.a, units.b, units.contestants)
    rated = []
    for members in groups:
        if len(members) > 1:
            likelihood = Likelihood(_MODELS[model](), gather(units.among(members)))
            to_elo = _contrasts(members, anchor)
            rated.append(_rate_group(likelihood, members, to_elo, replicates=replicates, seed=seed))
    return _gathered(groups, rated)


def _contrasts(members: tuple[int, ...], anchor: int | None) -> Floats:
    """What makes Elo above the base of theta: less their mean, or less the anchor's."""
    found = np.eye(len(members))
    if anchor in members:
        found[:, members.index(anchor)] -= 1
    else:
        found -= 1 / len(members)
    return ELO_PER_LOGIT * found


def _rate_group(
    likelihood: Likelihood,
    members: tuple[int, ...],
    to_elo: Floats,
    *,
    replicates: int,
    seed: int,
) -> _Rated:
    counts = likelihood.sample.total()
    fit = likelihood.fit(counts, likelihood.start(1))
    return _Rated(
        members=members,
        elo=BASE + to_elo @ fit.at[0, : likelihood.size],
        spread=spread(likelihood, fit, to_elo, replicates=replicates, seed=seed),
        fit=GroupFit(
            log_likelihood=float(likelihood.value(fit.at, counts)[0]),
            nu=_nu(likelihood, fit),
            regularised=bool(fit.unbounded.any()),
            examples=int(likelihood.sample.examples.sum()),
        ),
    )


def _nu(likelihood: Likelihood, fit: Fit) -> float | None:
    if not likelihood.model.extra or fit.unbounded[0, 1]:
        return None
    return float(np.exp(fit.at[0, -1]))


def _gathered(groups: tuple[tuple[int, ...], ...], rated: list[_Rated]) -> Ratings:
    """The ratings of all groups, in the order of the contestants."""
    size = sum(map(len, groups))
    columns = np.full((6, size), np.nan)
    covariance = np.full((size, size), np.nan)
    reasons: list[str | None] = [UNMET] * size
    for one in rated:
        own = list(one.members)
        spread = one.spread
        columns[:, own] = np.stack([one.elo, spread.se, *spread.bounds, *spread.ranks])
        covariance[np.ix_(own, own)] = spread.covariance
        for index, se in zip(own, spread.se, strict=True):
            reasons[index] = _reason(one) if np.isnan(se) else None
    elo, se, low, high = (_numbers(column) for column in columns[:4])
    rank_low, rank_high = (_ranks(column) for column in columns[4:])
    needed = np.array([one.spread.regularised for one in rated])
    return Ratings(
        elo=elo,
        groups=groups,
        regularised=any(one.fit.regularised for one in rated),
        se=se,
        low=low,
        high=high,
        rank_low=rank_low,
        rank_high=rank_high,
        reasons=tuple(reasons),
        prior_share=float(needed.any(axis=0).mean()) if needed.size else None,
        fits=tuple(one.fit for one in rated),
        covariance=covariance,
    )


def _reason(one: _Rated) -> str:
    return ONE_EXAMPLE if one.fit.examples == 1 else ALL_ALIKE


def _numbers(column: Floats) -> Numbers:
    return tuple(None if np.isnan(value) else float(value) for value in column)


def _ranks(column: Floats) -> Ranks:
    return tuple(None if np.isnan(value) else int(value) for value in column)
