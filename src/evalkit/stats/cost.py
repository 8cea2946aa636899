"""What answers cost, and from how many on the dearer adaptation pays.

All amounts are in one currency. A method costs a fixed amount (labels, calls of an optimiser,
device time, tuning runs), and an amount for each prediction.
"""

from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import UserError
from evalkit.stats.arrays import FloatArray, finite

_MILLION = 1_000_000
_HOUR = 3600
_LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Numbers of tokens, or prices of a million of them.

    Attributes:
        fresh: of prompts, computed anew.
        cached: of prompts, found in the endpoint's cache.
        output: generated.
    """

    fresh: float
    output: float
    cached: float = 0.0


def endpoint_cost(used: Tokens, prices: Tokens, successful: int) -> float | None:
    """What one prediction costs at an endpoint that is paid by tokens.

    Args:
        used: by all attempts together, those that failed or were repeated included.
        prices: of a million tokens.
        successful: how many predictions came of it.

    Returns:
        None if there was no successful prediction.

    Raises:
        UserError: a number is negative.
    """
    numbers = (used.fresh, used.cached, used.output, prices.fresh, prices.cached, prices.output)
    if min(*numbers, successful) < 0:
        raise UserError(f"cost of {used} at {prices}", "tokens and prices are 0 or more")
    if successful == 0:
        return None
    paid = sum(one * price for one, price in zip(numbers[:3], numbers[3:], strict=True))
    return paid / _MILLION / successful


def hosted_cost(per_hour: float, per_second: float, utilisation: float = 0.6) -> float:
    """What one prediction costs on a machine of one's own.

    Args:
        per_hour: the price of the machine.
        per_second: predictions in a second at full load.
        utilisation: the share of that load which is really asked for, in (0, 1]. The cost is
            inversely proportional to it: show it wherever the cost is shown.

    Raises:
        UserError: a number is out of its range.
    """
    if per_hour < 0 or per_second <= 0 or not 0 < utilisation <= 1:
        raise UserError(
            f"cost of a machine: {per_hour} per hour, {per_second} predictions per second, "
            f"utilisation {utilisation}",
            "a price of 0 or more, a rate above 0, a utilisation above 0 and up to 1",
        )
    return per_hour / (_HOUR * per_second * utilisation)


def quality_adjusted(cost: float, quality: float, worth: float) -> float:
    """The cost of a prediction with what its errors cost.

    Args:
        cost: of a prediction.
        quality: from 0 to 1.
        worth: what a prediction of quality 0 costs the user more than one of quality 1 (λ).
    """
    return cost + worth * (1 - quality)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a method costs.

    Attributes:
        fixed: once.
        per_prediction: for each prediction.
    """

    fixed: float
    per_prediction: float


Case = Literal["always", "never", "above", "below", "indifferent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """At which numbers of predictions one method is cheaper than another.

    Attributes:
        case: cheaper always (never dearer, at any volume), never, above the volume, or below it;
            or indifferent, as both cost the same.
        volume: the number of predictions at which both cost the same; None but in the cases
            ``above`` and ``below``.
    """

    case: Case
    volume: float | None = None


def break_even(usual: Costs, adapted: Costs) -> BreakEven:
    """When `adapted` (fine-tuning, say) is cheaper than `usual` (prompting, say)."""
    more_once = adapted.fixed - usual.fixed
    less_each = usual.per_prediction - adapted.per_prediction
    case = _case(more_once, less_each)
    return BreakEven(
        case=case, volume=more_once / less_each if case in ("above", "below") else None
    )


def _case(more_once: float, less_each: float) -> Case:
    if more_once == 0 and less_each == 0:
        return "indifferent"
    if more_once <= 0 and less_each >= 0:
        return "always"
    if more_once >= 0 and less_each <= 0:
        return "never"
    return "above" if more_once > 0 else "below"


def break_even_interval(
    more_once: ArrayLike, less_each: ArrayLike, case: Case
) -> tuple[float, float] | None:
    """The 95% interval of a break-even volume, from replicates.

    A replicate in which the method pays at once counts as a volume of 0, one in which it never
    pays (case ``above``) or always does (case ``below``) as infinity.

    Args:
        more_once: by how much the fixed costs of the adapted method are higher, per replicate.
        less_each: by how much its predictions are cheaper; likewise.
        case: which one the point estimate is, ``above`` or ``below``.

    Returns:
        None in other cases, and if some replicates have the opposite one: then it is not known on
        which side of the volume the method pays.

    Raises:
        UserError: a replicate is not finite.
    """
    once, each = np.broadcast_arrays(
        finite(more_once, "replicates of fixed costs"),
        finite(less_each, "replicates of costs per prediction"),
    )
    volumes = _volumes(once.ravel(), each.ravel(), case)
    if case not in ("above", "below") or np.isnan(volumes).any():
        return None
    shares = [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2]
    low, high = np.quantile(volumes, shares, method="inverted_cdf")
    return float(low), float(high)


def _volumes(once: FloatArray, each: FloatArray, case: Case) -> FloatArray:
    """The break-even volume of each replicate; NaN where it is of the opposite case."""
    crossing = np.divide(once, each, out=np.full(len(once), np.nan), where=each != 0)
    if case == "above":
        choices = [(once > 0) & (each > 0), (once <= 0) & (each >= 0), (once >= 0) & (each <= 0)]
        return np.select(choices, [crossing, 0.0, inf], np.nan)
    choices = [(once < 0) & (each < 0), (once <= 0) & (each >= 0), (once >= 0) & (each <= 0)]
    return np.select(choices, [crossing, inf, 0.0], np.nan)
