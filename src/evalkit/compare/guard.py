"""What must be alike before two figures may stand side by side."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.compare.methods import Method
from evalkit.errors import UserError

_OF_TASK = {
    "use": "task",
    "params": "parameters of the task",
    "split": "split",
    "instruction": "instruction",
    "evaluation_sha256": "evaluated examples",
}


def check_comparable(methods: Sequence[Method], metric: str) -> None:
    """See that the methods did the same task on the same examples and were scored alike.

    Raises:
        UserError: they were not; the message says what differs, and between which of them.
    """
    differences = list(_differences(methods, metric))
    if differences:
        listed = "\n    ".join(differences)
        raise UserError(
            f"these methods cannot be compared:\n    {listed}",
            "run them on the same task and split, score them by the same parameters "
            "(evalkit score), or name fewer runs",
        )


def _differences(methods: Sequence[Method], metric: str) -> Iterator[str]:
    first, *others = methods
    for other in others:
        for what, (own, theirs) in _facts(first, other, metric).items():
            if own != theirs:
                yield f"{what}: {first.name} {_shown(own)}, {other.name} {_shown(theirs)}"


def _facts(first: Method, other: Method, metric: str) -> dict[str, tuple[Any, Any]]:
    tasks = first.results["task"], other.results["task"]
    facts = {what: (tasks[0][key], tasks[1][key]) for key, what in _OF_TASK.items()}
    scores = [_score(method, metric) for method in (first, other)]
    for key, what in (("use", "metric"), ("headline", "headline")):
        facts[what] = (scores[0].get(key), scores[1].get(key))
    params = [score.get("params") or {} for score in scores]
    for key in sorted({*params[0], *params[1]}):
        facts[f"{metric}.{key}"] = (params[0].get(key), params[1].get(key))
    return facts


def _score(method: Method, metric: str) -> Mapping[str, Any]:
    scores = (cell["scores"].get(metric) for cell in method.cells)
    return next((score for score in scores if score), {})


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
