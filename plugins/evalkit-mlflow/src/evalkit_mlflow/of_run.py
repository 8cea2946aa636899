"""The parent: what holds for the run as a whole."""

import json
from collections.abc import Iterator
from hashlib import sha256
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
from evalkit_mlflow.names import LONGEST_TAG, flat, valid_text


def run_key(results: Form) -> str:
    """By what a run is known again: its folder's name, its beginning and what it compares."""
    run, task = results["run"], results["task"]
    about = [run["id"], run["started"], run["suite"], run["profile"], task["evaluation_sha256"]]
    kept = ("id", "model", "params", "train_size", "seed")
    cells = [[cell[key] for key in kept] for cell in results["cells"]]
    models = [[model["name"], model["engine"], model["params"]] for model in results["models"]]
    return sha256(json.dumps([about, cells, models]).encode()).hexdigest()


def common_tags(results: Form) -> list[tuple[str, Any]]:
    """The tags of the parent and of all cells."""
    run, task = results["run"], results["task"]
    return [
        ("mlflow.source.name", "evalkit"),
        ("evalkit.key", run_key(results)),
        ("evalkit.run_id", run["id"]),
        ("evalkit.suite", run["suite"]),
        ("evalkit.profile", run["profile"]),
        ("evalkit.version", run["evalkit"]),
        ("evalkit.data", task["evaluation_sha256"]),
    ]


def parent(results: Form, name: str, more: Form) -> RunForm:
    """The form of the parent.

    Args:
        results: the content of ``results.json``.
        name: of the run.
        more: further tags.
    """
    run, sentences = results["run"], _sentences(results)
    start = milliseconds(run["started"])
    return RunForm(
        cell="",
        name=shown_name(name),
        params=params_of(_params(results)),
        metrics=metrics_of(_metrics(results)),
        tags=tags_of([*common_tags(results), *_tags(results, sentences), *more.items()]),
        status=_status(results),
        start_ms=start,
        end_ms=max(start, milliseconds(run["finished"])),
        note=valid_text("\n\n".join([run["description"], *sentences]).strip(), LONGEST_TAG),
    )


def _sentences(results: Form) -> list[str]:
    recommendation = (results.get("analysis") or {}).get("recommendation") or {}
    return list(recommendation.get("sentences", ()))


def _params(results: Form) -> Iterator[tuple[str, Any]]:
    run, task, analysis = results["run"], results["task"], results.get("analysis") or {}
    yield from (("suite", run["suite"]), ("profile", run["profile"]), ("task", task["name"]))
    for name in ("use", "split", "examples", "train_examples", "instruction"):
        yield f"task.{name}", task[name]
    yield from flat(task["params"], "task.params")
    for model in results["models"]:
        for name in ("engine", "revision", "dtype"):
            yield f"model.{model['name']}.{name}", model[name]
    for name in ("metric", "headline", "baseline", "meaningful_difference", "replicates"):
        if name in analysis:
            yield f"analysis.{name}", analysis[name]


def _metrics(results: Form) -> Iterator[tuple[str, Any]]:
    statuses = [cell["status"] for cell in results["cells"]]
    for status in ("done", "failed", "pending"):
        yield f"cells/{status}", statuses.count(status)
    yield "seconds", results["run"]["seconds"]
    yield "cost", (results.get("ledger") or {}).get("cost")
    met = [one["met"] for one in results.get("expectations") or ()]
    if met:
        yield "expectations/met", met.count(True)
        yield "expectations/not met", met.count(False)
    for method in (results.get("analysis") or {}).get("methods", ()):
        for figure in ("value", "low", "high"):
            yield f"methods/{method['method']}/{figure}", method[figure]


def _tags(results: Form, sentences: list[str]) -> Iterator[tuple[str, Any]]:
    analysis = results.get("analysis") or {}
    recommendation = analysis.get("recommendation") or {}
    yield "evalkit.best", recommendation.get("best")
    yield "evalkit.recommended", recommendation.get("recommended")
    yield "evalkit.recommendation", " ".join(sentences)
    yield "evalkit.stopped", results["run"].get("stopped")


def _status(results: Form) -> str:
    """Failed if a cell is; killed if the run was stopped, or is not over."""
    statuses = {cell["status"] for cell in results["cells"]}
    if "failed" in statuses:
        return "FAILED"
    return "KILLED" if "pending" in statuses or not results["run"]["finished"] else "FINISHED"
