"""Pairs of an item of the answer and the item of the target for which it stands."""

from collections.abc import Mapping
from typing import TypeAlias

from evalkit_f1.items import Form

Places: TypeAlias = Mapping[Form, int]
"""Distinct items, each with the index of the first that is written so."""

Pair: TypeAlias = tuple[int, int, float]
"""Index of the one, index of the other, and their similarity from 0 to 1."""


def equals(answer: Places[Form], target: Places[Form]) -> list[Pair]:
    """Each item that is on both sides."""
    return [(place, target[form], 1.0) for form, place in answer.items() if form in target]
