"""From run folders to an analysis: which methods, which baseline, by which metric."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.compare.analysis import Numbers, Subject, analyse
from evalkit.compare.expect import Figures, judge
from evalkit.compare.forms import figures
from evalkit.compare.guard import check_comparable
from evalkit.compare.methods import Method, read_methods
from evalkit.errors import UserError
from evalkit.manifest import read_manifest
from evalkit.suite import AnalysisKeys, ExpectKeys, methods_meant

Form = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to compare.

    Attributes:
        runs: run folders.
        methods: selectors; empty means all methods.
        changes: keys of ``[analysis]`` that replace those of the first run's suite.
    """

    runs: tuple[Path, ...]
    methods: tuple[str, ...] = ()
    changes: Mapping[str, Any] | None = None


def compare_runs(request: Request) -> Form:
    """Compare the methods of one or more runs.

    Raises:
        UserError: a selector fits nothing, there is no such metric, or the methods cannot be
            compared.
    """
    methods = read_methods(request.runs)
    table = read_manifest(request.runs[0])["tables"].get("analysis", {})
    changes = {key: value for key, value in (request.changes or {}).items() if value is not None}
    keys = AnalysisKeys.model_validate_json(json.dumps({**table, **changes}))
    chosen = _chosen(methods, request.methods)
    baseline = _baseline(methods, chosen, keys.baseline)
    if baseline not in chosen:
        chosen = [baseline, *chosen]
    subject = _subject(chosen, baseline, keys)
    return analyse(subject, Numbers(subject.methods, keys))


def analyse_run(folder: Path, keys: AnalysisKeys, expected: Sequence[ExpectKeys]) -> Form:
    """The keys ``analysis`` and ``expectations`` of a finished run's results.

    The analysis is None where nothing can be compared: no cell has a score.
    """
    methods = read_methods([folder])
    scored = any(cell["scores"] for method in methods for cell in method.cells)
    if not scored:
        return {"analysis": None, "expectations": _unscored(expected)}
    baseline = _baseline(methods, methods, keys.baseline)
    subject = _subject(methods, baseline, keys)
    numbers = Numbers(subject.methods, keys)
    by_name = {method.name: method for method in methods}
    known = Figures(
        adapters={method.name: method.adapter for method in methods},
        estimate=lambda name, metric: figures(numbers.estimate(by_name[name], metric)),
        difference=lambda one, other, metric: _signed(
            numbers, (by_name[one], by_name[other]), metric
        ),
    )
    return {
        "analysis": analyse(subject, numbers),
        "expectations": judge(expected, known, subject.metric),
    }


def _unscored(expected: Sequence[ExpectKeys]) -> list[Form]:
    return [
        {
            "name": f"{one.adapter}: {one.metric or 'score'}",
            "method": one.adapter,
            "metric": one.metric or "",
            "met": False,
            "detail": "no cell has a score",
        }
        for one in expected
    ]


def _signed(numbers: Numbers, pair: tuple[Method, Method], metric: str) -> Form:
    """A difference of which less than 0 is worse, whichever way is better."""
    _, method = pair
    directions = (c["scores"][metric]["direction"] for c in method.cells if metric in c["scores"])
    higher = next(directions, "higher") == "higher"
    (found,) = numbers.differences([pair], metric, higher_is_better=higher)
    form = figures(found)
    if higher or form["value"] is None:
        return form
    low, high = form["low"], form["high"]
    ends = {"low": None if high is None else -high, "high": None if low is None else -low}
    return {**form, "value": -form["value"], **ends}


def _subject(methods: Sequence[Method], baseline: Method, keys: AnalysisKeys) -> Subject:
    names = dict.fromkeys(
        name for method in methods for cell in method.cells for name in cell["scores"]
    )
    metric = keys.metric or next(iter(names), "")
    if metric not in names:
        folder = methods[0].folder
        raise UserError(
            f"{folder}: no score by {metric or 'any metric'}",
            f"scores: {', '.join(names) or 'none'}\n"
            f"add one: evalkit score {folder} --metric {metric or 'NAME'}",
        )
    check_comparable(methods, metric)
    return Subject(methods=tuple(methods), metric=metric, baseline=baseline, keys=keys)


def _chosen(methods: Sequence[Method], selectors: Sequence[str]) -> list[Method]:
    if not selectors:
        return list(methods)
    names = {method.name: method.adapter for method in methods}
    meant = {name for selector in selectors for name in _meant(selector, names)}
    return [method for method in methods if method.name in meant]


def _meant(selector: str, names: Mapping[str, str]) -> list[str]:
    found = methods_meant(selector, names)
    if not found:
        raise UserError(f'no method "{selector}"', f"methods: {', '.join(names)}")
    return found


def _baseline(methods: Sequence[Method], chosen: Sequence[Method], selector: str | None) -> Method:
    """The method that is meant, else the first that can be compared."""
    if selector is None:
        return next((method for method in chosen if method.complete), chosen[0])
    names = _meant(selector, {method.name: method.adapter for method in methods})
    if len(names) > 1:
        raise UserError(f'the baseline "{selector}" fits {", ".join(names)}', "name one of them")
    return next(method for method in methods if method.name == names[0])
