"""From run folders to an analysis: which methods, which baseline, by which metric."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evalkit.compare.analysis import Subject, analyse
from evalkit.compare.expect import Figures, judge, unjudged
from evalkit.compare.forms import figures
from evalkit.compare.guard import check_comparable
from evalkit.compare.methods import Method, read_methods
from evalkit.compare.numbers import Numbers, why_incomplete
from evalkit.compare.slices import make_slices
from evalkit.errors import UserError
from evalkit.manifest import read_manifest
from evalkit.results import read_results
from evalkit.serialization import plain, pretty
from evalkit.store import write_atomically
from evalkit.suite import AnalysisKeys, ExpectKeys, methods_meant

Form = dict[str, Any]
_MADE_HERE = ("analysis", "expectations", "slices")


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
    given = {key: value for key, value in (request.changes or {}).items() if value is not None}
    keys, _ = read_keys(request.runs[0], given)
    chosen = _chosen(methods, request.methods)
    notes: tuple[str, ...] = ()
    if "baseline" in given:
        baseline = _named(methods, given["baseline"])
    else:  # the suite of the first run knows its own methods alone
        first = [method for method in methods if method.folder == methods[0].folder]
        baseline, notes = _baseline(first, chosen, keys.baseline)
    if baseline not in chosen:
        chosen = [baseline, *chosen]
    subject = _subject(chosen, baseline, keys, notes)
    return analyse(subject, Numbers(subject.methods, keys))


def analyse_run(folder: Path, keys: AnalysisKeys, expected: Sequence[ExpectKeys]) -> Form:
    """The keys ``analysis``, ``expectations`` and ``slices`` of a finished run's results.

    The analysis is None where nothing can be compared: no cell has a score.
    """
    expected = [one.settled(keys.meaningful_difference) for one in expected]
    methods = read_methods([folder])
    scored = any(cell["scores"] for method in methods for cell in method.cells)
    if not scored:
        why = "no cell has a score"
        return {"analysis": None, "expectations": unjudged(expected, why), "slices": []}
    baseline, notes = _baseline(methods, methods, keys.baseline)
    subject = _subject(methods, baseline, keys, notes)
    numbers = Numbers(subject.methods, keys)
    by_name = {method.name: method for method in methods}
    known = Figures(
        adapters={method.name: method.adapter for method in methods},
        estimate=lambda name, metric: figures(numbers.estimates([by_name[name]], metric)[name]),
        difference=lambda one, other, metric: _signed(
            numbers, (by_name[one], by_name[other]), metric
        ),
    )
    return {
        "analysis": analyse(subject, numbers),
        "expectations": judge(expected, known, subject.metric),
        "slices": make_slices(folder, read_results(folder), subject.metric),
    }


def analyse_again(folder: Path) -> Form:
    """The results of a run whose scores changed, with its analysis and expectations made anew.

    Raises:
        UserError: the methods cannot be compared; the run folder then holds no analysis.
    """
    results = read_results(folder)
    path = folder / "results.json"
    try:
        found = analyse_run(folder, *read_keys(folder))
    except UserError:
        left_out = {key: results[key] for key in results if key not in _MADE_HERE}
        write_atomically(path, pretty(left_out))
        raise
    results = {**results, **plain(found)}
    write_atomically(path, pretty(results))
    return results


def read_keys(
    folder: Path, changes: Mapping[str, Any] | None = None
) -> tuple[AnalysisKeys, tuple[ExpectKeys, ...]]:
    """``[analysis]`` and ``[[expect]]`` of a run's suite.

    Args:
        folder: the run folder.
        changes: keys of ``[analysis]`` to replace.

    Raises:
        UserError: the manifest is missing or damaged, or a key is not known here.
    """
    path = folder / "manifest.json"
    tables: Any = read_manifest(folder).get("tables")
    try:
        table = {**dict(tables.get("analysis", {})), **(changes or {})}
        expected = [ExpectKeys.from_form(one) for one in tables.get("expect", ())]
        return AnalysisKeys.from_form(table), tuple(expected)
    except ValidationError as error:
        fault = error.errors()[0]
        what = f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}"
        raise UserError(what, "another version of evalkit may have written it") from None
    except (AttributeError, TypeError, ValueError):
        raise UserError(f"{path}: damaged: no tables of a suite", "run the suite again") from None


def _signed(numbers: Numbers, pair: tuple[Method, Method], metric: str) -> Form:
    """A difference of which less than 0 is worse, whichever way is better."""
    _, method = pair
    directions = (c["scores"][metric]["direction"] for c in method.cells if metric in c["scores"])
    higher = next(directions, "higher") == "higher"
    (found,) = numbers.differences([pair], metric, higher_is_better=higher)
    form = figures(found) | ({} if isinstance(found, str) else asdict(found.tally))
    if higher or form["value"] is None:
        return form
    low, high = form["low"], form["high"]
    ends = {"low": None if high is None else -high, "high": None if low is None else -low}
    return {**form, "value": -form["value"], **ends}


def _subject(
    methods: Sequence[Method], baseline: Method, keys: AnalysisKeys, notes: tuple[str, ...]
) -> Subject:
    cells = [cell for method in methods for cell in method.cells]
    scored = {name for cell in cells for name in cell["scores"]}
    # The jobs know the order of the suite, where a score may be missing.
    planned = [name for cell in cells for name in (cell["jobs"] or {}).get("score", {})]
    names = [*dict.fromkeys([*planned, *(name for cell in cells for name in cell["scores"])])]
    metric = keys.metric or next(iter(names), "")
    if metric not in scored:
        folder = methods[0].folder
        failed = [f"{one.name}: {why_incomplete(one)}\n" for one in methods if not one.complete]
        raise UserError(
            f"{folder}: no score by {metric or 'any metric'}",
            f"{''.join(failed[:1])}"
            f"scores: {', '.join(name for name in names if name in scored) or 'none'}\n"
            f"add one: evalkit score {folder} --metric {metric or 'NAME'}",
        )
    check_comparable(methods, metric)
    return Subject(methods=tuple(methods), metric=metric, baseline=baseline, keys=keys, notes=notes)


def _chosen(methods: Sequence[Method], selectors: Sequence[str]) -> list[Method]:
    if not selectors:
        return list(methods)
    meant = [method for selector in selectors for method in _meant(methods, selector)]
    return [method for method in methods if method in meant]


def _meant(methods: Sequence[Method], selector: str) -> list[Method]:
    """The methods that a selector fits, by their names here or by those in their runs.

    Raises:
        UserError: it fits none.
    """
    found = _fitting(methods, selector)
    if not found:
        names = ", ".join(method.name for method in methods)
        raise UserError(f'no method "{selector}"', f"methods: {names}")
    return found


def _fitting(methods: Sequence[Method], selector: str) -> list[Method]:
    names = methods_meant(selector, {method.name: method.adapter for method in methods})
    if names:
        return [method for method in methods if method.name in names]
    own = methods_meant(selector, {method.own_name: method.adapter for method in methods})
    return [method for method in methods if method.own_name in own]


def _named(methods: Sequence[Method], selector: str) -> Method:
    """The one method that is meant.

    Raises:
        UserError: there is none, or several.
    """
    found = _meant(methods, selector)
    if len(found) > 1:
        names = ", ".join(method.name for method in found)
        raise UserError(f'the baseline "{selector}" fits {names}', "name one of them")
    return found[0]


def _baseline(
    methods: Sequence[Method], chosen: Sequence[Method], selector: str | None
) -> tuple[Method, tuple[str, ...]]:
    """What the suite compares with, else the first of those chosen that can be compared.

    What the suite names need not be there: a run may be of some cells only.
    """
    fitting = [] if selector is None else _fitting(methods, selector)
    if fitting:
        return _named(fitting, str(selector)), ()
    notes = () if selector is None else (f"{selector}, the suite's baseline, was not run",)
    return next((method for method in chosen if method.complete), chosen[0]), notes
