"""The job that scores predictions by a metric."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from numbers import Real
from pathlib import Path
from typing import Any

from evalkit.collector import at_rest
from evalkit.errors import JobError, UserError
from evalkit.influence import influences
from evalkit.interfaces import Event, Metric
from evalkit.jobs.files import SCORES, Tell, evaluation_of, predictions_file
from evalkit.jobs.matching import matches_of
from evalkit.lines import Rows, as_line
from evalkit.records import Json
from evalkit.serialization import plain, read_lines
from evalkit.store import file_sha256
from evalkit.workshop import Spec, Workshop

_PLAIN = frozenset({int, float})


def score(shop: Workshop, spec: Spec, folder: Path, on_event: Tell) -> Event:
    """Score, and write what each answer is worth, with what was matched in it."""
    cls = shop.plugins.load("metric", spec["metric"]["use"])
    metric: Metric = cls(shop.params("metric", spec["metric"]))
    targets = {example.id: example.target for example in evaluation_of(shop, spec)}
    scores = Rows()
    with at_rest(), (folder / SCORES).open("wb") as file:
        for identity, value in _answers(predictions_file(spec, spec["predicted"])):
            if identity not in targets:
                raise JobError(f"there is an answer to {identity!r}, which is no evaluated example")
            target = targets[identity]
            values = metric.score(target, value)
            _check_score(metric, identity, values)
            scores.append(values)
            form: dict[str, Any] = {"id": identity, "values": values}
            matches = matches_of(metric, identity, target, value)
            if matches is not None:
                form["matches"] = matches
            file.write(as_line(form))
        figures = dict(metric.aggregate(scores))
    values_of_all = plain(figures)
    if metric.headline not in values_of_all:
        named = ", ".join(values_of_all) or "nothing"
        raise JobError(f'aggregate gives {named}, but not the headline "{metric.headline}"')
    facts = {"headline": metric.headline, "direction": metric.direction, "range": metric.range}
    if metric.ratio is None:
        _keep_influences(folder / SCORES, influences(metric, scores))
    return {
        **plain(facts),
        "use": spec["metric"]["use"],
        "params": spec["metric"]["params"],
        "ratio": None if metric.ratio is None else plain(asdict(metric.ratio)),
        "value": values_of_all[metric.headline],
        "values": values_of_all,
        "undefined": _undefined(metric, figures),
        "from": file_sha256(predictions_file(spec, spec["predicted"])),
    }


def _undefined(metric: Metric, figures: Mapping[str, float | None]) -> dict[str, str]:
    """Why figures that are not finite, and so not stored, are undefined."""
    return {
        name: f"{type(metric).__name__}.aggregate gives {value}"
        for name, value in figures.items()
        if value is not None and not math.isfinite(value)
    }


def _answers(path: Path) -> Iterator[tuple[str, Json]]:
    """Of each answer, Failures aside: the id of its example, and its value.

    Raises:
        UserError: the file is damaged.
    """
    for number, form in enumerate(read_lines(path), start=1):
        if form.get("failure") is None:
            if not isinstance(form.get("id"), str) or "value" not in form:
                raise UserError(f"{path}: damaged: line {number} is no prediction")
            yield form["id"], form["value"]


def _keep_influences(path: Path, found: Sequence[float] | None) -> None:
    """Add to each line of scores how much its example moves the headline."""
    if found is None:
        return
    lines = [{**form, "influence": own} for form, own in zip(read_lines(path), found, strict=True)]
    path.write_bytes(b"".join(map(as_line, lines)))


def _check_score(metric: Metric, example_id: str, values: Mapping[str, float]) -> None:
    """Refuse a score that could not be stored, or would spoil every mean."""
    if _PLAIN.issuperset(map(type, values.values())) and all(map(math.isfinite, values.values())):
        return  # nearly always, and quicker than to look at them one by one
    for name, value in values.items():
        if not isinstance(value, Real) or not math.isfinite(value):
            raise JobError(
                f"{type(metric).__name__}.score gives {name} = {value!r} for example {example_id}",
                "scores are finite numbers; leave out what is undefined",
            )
