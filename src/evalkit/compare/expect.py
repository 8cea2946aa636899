"""Expectations: what a suite says must hold, judged on intervals like a test result. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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

    Each holds ``name``, ``method``, ``metric``, ``met`` and ``detail``. What cannot be judged, for
    want of a figure or of the method itself, is not met.

    Args:
        expected: what the suite expects.
        figures: what was found.
        primary: the metric that is meant where none is named.
    """
    return [outcome for one in expected for outcome in _judge(one, figures, one.metric or primary)]


def _judge(one: ExpectKeys, figures: Figures, metric: str) -> Iterator[dict[str, Any]]:
    methods = methods_meant(one.adapter, figures.adapters)
    if not methods:
        yield _outcome(one, one.adapter, metric, "no such method was run")
    for method in methods:
        if one.min is not None or one.max is not None:
            found = figures.estimate(method, metric)
            yield _outcome(one, method, metric, _beyond(one, found), found)
        if one.not_worse_than is not None:
            yield _against(one, method, metric, figures)


def _against(one: ExpectKeys, method: str, metric: str, figures: Figures) -> dict[str, Any]:
    baselines = methods_meant(one.not_worse_than or "", figures.adapters)
    if len(baselines) != 1:
        return _outcome(one, method, metric, f"{one.not_worse_than} was not run")
    if baselines[0] == method:
        return _outcome(one, method, metric, "", {"value": 0.0, "low": 0.0, "high": 0.0})
    found = figures.difference(baselines[0], method, metric)
    fault = _missing(found, one)
    if not fault and _lower_end(found, one) < -one.margin:
        fault = f"may be worse by more than {one.margin:g}"
    return _outcome(one, method, metric, fault, found)


def _beyond(one: ExpectKeys, found: Form) -> str:
    """Which bound is passed, in words; empty if none is."""
    if fault := _missing(found, one):
        return fault
    upper = found["value" if one.judge_by == "point" else "high"]
    if one.min is not None and _lower_end(found, one) < one.min:
        return f"may be less than {one.min:g}"
    if one.max is not None and upper > one.max:
        return f"may be more than {one.max:g}"
    return ""


def _missing(found: Form, one: ExpectKeys) -> str:
    needed = ("value",) if one.judge_by == "point" else ("value", "low", "high")
    if all(found.get(key) is not None for key in needed):
        return ""
    return f"undefined: {found.get('undefined') or 'no figure'}"


def _lower_end(found: Form, one: ExpectKeys) -> float:
    return float(found["value" if one.judge_by == "point" else "low"])


def _outcome(
    one: ExpectKeys, method: str, metric: str, fault: str, found: Form | None = None
) -> dict[str, Any]:
    bounds = [f"min {one.min:g}"] if one.min is not None else []
    bounds += [f"max {one.max:g}"] if one.max is not None else []
    if one.not_worse_than is not None:
        bounds.append(f"not worse than {one.not_worse_than} by {one.margin:g}")
    figure = shown(found) if found and found.get("value") is not None else ""
    return {
        "name": f"{method}: {metric} {', '.join(bounds)}",
        "method": method,
        "metric": metric,
        "met": not fault,
        "detail": ": ".join(part for part in (figure, fault) if part),
    }


def shown(found: Form) -> str:
    """A figure with its interval, as text."""
    if found.get("low") is None or found.get("high") is None:
        return f"{found['value']:.3f}"
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
