"""Types of the arrays, and the checks that all of them share."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import UserError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

NEGLIGIBLE: Final = 1e-12
"""Smaller than this is rounding: figures that differ by less are the same."""


def finite(values: ArrayLike, what: str) -> FloatArray:
    """The values as numbers.

    Raises:
        UserError: there are none, or one of them is not finite.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.size == 0:
        raise UserError(f"{what}: there are none", "statistics need at least one example")
    wrong = np.argwhere(~np.isfinite(found))
    if len(wrong):
        place = tuple(int(index) for index in wrong[0])
        raise UserError(
            f"{what}: {found[place]} at index {place}, {len(wrong)} of {found.size} are not finite",
            "scores are finite numbers; an example without a score is left out, on both sides",
        )
    return found


def spans(values: FloatArray) -> bool:
    """Whether the values differ by more than rounding."""
    return bool(np.ptp(values) > NEGLIGIBLE * max(1.0, float(np.abs(values).max())))
