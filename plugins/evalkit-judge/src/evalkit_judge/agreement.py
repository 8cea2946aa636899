"""How far two raters agree beyond chance: Cohen's kappa and Gwet's AC1, with intervals.

Kappa's chance agreement is what the raters' own shares of the categories give; where one category
is almost the only one, kappa falls towards 0 though the raters hardly differ. AC1 does not.

Sources: Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
Measurement 20 (1960); Gwet, "Computing inter-rater reliability and its variance in the presence
of high agreement", British Journal of Mathematical and Statistical Psychology 61 (2008).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Interval: TypeAlias = tuple[float, float]

_CERTAIN = 1e-12
_DEFINED = 0.95
"""Share of the replicates in which a figure must be defined for its interval to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far two raters agree.

    Attributes:
        units: how often both gave a label.
        observed: share of equal labels, in [0, 1].
        kappa: at most 1; None if chance alone explains all, since both used one category only.
        ac1: at most 1.
        observed_interval: of 95%; None with fewer than two clusters.
        kappa_interval: likewise; None also where kappa is hardly ever defined.
        ac1_interval: likewise.
    """

    units: int
    observed: float
    kappa: float | None
    ac1: float
    observed_interval: Interval | None = None
    kappa_interval: Interval | None = None
    ac1_interval: Interval | None = None


def observed_agreement(tables: Floats) -> Floats:
    """Share of equal labels of each table ``[..., q, q]``; nan for an empty one."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.trace(tables, axis1=-2, axis2=-1) / tables.sum(axis=(-2, -1)))


def kappa(tables: Floats) -> Floats:
    """Cohen's kappa of each table ``[..., q, q]``; nan where it is undefined."""
    rows, columns = _shares(tables)
    return _beyond_chance(observed_agreement(tables), (rows * columns).sum(axis=-1))


def ac1(tables: Floats) -> Floats:
    """Gwet's AC1 of each table ``[..., q, q]``; q is the number of declared categories."""
    rows, columns = _shares(tables)
    share = (rows + columns) / 2
    chance = (share * (1 - share)).sum(axis=-1) / (tables.shape[-1] - 1)
    return _beyond_chance(observed_agreement(tables), chance)


def agree(
    first: Sequence[int],
    second: Sequence[int],
    clusters: Sequence[Hashable],
    *,
    categories: int,
    replicates: int = 1000,
    seed: int = 0,
) -> Agreement | None:
    """The agreement of two raters; None without a unit.

    Args:
        first: category of each unit by one rater, from 0.
        second: by the other.
        clusters: what each unit belongs to; whole clusters are resampled.
        categories: how many there are, used or not.
        replicates: of the bootstrap.
        seed: of the bootstrap.
    """
    if not first:
        return None
    index = {cluster: i for i, cluster in enumerate(dict.fromkeys(clusters))}
    tables = np.zeros((len(index), categories, categories))
    np.add.at(tables, ([index[cluster] for cluster in clusters], list(first), list(second)), 1)
    whole = tables.sum(axis=0)
    found = [float(figure(whole)) for figure in (observed_agreement, kappa, ac1)]
    drawn = _resampled(tables, replicates, seed)
    intervals = [_interval(figure(drawn)) for figure in (observed_agreement, kappa, ac1)]
    return Agreement(
        units=len(first),
        observed=found[0],
        kappa=None if np.isnan(found[1]) else found[1],
        ac1=found[2],
        observed_interval=intervals[0],
        kappa_interval=intervals[1],
        ac1_interval=intervals[2],
    )


def _shares(tables: Floats) -> tuple[Floats, Floats]:
    """Each rater's shares of the categories."""
    with np.errstate(invalid="ignore"):
        normed = tables / tables.sum(axis=(-2, -1), keepdims=True)
    return normed.sum(axis=-1), normed.sum(axis=-2)


def _beyond_chance(observed: Floats, chance: Floats) -> Floats:
    room = 1 - chance
    open_ = room > _CERTAIN
    return np.where(open_, (observed - chance) / np.where(open_, room, 1.0), np.nan)


def _resampled(tables: Floats, replicates: int, seed: int) -> Floats:
    """Tables of resampled clusters, ``[replicates, q, q]``; none with fewer than two clusters."""
    count, categories, _ = tables.shape
    if count < 2:
        return np.zeros((0, categories, categories))
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(count, np.full(count, 1 / count), size=replicates)
    flat = weights.astype(np.float64) @ tables.reshape(count, -1)
    return np.asarray(flat.reshape(replicates, categories, categories))


def _interval(figures: Floats) -> Interval | None:
    known = figures[~np.isnan(figures)]
    if not len(figures) or len(known) < _DEFINED * len(figures):
        return None
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)
