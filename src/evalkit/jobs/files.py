"""The files of jobs, and what several kinds of job read."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from evalkit.collector import uncollected
from evalkit.interfaces import Event
from evalkit.records import Example, Prediction
from evalkit.serialization import read_predictions
from evalkit.store import Store
from evalkit.workshop import Spec, Workshop

PREDICTIONS = "predictions.jsonl"
SCORES = "scores.jsonl"
ADAPTED = "adapted.json"
JUDGMENTS = "judgments.jsonl"
NEAR_DUPLICATES = "near-duplicates.json"
PROMPT = "prompt.json"

Tell: TypeAlias = Callable[[Event], None]
"""Told of progress, and of what is worth a line."""


def evaluation_of(shop: Workshop, spec: Spec) -> tuple[Example, ...]:
    """The examples that a job evaluates."""
    with uncollected():
        return shop.evaluation(spec)


def read_json(path: Path) -> Any:
    """What a JSON file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


def predictions_file(spec: Spec, identity: str) -> Path:
    """Where the predictions of a job are: in the store, or in a run folder that was moved."""
    given = spec.get("predictions", {}).get(identity)
    folder = Store(Path(spec["root"])).folder("predict", identity)
    return Path(given) if given else folder / PREDICTIONS


def predictions_of(spec: Spec, identity: str) -> Iterator[Prediction]:
    """The predictions of a job, one after another."""
    return read_predictions(predictions_file(spec, identity))
