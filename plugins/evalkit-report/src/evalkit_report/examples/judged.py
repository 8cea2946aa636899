"""What judges said about pairs of answers, seen from the contestants and not from their places."""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, TypeAlias

from evalkit_report.examples.cursor import Line
from evalkit_report.examples.text import cut

Form: TypeAlias = dict[str, Any]

_MOST_OF_A_REASON = 2_000
_PAIR = ("comparison", "seed", "judge", "a", "b")
_WINNER: Mapping[tuple[str, str], str] = {
    ("A", "ab"): "a",
    ("B", "ab"): "b",
    ("A", "ba"): "b",
    ("B", "ba"): "a",
    ("TIE", "ab"): "tie",
    ("TIE", "ba"): "tie",
}


def judged_ids(lines: Iterable[Line]) -> Iterator[str]:
    """The examples that the judgments are about; those that name none are passed over."""
    return (verdict["example"] for _, verdict in _verdicts(lines))


def verdicts_of(lines: Iterable[Line], examples: Set[str], most: int) -> dict[str, list[Form]]:
    """What judges said of some examples, pair by pair.

    Args:
        lines: of ``judgments.jsonl``.
        examples: their ids.
        most: keep so many verdicts at most.

    Returns:
        Example -> its pairs: ``comparison``, ``seed``, ``judge``, the contestants ``a`` and ``b``,
        and under ``said`` one entry for each time that the judge was asked.
    """
    found: dict[str, dict[tuple[Any, ...], Form]] = {}
    kept = 0
    for line, verdict in _verdicts(lines):
        if verdict["example"] not in examples or kept == most:
            continue
        whose = {key: str(line.get(key, verdict.get(key, ""))) for key in _PAIR}
        pairs = found.setdefault(verdict["example"], {})
        pair = pairs.setdefault(tuple(whose.values()), {**whose, "said": []})
        pair["said"].append(_said(verdict))
        kept += 1
    return {example: list(pairs.values()) for example, pairs in found.items()}


def _verdicts(lines: Iterable[Line]) -> Iterator[tuple[Line, Line]]:
    for line in lines:
        verdict = line.get("verdict")
        if isinstance(verdict, dict) and all(
            isinstance(verdict.get(key), str) for key in ("example", "a", "b")
        ):
            yield line, verdict


def _said(verdict: Line) -> Form:
    """One verdict: ``order``, ``status``, ``winner`` and, where they are known, the rest."""
    order = str(verdict.get("order"))
    said: Form = {
        "order": order,
        "status": str(verdict.get("status")),
        "winner": _WINNER.get((str(verdict.get("verdict")), order)),
    }
    reason = verdict.get("rationale", verdict.get("text"))
    if isinstance(reason, str) and reason:
        said["reason"] = cut(reason, _MOST_OF_A_REASON)
    shares = _shares(verdict.get("probabilities"), order)
    return said | ({"shares": shares} if shares else {})


def _shares(probabilities: Any, order: str) -> dict[str, float]:
    """Probability of each winner, in the order a, b, tie."""
    if not isinstance(probabilities, dict):
        return {}
    found = {
        _WINNER.get((label, order), ""): round(float(share), 4)
        for label, share in probabilities.items()
        if isinstance(share, int | float)
    }
    return {winner: found[winner] for winner in ("a", "b", "tie") if winner in found}
