"""An analysis as a table: for the terminal, Markdown, CSV and JSON. Pure."""

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

from evalkit.compare.sentences import (
    amount,
    break_even_sentences,
    curve_sentences,
    flat_latency,
    seconds,
)
from evalkit.report.table import UNDEFINED, Table, with_interval
from evalkit.wording import p_value, with_sign

Form = Mapping[str, Any]


def comparison_table(analysis: Form, *, all_checks: bool = False) -> Table:
    """The table of an analysis: a row for each method, the baseline marked.

    Args:
        analysis: as in ``results.json``.
        all_checks: list the checks that hold, design effects and differences of ratings, too.
    """
    rows = flat_rows(analysis)
    columns = [column for column in _columns(analysis) if any(column[2](row) for row in rows)]
    return Table(
        columns=tuple(heading for heading, _, _ in columns),
        numeric=tuple(numeric for _, numeric, _ in columns),
        rows=tuple(tuple(text(row) or UNDEFINED for _, _, text in columns) for row in rows),
        notes=(
            *_other_pairs(analysis),
            *analysis["notes"],
            *(_details(analysis) if all_checks else []),
            *_check_notes(analysis, all_checks),
            *_sentences(analysis),
        ),
    )


def _other_pairs(analysis: Form) -> list[str]:
    """The differences that are not from the baseline: the table has no column for them."""
    others = [row for row in analysis["differences"] if row["baseline"] != analysis["baseline"]]
    return [f"{row['method']} against {row['baseline']}: {_told(row)}" for row in others]


def _told(row: Form) -> str:
    """A difference in words, or why it is undefined."""
    if row["difference"] is None:
        return f"undefined, because {_reason(row)}"
    figure = _interval({**row, "value": row["difference"]}, "", signed=True)
    p = "" if row["p_adjusted"] is None else f"p {_p(row['p_adjusted'])}"
    return ", ".join(part for part in (figure, p, row["verdict"]) if part)


def _reason(row: Form) -> str:
    return str(row["undefined"]).removeprefix("undefined, because ")


def _details(analysis: Form) -> list[str]:
    texts = [row["text"] for row in analysis.get("rating_differences", ())]
    return [*_design_effects(analysis), *texts]


def _design_effects(analysis: Form) -> list[str]:
    """By how much clusters enlarge the variance of each figure, where there are clusters."""
    return [
        f"{row['method']}: clusters make the variance {row['design_effect']:.2f} times as large"
        for row in analysis["methods"]
        if row["design_effect"] is not None and row["clusters"] < row["examples"]
    ]


def _check_notes(analysis: Form, all_checks: bool) -> list[str]:
    """The checks of fairness, by default those that do not hold or cannot be told."""
    quiet = () if all_checks else ("ok", "does not apply")
    shown = [one for one in analysis["checks"] if one["status"] not in quiet]
    notes = [f"fairness: {one['name']}: {one['status']}: {one['detail']}" for one in shown]
    for row in analysis["methods"]:
        near = row["near_duplicates"]
        if near is not None and near["score"] is not None:
            notes.append(
                f"{row['method']}: {near['examples']:.0%} of the examples nearly repeat a training "
                f"example and carry {near['score']:.0%} of its score"
            )
    return notes


def _sentences(analysis: Form) -> list[str]:
    """What it comes to, in words; the recommendation last."""
    found = analysis["recommendation"]
    about = found["recommended"]
    pays = break_even_sentences(analysis["break_evens"], analysis["currency"], about)
    return [*curve_sentences(analysis["curves"]), *pays, *found["sentences"]]


Column = tuple[str, bool, Callable[[Form], str]]


