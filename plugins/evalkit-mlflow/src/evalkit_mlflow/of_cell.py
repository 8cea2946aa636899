"""A nested run: a cell, its figures, and what the analysis says of its method."""

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit_mlflow.forms import (
    Form,
    RunForm,
    metrics_of,
    milliseconds,
    params_of,
    shown_name,
    tags_of,
)
from evalkit_mlflow.names import flat
from evalkit_mlflow.of_run import common_tags

_STATUS = {"done": "FINISHED", "failed": "FAILED", "pending": "KILLED"}
_MODEL = ("engine", "revision", "dtype", "device")
"""What is known of a model once it is loaded; of more use than what the suite asked for."""
_METHOD = ("value", "se", "low", "high", "seed_deviation", "unreadable", "cost_per_1000")
_DIFFERENCE = ("difference", "se", "low", "high", "p", "p_adjusted", "effect")


def nested(results: Form, cell: Form, more: Form) -> RunForm:
    """The form of a cell.

    Args:
        results: the content of ``results.json``.
        cell: its part of them.
        more: further tags.
    """
    analysis = results.get("analysis") or {}
    model: Form = next((m for m in results["models"] if m["name"] == cell["model"]), {})
    tags = [*common_tags(results), *_tags(cell, analysis), *more.items()]
    start = milliseconds(results["run"]["started"])
    seconds = sum(value or 0 for value in (cell["seconds"] or {}).values())
    return RunForm(
        cell=cell["id"],
        name=shown_name(cell["id"]),
        params=params_of(_params(cell, model)),
        metrics=metrics_of(_metrics(results, cell, analysis)),
        tags=tags_of(tags),
        status=_STATUS[cell["status"]],
        start_ms=start,
        end_ms=start + round(1000 * seconds),
    )


def _params(cell: Form, model: Form) -> Iterator[tuple[str, Any]]:
    for name in ("method", "model", "adapter", "use", "train_size", "seed", "task"):
        yield name, cell[name]
    yield from flat(cell["params"], "adapter")
    found = {name: model[name] for name in _MODEL if name in model}
    yield from flat({**model.get("params", {}), **found}, "model")
    jobs = {name: job for name, job in (cell["jobs"] or {}).items() if name != "reused"}
    yield from flat(jobs, "job")


def _metrics(results: Form, cell: Form, analysis: Form) -> Iterator[tuple[str, Any]]:
    for metric, score in cell["scores"].items():
        yield from _under(metric, score["values"])
    for comparison in results["comparisons"]:
        for standing in comparison["standings"]:
            if standing["contestant"] == cell["id"]:
                yield from _under(comparison["name"], standing["values"])
    yield from _under("analysis", _only(_found(analysis, "methods", cell), _METHOD))
    yield from _under("baseline", _only(_difference(analysis, cell), _DIFFERENCE))
    yield "examples", cell["examples"]
    yield from _under("outcomes", cell["outcomes"] or {})
    for job, usage in (cell["usage"] or {}).items():
        yield from _under(f"usage/{job}", usage or {})
    yield from _under("cost", cell["cost"] or {})
    yield from _under("seconds", cell["seconds"] or {})
    yield "loss", (cell["report"] or {}).get("loss")


def _under(prefix: str, values: Form) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        yield f"{prefix}/{name}", value


def _only(form: Form, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: form.get(name) for name in names}


def _found(analysis: Form, kind: str, cell: Form) -> Form:
    """What the analysis says of the method of a cell; empty if it says nothing."""
    found = (one for one in analysis.get(kind, ()) if one["method"] == cell["method"])
    return next(found, {})


def _difference(analysis: Form, cell: Form) -> Form:
    """The difference of a cell's method from the baseline."""
    differences = analysis.get("differences", ())
    ours = [one for one in differences if one["baseline"] == analysis["baseline"]]
    return _found({"differences": ours}, "differences", cell)


def _tags(cell: Form, analysis: Form) -> Iterator[tuple[str, Any]]:
    recommendation: Mapping[str, Any] = analysis.get("recommendation") or {}
    yield "evalkit.cell", cell["id"]
    yield "evalkit.status", cell["status"]
    failure = cell["failure"] or {}
    yield "evalkit.failure", failure.get("reason")
    yield "evalkit.verdict", _difference(analysis, cell).get("verdict")
    if analysis:
        yield "evalkit.baseline", str(cell["method"] == analysis["baseline"]).lower()
        recommended = cell["method"] == recommendation.get("recommended")
        yield "evalkit.recommended", str(recommended).lower()
