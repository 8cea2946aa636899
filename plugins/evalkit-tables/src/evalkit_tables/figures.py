"""The tables that are made of ``results.json``: cells, scores, standings, the analysis."""

from collections.abc import Iterator
from typing import Any

from evalkit import RunView
from evalkit_tables.table import Form, Table, table

OUTCOMES = "parsed:i malformed:i empty:i truncated:i refused:i failed:i "
_INTERVAL = "se:f low:f high:f interval:t undefined:t "
_TOKENS = ("requests", "prompt_tokens", "completion_tokens", "cached_tokens")


def cells(run: RunView) -> Table:
    """One row for each cell: what it is, how it ended, what it took."""
    took = "".join(f"{job}_{name}:i " for job in ("adapt", "predict") for name in _TOKENS)
    return table(
        "cell:t method:t task:t model:t adapter:t plugin:t params:t train_size:i seed:i "
        f"status:t failure:t failure_kind:t examples:i {OUTCOMES}demos:i optimizer:t {took}"
        "adapt_cost:f predict_cost:f currency:t adapt_seconds:f predict_seconds:f score_seconds:f",
        (_cell(cell, run.results.get("currency")) for cell in run.results["cells"]),
    )


def _cell(cell: Form, currency: str | None) -> Form:
    failure, report = cell["failure"] or {}, cell["report"] or {}
    return {
        **cell,
        **(cell["outcomes"] or {}),
        **_taken(cell),
        "cell": cell["id"],
        "plugin": cell["use"],
        "failure": failure.get("reason"),
        "failure_kind": failure.get("kind"),
        "demos": report.get("demos"),
        "optimizer": report.get("optimizer"),
        "currency": currency,
    }


def _taken(cell: Form) -> dict[str, float | None]:
    """What the jobs of a cell took: name of the column -> number."""
    tokens = {
        f"{job}_{name}": number
        for job, usage in (cell["usage"] or {}).items()
        for name, number in (usage or {}).items()
    }
    costs = {f"{job}_cost": cost for job, cost in (cell["cost"] or {}).items()}
    seconds = {f"{job}_seconds": number for job, number in (cell["seconds"] or {}).items()}
    return {**tokens, **costs, **seconds}


def scores(run: RunView) -> Table:
    """One row for each cell, metric and figure."""
    return table(
        "cell:t method:t model:t train_size:i seed:i metric:t figure:t value:f headline:b "
        "direction:t undefined:t",
        (
            {
                **cell,
                "cell": cell["id"],
                "metric": metric,
                "figure": figure,
                "value": value,
                "headline": figure == score["headline"],
                "direction": score["direction"],
                "undefined": score.get("undefined", {}).get(figure),
            }
            for cell in run.results["cells"]
            for metric, score in cell["scores"].items()
            for figure, value in score["values"].items()
        ),
    )


def losses(run: RunView) -> Table:
    """One row for each step of each cell that was trained."""
    return table("cell:t step:i loss:f", _losses(run))


def _losses(run: RunView) -> Iterator[Form]:
    for cell in run.results["cells"]:
        for step, loss in loss_of(cell):
            yield {"cell": cell["id"], "step": step, "loss": loss}


def loss_of(cell: Form) -> list[Any]:
    """The points of a loss curve; none where the adapter's report has none of that form."""
    found = (cell["report"] or {}).get("loss")
    points = found if isinstance(found, list) else []
    return [point for point in points if isinstance(point, list) and len(point) == 2]


def standings(run: RunView) -> Table:
    """One row for each comparison, contestant and figure."""
    return table(
        "comparison:t seed:i contestant:t figure:t value:f headline:b",
        (
            {
                "comparison": comparison["name"],
                "seed": comparison["seed"],
                "contestant": standing["contestant"],
                "figure": figure,
                "value": value,
                "headline": figure == comparison["headline"],
            }
            for comparison in run.results["comparisons"]
            for standing in comparison["standings"]
            for figure, value in standing["values"].items()
        ),
    )


def methods(run: RunView) -> Table:
    """One row for each method of the analysis."""
    analysis = run.results.get("analysis") or {}
    return table(
        "method:t metric:t headline:t direction:t baseline:b recommended:b examples:i clusters:i "
        f"seeds:i design_effect:f value:f {_INTERVAL}seed_deviation:f {OUTCOMES}unreadable:f "
        "judge_failures:f cost_per_1000:f currency:t",
        (_method(method, analysis) for method in analysis.get("methods", ())),
    )


def _method(method: Form, analysis: Form) -> Form:
    recommended = (analysis.get("recommendation") or {}).get("recommended")
    return {
        **analysis,
        **(method["outcomes"] or {}),
        **method,
        "baseline": method["method"] == analysis["baseline"],
        "recommended": method["method"] == recommended,
    }


def differences(run: RunView) -> Table:
    """One row for each pair of methods that the analysis compares."""
    analysis = run.results.get("analysis") or {}
    return table(
        f"baseline:t method:t metric:t examples:i difference:f {_INTERVAL}p:f p_adjusted:f test:t "
        "verdict:t effect:f wins:i ties:i losses:i detectable:f needed:i",
        ({"metric": analysis["metric"], **one} for one in analysis.get("differences", ())),
    )


def rating_differences(run: RunView) -> Table:
    """One row for each pair of contestants whose ratings the analysis compares."""
    analysis = run.results.get("analysis") or {}
    return table(
        "comparison:t seed:i baseline:t method:t difference:f se:f low:f high:f p:f p_adjusted:f "
        "verdict:t validated:f undefined:t",
        analysis.get("rating_differences", ()),
    )


def slices(run: RunView) -> Table:
    """One row for each method and each group of examples."""
    return table(
        "by:t group:t order:i method:t metric:t examples:i clusters:i value:f low:f high:f "
        "undefined:t",
        run.slices(),
    )
