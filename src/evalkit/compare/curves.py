"""Learning curves: what more training examples, or more demos, are worth to a method. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from evalkit.compare.crossing import Crossing, crossing_of
from evalkit.compare.evidence import Evidence
from evalkit.compare.families import Family, families, trains_on_nothing
from evalkit.compare.gaps import Curve
from evalkit.compare.methods import Method
from evalkit.stats.difference import NARROW, Difference

LEVEL: Final = NARROW
"""Of the interval of the last step's gain, as for every claim that a difference is small."""

Step = tuple[str, str]
"""The names of the methods before and after it."""

_NO_CROSSING = (
    "ahead",
    "behind",
    "within",
    "size",
    "low",
    "high",
    "interval",
    "share",
    "throughout",
)


def learning_curves(
    methods: Sequence[Method],
    evidence: Evidence,
    steps: Mapping[Step, Difference],
) -> list[dict[str, Any]]:
    """The learning curves among the methods.

    Args:
        methods: all methods that are compared.
        evidence: their figures, with joint replicates.
        steps: what each of the `last_steps` gains.

    Returns:
        One entry for each curve. ``curve`` is its name and ``by`` its size (``training examples``
        or ``demos``). ``points`` hold ``method``, ``size``, ``value``, ``low``, ``high`` and
        ``undefined``. ``last_step`` tells what the last step gains, with a 90% interval, and what
        the curve does by that: ``flat``, ``still rising``, ``falling`` or
        ``cannot tell whether it is flat``.
        ``crossings`` tell, for each curve after this one and each method that uses no training
        examples (which is the same at all sizes), which of both is ``ahead`` at the end of the
        shared range, the ``size`` at which it overtook the other, and how sure that is, as
        `Crossing` has it. What is undefined is None, with the reason.
    """
    found = families(methods)
    lines = [_curve(family, evidence) for family in found]
    levels = list(_levels(methods, found, evidence))
    return [
        {
            "curve": family.name,
            "by": family.by,
            "points": list(_points(family, evidence)),
            "last_step": _last_step(family, evidence, steps),
            "crossings": [
                _crossing(lines[place], other, family.by, evidence)
                for other in [*_later(place, found, lines), *levels]
            ],
        }
        for place, family in enumerate(found)
    ]


def last_steps(methods: Sequence[Method], evidence: Evidence) -> list[Step]:
    """The last two measured points of each learning curve that has two."""
    measured = (_measured(family, evidence) for family in families(methods))
    return [(points[-2][1], points[-1][1]) for points in measured if len(points) > 1]


def _points(family: Family, evidence: Evidence) -> Iterator[dict[str, Any]]:
    for size, method in zip(family.sizes, family.methods, strict=True):
        own = evidence.figures.get(method.name, {})
        found = {key: own.get(key) for key in ("value", "low", "high")}
        undefined = None
        if found["value"] is None:
            undefined = own.get("undefined") or "no figure"
        yield {"method": method.name, "size": size, **found, "undefined": undefined}


def _measured(family: Family, evidence: Evidence) -> list[tuple[float, str]]:
    """Size and name of the points that have a figure."""
    points = zip(family.sizes, family.methods, strict=True)
    return [(size, method.name) for size, method in points if evidence.knows(method.name)]


def _curve(family: Family, evidence: Evidence) -> Curve:
    """The part of a curve that can be drawn over the logarithm of the size; it may be empty."""
    points = [(size, name) for size, name in _measured(family, evidence) if size > 0]
    tabled = all(name in evidence.tables for _, name in points)
    return Curve(
        name=family.name,
        sizes=tuple(size for size, _ in points),
        values=np.array([evidence.quality(name) for _, name in points]),
        replicates=np.array([evidence.drawn(name) for _, name in points]),
        tables=tuple(evidence.table(name) for _, name in points) if tabled else (),
    )


def _levels(
    methods: Sequence[Method], found: Sequence[Family], evidence: Evidence
) -> Iterator[Curve]:
    """The methods that are the same at every size, as flat curves."""
    members = {method.name for family in found for method in family.methods}
    for method in methods:
        name = method.name
        if trains_on_nothing(method) and evidence.knows(name) and name not in members:
            yield Curve(
                name=name,
                sizes=(),
                values=np.array([evidence.quality(name)]),
                replicates=evidence.drawn(name)[None],
                tables=(evidence.table(name),) if name in evidence.tables else (),
            )


def _later(place: int, found: Sequence[Family], lines: Sequence[Curve]) -> list[Curve]:
    """The curves after one over the same kind of size."""
    rest = range(place + 1, len(found))
    return [lines[later] for later in rest if found[later].by == found[place].by]


def _last_step(
    family: Family, evidence: Evidence, steps: Mapping[Step, Difference]
) -> dict[str, Any]:
    points = _measured(family, evidence)
    if len(points) < 2:
        return _no_step("it has less than two points with a figure")
    (start, before), (end, after) = points[-2:]
    found = steps[before, after]
    if found.value is None or found.narrow is None:
        return _no_step(found.notes[0].removeprefix("undefined, because "))
    sign = 1 if evidence.higher_is_better else -1
    gain = sign * found.value
    low, high = sorted((sign * found.narrow.low, sign * found.narrow.high))
    trend = _trend(low, high, evidence.meaningful)
    interval = f"[{LEVEL:.0%}: {low:+.3f} to {high:+.3f}]"
    return {
        "from": start,
        "to": end,
        "gain": gain,
        "low": low,
        "high": high,
        "trend": trend,
        "level": LEVEL,
        "undefined": None,
        "text": f"{trend}: {gain:+.3f} from {start:g} to {end:g} {family.by} {interval}",
    }


def _no_step(reason: str) -> dict[str, Any]:
    form = dict.fromkeys(("from", "to", "gain", "low", "high", "trend"))
    text = f"whether it has flattened is undefined, because {reason}"
    return {**form, "level": LEVEL, "undefined": reason, "text": text}


def _trend(low: float, high: float, meaningful: float) -> str:
    """What the interval of a gain shows."""
    if -meaningful < low and high < meaningful:
        return "flat"
    if low > meaningful:
        return "still rising"
    return "falling" if high < -meaningful else "cannot tell whether it is flat"


def _crossing(first: Curve, second: Curve, by: str, evidence: Evidence) -> dict[str, Any]:
    named = {"curves": [first.name, second.name]}
    drawn = len(first.sizes) > 1 and len(second.sizes) != 1 and len(second.values)
    found: Crossing | str = "a curve has less than two points with a figure"
    if drawn:
        found = crossing_of(first, second, few=evidence.few, clusters=evidence.together)
    if isinstance(found, str):
        text = f"whether {first.name} and {second.name} cross is undefined, because {found}"
        return {**named, **dict.fromkeys(_NO_CROSSING), "undefined": found, "text": text}
    form = asdict(found)
    form["within"] = list(found.within)
    return {**named, **form, "undefined": None, "text": found.told(by)}
