"""From how many answers on a method pays that is dearer to adapt. Pure.

Two views: by what is paid, and with what bad answers cost. In the second one an answer of quality q
costs ``error cost * (1 - q)`` more, so that a better method may pay though it is dearer to serve.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations, pairwise
from math import isfinite
from typing import Any

import numpy as np

from evalkit.compare.evidence import Evidence, Form
from evalkit.stats.arrays import FloatArray
from evalkit.stats.cost import BreakEven, Costs, break_even, break_even_interval, quality_adjusted

_SHARE = "the figure is no share from 0 to 1, of which more is better"


def adjusted_costs(
    costs: Mapping[str, Form], evidence: Evidence, error_cost: float
) -> dict[str, dict[str, Any]]:
    """The cost of serving with what bad answers cost.

    Args:
        costs: as `costs` has them.
        evidence: the qualities.
        error_cost: what an answer of quality 0 costs the user more than one of quality 1.

    Returns:
        Name of a method -> ``per_1000``, or None and the reason under ``undefined``.
    """
    return {name: _adjusted(name, costs, evidence, error_cost) for name in costs}


def _adjusted(
    name: str, costs: Mapping[str, Form], evidence: Evidence, error_cost: float
) -> dict[str, Any]:
    serving = costs[name]["serving"]
    reason = serving["undefined"]
    if reason is None and not evidence.knows(name):
        reason = "it has no figure"
    if reason is None and not _is_share(name, evidence):
        reason = _SHARE
    if reason is not None:
        return {"per_1000": None, "undefined": reason}
    each = quality_adjusted(serving["per_1000"] / 1000, evidence.quality(name), error_cost)
    return {"per_1000": 1000 * each, "undefined": None}


def _is_share(name: str, evidence: Evidence) -> bool:
    return evidence.higher_is_better and 0 <= evidence.quality(name) <= 1


def deciding_pairs(
    names: Sequence[str], anchors: Collection[str], front: Sequence[str]
) -> list[tuple[str, str]]:
    """The pairs whose break-even number may decide which method to take.

    They grow with the number of methods; all pairs would grow with its square, and most of them
    are of two methods that nobody would take.

    Args:
        names: of all methods.
        anchors: those that any other is weighed against: the baseline, the best, the recommended.
        front: the methods that none dominates, the cheapest first: each meets the next.
    """
    steps = {frozenset(step) for step in pairwise(front)}
    return [
        pair
        for pair in combinations(names, 2)
        if frozenset(pair) in steps or not set(pair).isdisjoint(anchors)
    ]


def break_evens(
    costs: Mapping[str, Form],
    evidence: Evidence,
    pairs: Sequence[tuple[str, str]],
    *,
    error_cost: float = 0.0,
    serving: Mapping[str, FloatArray] | None = None,
) -> list[dict[str, Any]]:
    """The numbers of answers at which the cheaper of two methods changes.

    Args:
        costs: as `costs` has them.
        evidence: the qualities, with their replicates.
        pairs: which methods to weigh against each other; see `deciding_pairs`.
        error_cost: what an answer of quality 0 costs the user more than one of quality 1.
        serving: name of a method -> the cost of one answer in the joint resamples.

    Returns:
        One entry for each pair of which one method pays from some number on:
        ``cheaper_to_adapt`` and ``dearer_to_adapt``, the difference of that
        (``more_to_adapt``), and under ``paid`` and ``with_errors`` (None without an error cost)
        the ``case`` of the dearer one (``always``, ``never`` or ``above`` the number of
        ``answers``, or ``indifferent``), ``saved_per_1000``, and the 95% interval, ``low`` and
        ``high``. An end that is unbounded or unknown is None; ``undefined`` says why.
    """
    known = {
        name
        for name, one in costs.items()
        if one["adaptation"]["total"] is not None and one["serving"]["per_1000"] is not None
    }
    found = [
        _pair(pair, costs, evidence, error_cost, serving or {})
        for pair in pairs
        if known.issuperset(pair)
    ]
    views = ("paid", "with_errors")
    return [one for one in found if any((one[view] or {}).get("answers") for view in views)]


def _pair(
    names: tuple[str, str],
    costs: Mapping[str, Form],
    evidence: Evidence,
    error_cost: float,
    serving: Mapping[str, FloatArray],
) -> dict[str, Any]:
    fixed = {name: costs[name]["adaptation"]["total"] for name in names}
    each = {name: costs[name]["serving"]["per_1000"] / 1000 for name in names}
    usual, adapted = sorted(names, key=lambda name: (fixed[name], -each[name]))
    more = fixed[adapted] - fixed[usual]
    drawn = _saved(usual, adapted, serving)
    paid = _view(fixed, each, (usual, adapted), drawn)
    with_errors = None
    if error_cost and all(evidence.knows(name) and _is_share(name, evidence) for name in names):
        adjusted = {
            name: quality_adjusted(each[name], evidence.quality(name), error_cost) for name in names
        }
        gain = error_cost * (evidence.drawn(adapted) - evidence.drawn(usual))
        base = np.array(each[usual] - each[adapted]) if drawn is None else drawn
        together = base + gain if base.shape in ((), gain.shape) else None
        with_errors = _view(fixed, adjusted, (usual, adapted), together)
    return {
        "cheaper_to_adapt": usual,
        "dearer_to_adapt": adapted,
        "more_to_adapt": more,
        "paid": paid,
        "with_errors": with_errors,
    }


def _saved(usual: str, adapted: str, serving: Mapping[str, FloatArray]) -> FloatArray | None:
    if usual not in serving or adapted not in serving:
        return None
    return serving[usual] - serving[adapted]


def _view(
    fixed: Mapping[str, float],
    each: Mapping[str, float],
    names: tuple[str, str],
    drawn: FloatArray | None,
) -> dict[str, Any]:
    usual, adapted = (Costs(fixed=fixed[name], per_prediction=each[name]) for name in names)
    found = break_even(usual, adapted)
    form = {
        "case": found.case,
        "answers": found.volume,
        "saved_per_1000": 1000 * (usual.per_prediction - adapted.per_prediction),
    }
    return {**form, **_interval(found, adapted.fixed - usual.fixed, drawn)}


def _interval(found: BreakEven, more: float, drawn: FloatArray | None) -> dict[str, Any]:
    nothing: dict[str, Any] = {"low": None, "high": None}
    if found.volume is None:
        return {**nothing, "undefined": "there is no such number"}
    if drawn is not None and not np.isfinite(drawn).all():
        return {**nothing, "undefined": "resamples leave a figure undefined"}
    if drawn is None or not np.ptp(drawn) > 0:
        return {**nothing, "undefined": "its costs were measured once: nothing was resampled"}
    ends = break_even_interval(more, drawn, found.case)
    if ends is None:
        return {**nothing, "undefined": "resamples do not agree on which side it pays"}
    low, high = (end if isfinite(end) else None for end in ends)
    reason = None
    if high is None:
        reason = "unbounded: in more than 2.5% of resamples it never pays"
    return {"low": low, "high": high, "undefined": reason}
