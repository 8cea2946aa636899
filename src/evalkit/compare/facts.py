"""What stands beside the figure of a method: other scores, outcomes, ratings. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from evalkit.compare.guard import scored_unlike
from evalkit.compare.methods import Method

Form = Mapping[str, Any]


def outcomes_of(method: Method) -> dict[str, Any]:
    """How many answers of a method were what, over its seeds.

    ``unreadable`` is the share of the answers of which not everything could be read; None without
    an answer.
    """
    outcomes = [cell["outcomes"] for cell in method.cells if cell["outcomes"]]
    failed = sum(one["failed"] for one in outcomes)
    answered = sum(sum(one.values()) for one in outcomes) - failed
    readable = sum(one["parsed"] for one in outcomes)
    return {
        "outcomes": {key: sum(one[key] for one in outcomes) for key in (outcomes or [{}])[0]},
        "unreadable": (answered - readable) / answered if answered else None,
        "failed": failed,
    }


def other_scores(
    methods: Sequence[Method], primary: str
) -> tuple[dict[str, dict[str, float | None]], list[str]]:
    """Name of a method -> its headlines by the other metrics, means over its seeds; and notes.

    A metric that scored some of them by other parameters is left out, and a note says so.
    """
    cells = [cell for method in methods for cell in method.cells]
    names = dict.fromkeys(name for cell in cells for name in cell["scores"] if name != primary)
    unlike = {name: text for name in names if (text := scored_unlike(methods, name))}
    found = {
        method.name: {
            name: _mean_score(method, name)
            for name in names
            if name not in unlike and any(name in cell["scores"] for cell in method.cells)
        }
        for method in methods
    }
    return found, [f"{name} is left out: {text}" for name, text in unlike.items()]


def _mean_score(method: Method, metric: str) -> float | None:
    """The mean over the seeds; None where one of them is undefined."""
    scores = [cell["scores"][metric] for cell in method.cells if metric in cell["scores"]]
    known = [score["value"] for score in scores if score["value"] is not None]
    return fmean(known) if known and len(known) == len(scores) else None


def rate(methods: Sequence[Method]) -> dict[str, dict[str, Any]]:
    """Name of a method -> its ``ratings`` and ``judge_failures``.

    Ratings of several runs have no common scale: each run rates its own methods, so then there are
    none. ``judge_failures`` is the share of the judgements about it that could not be had, the
    worst of all its ratings; None if no comparison tells.
    """
    found = {}
    for method in methods:
        standings = list(_standings(method)) if _one_run(methods) else []
        rates = [values["failure_rate"] for _, values in standings if "failure_rate" in values]
        known = [rate for rate in rates if rate is not None]
        found[method.name] = {
            "ratings": _ratings(standings),
            "judge_failures": max(known, default=None),
        }
    return found


def _one_run(methods: Sequence[Method]) -> bool:
    return len({method.folder for method in methods}) == 1


def _standings(method: Method) -> Iterator[tuple[Form, Form]]:
    """A comparison, and what it found of one of the method's cells."""
    ids = {cell["id"] for cell in method.cells}
    for comparison in method.results["comparisons"]:
        for standing in comparison["standings"]:
            if standing["contestant"] in ids:
                yield comparison, standing["values"]


def _ratings(standings: Sequence[tuple[Form, Form]]) -> dict[str, str]:
    """Comparison and headline -> the method's standing, with interval and ranks where there are."""
    found: dict[str, list[tuple[Form, Form]]] = {}
    for comparison, values in standings:
        name = f"{comparison['name']} {comparison['headline']}"
        found.setdefault(name, []).append((comparison, values))
    return {name: text for name, rows in found.items() if (text := _rating(rows))}


def _rating(rows: Sequence[tuple[Form, Form]]) -> str:
    """The mean over the seeds; with one seed, its interval and ranks."""
    figures = [values.get(comparison["headline"]) for comparison, values in rows]
    known = [figure for figure in figures if figure is not None]
    if not known:
        return ""
    (comparison, values), *others = rows
    decimals = comparison["decimals"]
    text = f"{fmean(known):.{decimals}f}{_doubt([values for _, values in rows])}"
    low, high = values.get("low"), values.get("high")
    if not others and low is not None and high is not None:
        text += f" [{low:.{decimals}f}, {high:.{decimals}f}]"
        first, last = values.get("rank_low"), values.get("rank_high")
        if first is not None and last is not None:
            text += f", rank {first:.0f}" + (f" to {last:.0f}" if last > first else "")
    return text


def _doubt(rows: Sequence[Form]) -> str:
    """A mark where a judge was found wanting (``*``), or was not checked (``?``)."""
    checks = [values["validated"] for values in rows if "validated" in values]
    if any(check is not None and not check for check in checks):
        return "*"
    return "?" if None in checks else ""


def rating_notes(methods: Sequence[Method]) -> list[str]:
    """What the comparisons say of themselves, a judge that was not validated among it."""
    if not _one_run(methods):
        rated = any(method.results["comparisons"] for method in methods)
        return ["ratings of several runs have no common scale: not shown"] if rated else []
    notes: dict[str, None] = {}
    for method in methods:
        for comparison in method.results["comparisons"]:
            for note in comparison["notes"]:
                notes[f"{comparison['name']}: {note}"] = None
    return list(notes)
