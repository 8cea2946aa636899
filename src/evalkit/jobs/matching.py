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
    sizes = _items(value), _items(target)
    for match in found:
        fault = _fault(match, *sizes)
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
    if not isinstance(match, Match):
        return f"{match!r}, which is no evalkit.Match"
    for side, index, size in (("answer", match.answer, answers), ("target", match.target, targets)):
        if type(index) is not int or not 0 <= index < size:
            return f"{side} = {index!r}, which is none of its {size} items"
    similarity = match.similarity
    if not isinstance(similarity, int | float) or not 0 <= similarity <= 1:
        return f"similarity = {similarity!r}"
    return ""
