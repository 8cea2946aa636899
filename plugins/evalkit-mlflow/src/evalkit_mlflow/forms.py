"""What goes to MLflow, as plain data: one form for the run, and one for each of its cells."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from evalkit_mlflow.names import (
    LONGEST_NAME,
    LONGEST_PARAM,
    LONGEST_TAG,
    unique_names,
    valid_text,
)

Form = Mapping[str, Any]
Point = tuple[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunForm:
    """A run of MLflow as it is to be.

    Attributes:
        cell: id of the cell that it shows; empty for the parent, which shows the run.
        name: shown to people.
        params: name -> text.
        metrics: name -> points (step, finite value), by step.
        tags: name -> text.
        status: ``FINISHED``, ``FAILED`` or ``KILLED``.
        start_ms, end_ms: since 1970.
        note: a description to begin with.
    """

    cell: str
    name: str
    params: Mapping[str, str]
    metrics: Mapping[str, tuple[Point, ...]]
    tags: Mapping[str, str]
    status: str
    start_ms: int
    end_ms: int
    note: str = ""


def params_of(pairs: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Parameters with valid names and values."""
    valid = ((name, valid_text(value, LONGEST_PARAM)) for name, value in pairs)
    return unique_names(valid)


def tags_of(pairs: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Tags with valid names and values; those without a value are left out."""
    valid = ((n, valid_text(value, LONGEST_TAG)) for n, value in pairs if value not in (None, ""))
    return unique_names(valid)


def metrics_of(pairs: Iterable[tuple[str, Any]]) -> dict[str, tuple[Point, ...]]:
    """Metrics with valid names; a value is a number or the points of a curve.

    What is undefined or not finite is left out: MLflow would show it as a 0 or not at all.
    """
    curves = ((name, tuple(_points(value))) for name, value in pairs)
    return unique_names((name, points) for name, points in curves if points)


def _points(value: Any) -> Iterator[Point]:
    if not isinstance(value, list):
        value = [[0, value]]
    known: dict[int, float] = {}
    for point in value:
        if isinstance(point, list) and len(point) == 2 and all(map(_is_finite, point)):
            known[int(point[0])] = float(point[1])
    yield from sorted(known.items())


def _is_finite(value: Any) -> bool:
    """Whether a value is a number that fits into 64 bits of floating point."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def shown_name(name: str) -> str:
    """The name of a run, as people see it."""
    return valid_text(name, LONGEST_NAME)


def milliseconds(stamp: str | None) -> int:
    """A time of ``results.json``, in milliseconds since 1970; 0 if there is none."""
    try:
        time = datetime.strptime(stamp or "", "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return 0
    return int(time.replace(tzinfo=UTC).timestamp() * 1000)
