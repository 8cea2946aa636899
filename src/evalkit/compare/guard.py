"""What must be alike before two figures may stand side by side."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.compare.methods import Method
from evalkit.errors import UserError

_OF_TASK = {
    "use": "task",
    "split": "split",
    "examples": "number of evaluated examples",
    "instruction": "instruction",
    "evaluation_sha256": "evaluated examples (SHA-256)",
}
_OF_SCORE = {"use": "metric", "headline": "headline", "direction": "direction"}
_LONGEST, _AROUND = 60, 20


def check_comparable(methods: Sequence[Method], metric: str) -> None:
    """See that the methods did the same task on the same examples and were scored alike.

    A method without a score, as its cells failed, is scored like any other.

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


def scored_unlike(methods: Sequence[Method], metric: str) -> str:
    """How the scores of two methods by a metric came about differently; empty if they did not."""
    scores = [(method.name, _score(method, metric)) for method in methods]
    facts = [(name, _of_score(score, metric)) for name, score in scores if score]
    return next(_unlike(facts), "")


def _differences(methods: Sequence[Method], metric: str) -> Iterator[str]:
    scores = [(method.name, _score(method, metric)) for method in methods]
    yield from _unlike([(method.name, _of_task(method.results["task"])) for method in methods])
    yield from _unlike([(name, _of_score(score, metric)) for name, score in scores if score])
    paid = [(method.name, method.results.get("currency")) for method in methods]
    yield from _unlike([(name, {"currency": currency}) for name, currency in paid if currency])


def _unlike(facts: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    """A line for each fact and each other value of it: who has the first, who this one."""
    for what in dict.fromkeys(what for _, known in facts for what in known):
        first, *others = [(name, known.get(what)) for name, known in facts]
        told = {_form(first[1])}
        for name, value in others:
            if _form(value) not in told:
                told.add(_form(value))
                own, theirs = _shown(first[1], value)
                yield f"{what}: {first[0]} {own}, {name} {theirs}"


def _score(method: Method, metric: str) -> Mapping[str, Any]:
    scores = (cell["scores"].get(metric) for cell in method.cells)
    return next((score for score in scores if score), {})


def _of_task(task: Mapping[str, Any]) -> dict[str, Any]:
    facts = {what: task[key] for key, what in _OF_TASK.items()}
    return facts | {f"task.{key}": value for key, value in task["params"].items()}


def _of_score(score: Mapping[str, Any], metric: str) -> dict[str, Any]:
    facts = {what: score.get(key) for key, what in _OF_SCORE.items()}
    params = score.get("params") or {}
    return facts | {f"{metric}.{key}": value for key, value in params.items()}


def _form(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _shown(one: Any, other: Any) -> tuple[str, str]:
    """Both as text, long ones from shortly before the place where they part."""
    texts = _form(one), _form(other)
    same = next((i for i, pair in enumerate(zip(*texts, strict=False)) if len({*pair}) > 1), 0)
    start = max(0, same - _AROUND) if max(map(len, texts)) > _LONGEST else 0
    return _cut(texts[0], start), _cut(texts[1], start)


def _cut(text: str, start: int) -> str:
    end = start + _LONGEST
    before, after = "..." if start else "", "..." if len(text) > end else ""
    return f"{before}{text[start:end]}{after}"
