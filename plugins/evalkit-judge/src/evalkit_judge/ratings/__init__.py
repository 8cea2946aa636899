"""Ratings from pairwise scores: Bradley-Terry or Davidson on the Elo scale, and how sure they are.

Pure functions of arrays: ``rate`` makes ``Ratings`` of ``Units``.
"""

from evalkit_judge.ratings.elo import BASE, ELO_PER_LOGIT
from evalkit_judge.ratings.online import Tally, online_elo
from evalkit_judge.ratings.position import PositionEffect, position_effect
from evalkit_judge.ratings.rating import ALL_ALIKE, ModelName, rate
from evalkit_judge.ratings.result import GroupFit, Ratings
from evalkit_judge.ratings.units import Units

__all__ = [
    "ALL_ALIKE",
    "BASE",
    "ELO_PER_LOGIT",
    "GroupFit",
    "ModelName",
    "PositionEffect",
    "Ratings",
    "Tally",
    "Units",
    "online_elo",
    "position_effect",
    "rate",
]
