"""Expectations: what a suite says must hold, judged on intervals like a test result. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.report.table import with_interval
from evalkit.suite import ExpectKeys, methods_meant

Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What expectations are judged on.

    Attributes:
        adapters: name of a method -> name of its adapter.
        estimate: (method, metric) -> its figure: ``value``, ``low``, ``high``, ``undefined``.
        difference: (baseline, method, metric) -> method minus baseline, likewise; with the sign
            turned where lower is better, so that less than 0 is worse.
    """

    adapters: Mapping[str, str]
    estimate: Callable[[str, str], Form]
    difference: Callable[[str, str, str], Form]


def judge(expected: Sequence[ExpectKeys], figures: Figures, primary: str) -> list[dict[str, Any]]:
    """One outcome for each expectation and method, in the order of the suite.

    Each holds ``name``, ``method``, ``metric``, ``met`` and ``detail``. What has no figure is not
    met; ``met`` is None where a method that is named was not among those to run.

    Args:
        expected: what the suite expects, with its margins settled.
        figures: what was found.
        primary: the metric that is meant where none is named.
    """
    return [outcome for one in expected for outcome in _judge(one, figures, one.metric or primary)]


def unjudged(expected: Sequence[ExpectKeys], why: str) -> list[dict[str, Any]]:
    """The outcomes where nothing could be compared: none is met."""
    return [
        _outcome(one.adapter, one.metric or "primary metric", _all_bounds(one), fault=why)
        for one in expected
    ]


def _judge(one: ExpectKeys, figures: Figures, metric: str) -> Iterator[dict[str, Any]]:
    methods = methods_meant(one.adapter, figures.adapters)
    if not methods:
        why = f"{one.adapter} was not run"
        yield {**_outcome(one.adapter, metric, _all_bounds(one), fault=why), "met": None}
    for method in methods:
        if one.min is not None or one.max is not None:
            found = figures.estimate(method, metric)
            figure = with_interval(found) if found.get("value") is not None else ""
            yield _outcome(method, metric, _bounds(one), figure, fault=_beyond(one, found))
        if one.not_worse_than is not None:
            yield from _against(one, method, metric, figures)


def _against(
    one: ExpectKeys, method: str, metric: str, figures: Figures
) -> Iterator[dict[str, Any]]:
    """How a method stands against the baseline; nothing of the baseline itself."""
    baselines = methods_meant(one.not_worse_than or "", figures.adapters)
    if len(baselines) != 1:
        why = f"{one.not_worse_than} was not run"
        yield {**_outcome(method, metric, _margin(one), fault=why), "met": None}
    elif baselines[0] != method:
        found = figures.difference(baselines[0], method, metric)
        if _is_the_same(found):
            figure = "the same on every example"
            yield _outcome(method, metric, _margin(one), figure, fault="")
            return
        fault = _missing(found, one)
        if not fault and _lower_end(found, one) < -(one.margin or 0.0):
            fault = f"{_verb(one)} worse" + _by(one)
        figure = f"better by {with_interval(found)}" if found.get("value") is not None else ""
        yield _outcome(method, metric, _margin(one), figure, fault=fault)


def _is_the_same(found: Form) -> bool:
    """Whether the scores do not differ on any example: there is no interval, and nothing worse."""
    differing = found.get("wins"), found.get("losses"), found.get("value")
    return found.get("ties", 0) > 0 and differing == (0, 0, 0.0)


def _beyond(one: ExpectKeys, found: Form) -> str:
    """Which bound is passed, in words; empty if none is."""
    if fault := _missing(found, one):
        return fault
    upper = found["value" if one.judge_by == "point" else "high"]
    if one.min is not None and _lower_end(found, one) < one.min:
        return f"{_verb(one)} less than {one.min:g}"
    if one.max is not None and upper > one.max:
        return f"{_verb(one)} more than {one.max:g}"
    return ""


def _missing(found: Form, one: ExpectKeys) -> str:
    needed = ("value",) if one.judge_by == "point" else ("value", "low", "high")
    if all(found.get(key) is not None for key in needed):
        return ""
    lacking = "interval" if found.get("value") is not None else "figure"
    return f"no {lacking}: {found.get('undefined') or 'undefined'}"


def _verb(one: ExpectKeys) -> str:
    return "is" if one.judge_by == "point" else "may be"


def _lower_end(found: Form, one: ExpectKeys) -> float:
    return float(found["value" if one.judge_by == "point" else "low"])


def _bounds(one: ExpectKeys) -> str:
    bounds = [f"min {one.min:g}"] if one.min is not None else []
    bounds += [f"max {one.max:g}"] if one.max is not None else []
    return ", ".join(bounds)


def _margin(one: ExpectKeys) -> str:
    if one.not_worse_than is None:
        return ""
    return f"not worse than {one.not_worse_than}{_by(one)}"


def _by(one: ExpectKeys) -> str:
    return f" by more than {one.margin:g}" if one.margin else ""


def _all_bounds(one: ExpectKeys) -> str:
    return ", ".join(part for part in (_bounds(one), _margin(one)) if part)


def _outcome(
    method: str, metric: str, bounds: str, figure: str = "", *, fault: str
) -> dict[str, Any]:
    return {
        "name": f"{method}: {metric} {bounds}",
        "method": method,
        "metric": metric,
        "met": not fault,
        "detail": ": ".join(part for part in (figure, fault) if part),
    }
