"""From outcomes to ratings: units as arrays, clustered by the source of their example."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from evalkit import UserError
from evalkit_judge.lineup import Lineup
from evalkit_judge.params import JudgeEloParams
from evalkit_judge.ratings import (
    PositionEffect,
    Ratings,
    Units,
    online_elo,
    position_effect,
    rate,
)
from evalkit_judge.sensitivity import Scores
from evalkit_judge.tally import Outcome, tallies

NOTHING_JUDGED = "nothing was judged"
ONLINE = "online Elo knows no errors"

Figures: TypeAlias = tuple[float | None, ...]

_Row: TypeAlias = tuple[str, str, float, str]
"""Two contestants, the score of the first, and the example."""


def check_anchor(params: JudgeEloParams, contestants: Sequence[str]) -> None:
    """See that the anchor takes part.

    Raises:
        UserError: it does not.
    """
    if params.anchor is not None and params.anchor not in contestants:
        raise UserError(
            f'judge-elo: anchor: there is no contestant "{params.anchor}"',
            f"there are: {', '.join(contestants)}",
        )


class Fit:
    """Makes ratings of outcomes, by the parameters."""

    def __init__(self, lineup: Lineup, params: JudgeEloParams, *, seed: int) -> None:
        """Keep what the ratings depend on, beside the outcomes.

        Args:
            lineup: what was judged.
            params: which ratings are wanted.
            seed: of the bootstrap.

        Raises:
            UserError: the anchor takes no part.
        """
        self._lineup = lineup
        self._params = params
        self._seed = seed
        self._index = {name: i for i, name in enumerate(lineup.contestants)}
        check_anchor(params, lineup.contestants)

    def ratings(self, units: Sequence[Outcome]) -> Ratings:
        """Ratings with intervals; the study's have none."""
        found = self._rate(units, self._params.replicates)
        if not _judged(units):
            return replace(found, reasons=(NOTHING_JUDGED,) * len(self._index))
        if self._params.compat != "study":
            return found
        nothing = (None,) * len(self._index)
        return replace(
            found,
            elo=self._online(units, found),
            se=nothing,
            low=nothing,
            high=nothing,
            rank_low=nothing,
            rank_high=nothing,
            reasons=tuple(
                why if elo is None else ONLINE
                for elo, why in zip(found.elo, found.reasons, strict=True)
            ),
            regularised=False,
            prior_share=None,
            covariance=np.full_like(found.covariance, np.nan),
        )

    def elo(self, units: Sequence[Outcome]) -> Figures:
        """The ratings alone."""
        found = self._rate(units, 0)
        return self._online(units, found) if self._params.compat == "study" else found.elo

    def elo_if(self, units: Sequence[Outcome], scores: Scores) -> Figures:
        """The ratings if the units had ended with these scores."""
        return self.elo([replace(u, score=s) for u, s in zip(units, scores, strict=True)])

    def advantage(self, units: Sequence[Outcome]) -> PositionEffect | None:
        """How much it helps to be shown first, by one judge; None if that cannot be told."""
        rows: list[_Row] = []
        for outcome in units:
            unit = outcome.unit
            for order, score in zip(unit.orders, outcome.by_order, strict=True):
                if score is None or outcome.tied_unasked:
                    continue
                if order == "ab":
                    rows.append((unit.a, unit.b, score, unit.example))
                else:
                    rows.append((unit.b, unit.a, 1 - score, unit.example))
        return position_effect(self._arrays(rows))

    def _rate(self, units: Sequence[Outcome], replicates: int) -> Ratings:
        counted = units if _judged(units) else ()
        scored = [(one.unit, one.score) for one in counted if one.score is not None]
        rows = [(unit.a, unit.b, score, unit.example) for unit, score in scored]
        anchor = self._params.anchor
        return rate(
            self._arrays(rows),
            model=self._params.rating,
            replicates=replicates,
            seed=self._seed,
            anchor=None if anchor is None else self._index[anchor],
        )

    def _arrays(self, rows: Sequence[_Row]) -> Units:
        sources = self._lineup.sources
        number: Mapping[str, int] = {s: i for i, s in enumerate(dict.fromkeys(sources.values()))}
        return Units(
            a=np.array([self._index[a] for a, _, _, _ in rows], dtype=np.int64),
            b=np.array([self._index[b] for _, b, _, _ in rows], dtype=np.int64),
            score=np.array([score for _, _, score, _ in rows], dtype=np.float64),
            cluster=np.array([number[sources[e]] for _, _, _, e in rows], dtype=np.int64),
            contestants=len(self._index),
        )

    def _online(self, units: Sequence[Outcome], found: Ratings) -> Figures:
        """The study's ratings, for those that met anybody."""
        online = online_elo(len(self._index), tallies(self._lineup, units))
        pairs = zip(online, found.elo, strict=True)
        return tuple(None if unmet is None else elo for elo, unmet in pairs)


def _judged(units: Sequence[Outcome]) -> bool:
    """Whether any unit has a verdict; equal answers, tied unasked, rate nobody by themselves."""
    return any(one.score is not None and not one.tied_unasked for one in units)
