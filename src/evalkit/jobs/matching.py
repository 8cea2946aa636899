"""What a metric matches, checked, as it stands beside a score."""

from evalkit.errors import JobError
from evalkit.interfaces import Match, Metric
from evalkit.records import Json


def matches_of(
    metric: Metric, example_id: str, target: Json, value: Json
) -> list[tuple[int, int, float]] | None:
    """(item of the answer, item of the target, similarity) of each match.

    None if the metric does not look at items.

    Raises:
        JobError: the metric returned something else than matches of these items.
    """
    found = metric.matches(target, value)
    if found is None:
        return None
    answers, targets = _items(value), _items(target)
    for match in found:
        fault = _fault(match, answers, targets)
        if fault:
            raise JobError(
                f"{type(metric).__name__}.matches gives {fault}, for example {example_id}",
                "a match holds the indices of an item in the answer's value and of one in the "
                "target, and a similarity from 0 to 1",
            )
    return [(match.answer, match.target, float(match.similarity)) for match in found]


def _items(value: Json) -> int:
    """Of a list its length; anything else is one item."""
    return len(value) if isinstance(value, list | tuple) else 1


def _fault(match: object, answers: int, targets: int) -> str:
    """What is wrong with a match of so many items; empty if nothing is."""
    if type(match) is not Match:
        return f"{match!r}, which is no evalkit.Match"
    if type(match.answer) is not int or not 0 <= match.answer < answers:
        return f"answer = {match.answer!r}, which is none of its {answers} items"
    if type(match.target) is not int or not 0 <= match.target < targets:
        return f"target = {match.target!r}, which is none of its {targets} items"
    if not isinstance(match.similarity, int | float) or not 0 <= match.similarity <= 1:
        return f"similarity = {match.similarity!r}"
    return ""
