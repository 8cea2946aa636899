"""Many comparisons: p-values adjusted for the size of their family.

A p of None belongs to a comparison without a test. It stays None and does not count: the family
is made of the tests that were done.

Sources: Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6;
Benjamini and Hochberg (1995), Controlling the false discovery rate, JRSS B 57.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import false_discovery_control

from evalkit.errors import UserError
from evalkit.stats.arrays import FloatArray


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Adjusted p-values: rejecting those below 5% makes any error in 5% of families at most.

    Raises:
        UserError: a p-value is not in 0 to 1.
    """
    return _adjusted(ps, _holm)


def benjamini_hochberg(ps: Sequence[float | None]) -> list[float | None]:
    """Adjusted p-values: of those rejected below 5%, 5% are expected to be errors.

    Raises:
        UserError: a p-value is not in 0 to 1.
    """
    return _adjusted(ps, lambda family: np.asarray(false_discovery_control(family, method="bh")))


def _holm(family: FloatArray) -> FloatArray:
    order = np.argsort(family, kind="stable")
    steps = np.arange(len(family), 0, -1) * family[order]
    adjusted = np.empty_like(family)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted


def _adjusted(
    ps: Sequence[float | None], adjust: Callable[[FloatArray], FloatArray]
) -> list[float | None]:
    for p in ps:
        if p is not None and not 0 <= p <= 1:
            raise UserError(f"p-value: {p}", "a number from 0 to 1, or none without a test")
    family = np.array([p for p in ps if p is not None], dtype=np.float64)
    found = iter(adjust(family).tolist() if len(family) else [])
    return [None if p is None else next(found) for p in ps]