def _columns(analysis: Form) -> list[Column]:
    metric, baseline = analysis["metric"], analysis["baseline"]
    others = dict.fromkeys(name for row in analysis["methods"] for name in row["others"])
    return [
        ("method", False, lambda row: row["method"] + (" *" if row["baseline"] else "")),
        ("n, clusters, seeds", True, _sizes),
        (f"{metric} [95%]", True, lambda row: _interval(row, "")),
        *((name, True, _figure(f"other:{name}")) for name in others),
        (f"vs {baseline} [95%]", True, lambda row: _interval(row, "difference_", signed=True)),
        ("p (Holm)", True, lambda row: _p(row["p_adjusted"])),
        ("verdict", False, lambda row: row["verdict"] or ""),
        *_rating_columns(analysis),
        ("judge failures", True, lambda row: _percent(row["judge_failures"])),
        ("unreadable", True, lambda row: _percent(row["unreadable"])),
        ("failed", True, lambda row: str(row["failed"]) if row["failed"] else ""),
        (f"cost/1000 {analysis['currency'] or ''}".strip(), True, _cost),
        ("p50 s", True, lambda row: seconds(row["p50"])),
        ("p95 s", True, lambda row: seconds(row["p95"])),
    ]


def _rating_columns(analysis: Form) -> list[Column]:
    names = dict.fromkeys(name for row in analysis["methods"] for name in row["ratings"])
    return [(name, True, _rating(name)) for name in names]


def _rating(name: str) -> Callable[[Form], str]:
    return lambda row: str(row.get(f"rating:{name}") or "")


def flat_rows(analysis: Form) -> list[dict[str, Any]]:
    """A flat row for each method: its figures, and its difference from the baseline."""
    against = {
        row["method"]: row
        for row in analysis["differences"]
        if row["baseline"] == analysis["baseline"]
    }
    return [_flat(row, against.get(row["method"], {}), analysis) for row in analysis["methods"]]


def _pair_rows(analysis: Form) -> list[dict[str, Any]]:
    """A flat row for each pair without the baseline: the method's figures, and the difference."""
    own = {row["method"]: row for row in analysis["methods"]}
    others = [row for row in analysis["differences"] if row["baseline"] != analysis["baseline"]]
    return [_flat(own[row["method"]], row, analysis) for row in others]


def _flat(own: Form, other: Form, analysis: Form) -> dict[str, Any]:
    keys = ("method", "run", "examples", "clusters", "seeds", "value", "se", "low", "high")
    tail = ("judge_failures", "unreadable", "failed", "cost_per_1000", "undefined")
    return {
        **{key: own[key] for key in keys},
        **{f"other:{name}": value for name, value in own["others"].items()},
        "baseline": own["method"] == analysis["baseline"],
        "compared_with": other.get("baseline"),
        "difference_value": other.get("difference"),
        "difference_low": other.get("low"),
        "difference_high": other.get("high"),
        "difference_undefined": other.get("undefined"),
        "p": other.get("p"),
        "p_adjusted": other.get("p_adjusted"),
        "verdict": other.get("verdict"),
        **{f"rating:{name}": text for name, text in own["ratings"].items()},
        **{key: own[key] for key in tail},
        **flat_latency(own["latency"]),
    }


def to_csv(analysis: Form) -> str:
    """The rows as CSV, unrounded, undefined figures empty; notes are left to the other forms.

    A row for each method, with its difference from the baseline. Where all pairs were compared, a
    row for each other pair follows: ``compared_with`` is what tells the rows of a method apart.
    """
    rows = [*flat_rows(analysis), *_pair_rows(analysis)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _sizes(row: Form) -> str:
    if not row["examples"]:  # a method without a figure, whatever it was evaluated on
        return ""
    return f"{row['examples']}, {row['clusters']}, {row['seeds']}"


def _figure(key: str) -> Callable[[Form], str]:
    return lambda row: "" if row.get(key) is None else f"{row[key]:.3f}"


def _cost(row: Form) -> str:
    return "" if row["cost_per_1000"] is None else amount(row["cost_per_1000"])


def _interval(row: Form, prefix: str, *, signed: bool = False) -> str:
    found = {key: row[f"{prefix}{key}"] for key in ("value", "low", "high")}
    if found["value"] is None:
        return ""
    if not signed:
        return with_interval(found)
    parts = {key: None if part is None else with_sign(part) for key, part in found.items()}
    if None in parts.values():
        return str(parts["value"])
    return f"{parts['value']} [{parts['low']}, {parts['high']}]"


def _p(p: float | None) -> str:
    return "" if p is None else p_value(p)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}%"
