"""The Elo scale."""

import math

BASE = 1500.0
"""The mean rating of a group; with an anchor, the anchor's."""

ELO_PER_LOGIT = 400 / math.log(10)
"""Ten times the odds are 400 Elo."""

NO_SPREAD = 1e-6
"""An error in Elo that is less is 0 but for rounding."""
