"""What stands beside the score of a method: outcomes and ratings. Pure."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

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


def ratings_of(method: Method) -> dict[str, str]:
    """Name of a comparison -> the method's standing, with interval and ranks where there are."""
    found: dict[str, list[Form]] = {}
    ids = {cell["id"] for cell in method.cells}
    for comparison in method.results["comparisons"]:
        for standing in comparison["standings"]:
            if standing["contestant"] in ids:
                values = standing["values"]
                shown = {"figure": values.get(comparison["headline"]), **values}
                name = f"{comparison['name']} {comparison['headline']}"
                found.setdefault(name, []).append(shown)
    return {name: text for name, rows in found.items() if (text := _rating(rows))}


def _rating(rows: Sequence[Form]) -> str:
    figures = [row["figure"] for row in rows if row["figure"] is not None]
    if not figures:
        return ""
    text = f"{fmean(figures):.0f}"
    low, high = rows[0].get("low"), rows[0].get("high")
    if len(rows) == 1 and low is not None and high is not None:
        text += f" [{low:.0f}, {high:.0f}]"
        ranks = rows[0].get("rank_low"), rows[0].get("rank_high")
        if None not in ranks:
            text += f", rank {ranks[0]:.0f} to {ranks[1]:.0f}"
    doubted = any(row.get("validated") is False for row in rows)
    return f"{text} ?" if doubted else text


def rating_notes(methods: Sequence[Method]) -> list[str]:
    """What the comparisons say of themselves, a judge that was not validated among it."""
    notes: dict[str, None] = {}
    for method in methods:
        for comparison in method.results["comparisons"]:
            for note in comparison["notes"]:
                notes[f"{comparison['name']}: {note}"] = None
    return list(notes)
