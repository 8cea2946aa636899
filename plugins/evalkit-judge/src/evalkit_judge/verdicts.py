"""Verdicts as they are kept in ``judgments.jsonl``, and how they are read again."""

from collections.abc import Mapping

from evalkit import Failure, Json
from evalkit_judge.lineup import Bout
from evalkit_judge.reading import Answer, Status

_POINTS: Mapping[str, float] = {"A": 1.0, "B": 0.0, "TIE": 0.5}
"""Score of the answer that is shown first."""

_DECIDED: tuple[Status, ...] = ("ok", "auto_tie")
_FAILED: tuple[Status, ...] = ("refusal", "truncated", "api_error")


def verdict(bout: Bout, answer: Answer) -> Mapping[str, Json]:
    """A verdict as it is kept in ``judgments.jsonl``; ``score`` is that of contestant a."""
    return {
        "judge": bout.judge,
        "example": bout.example,
        "a": bout.a,
        "b": bout.b,
        "order": bout.order,
        "vote": bout.vote,
        "status": answer.status,
        "verdict": answer.label,
        "score": score_of(bout, answer.label),
        **answer.extra,
    }


def auto_tie(bout: Bout) -> Mapping[str, Json]:
    """The verdict on two equal answers, for which nobody needs to be asked."""
    return verdict(bout, Answer(status="auto_tie", label="TIE", extra={}))


def read_verdict(bout: Bout, kept: Mapping[str, Json] | Failure) -> tuple[Status, float | None]:
    """Status and contestant a's score of a kept verdict.

    A Failure is an ``api_error``, and a verdict with an unknown status or label is a
    ``parse_error``: both without a score.
    """
    if isinstance(kept, Failure):
        return "api_error", None
    for status in _DECIDED:
        score = score_of(bout, kept.get("verdict"))
        if kept.get("status") == status and score is not None:
            return status, score
    for status in _FAILED:
        if kept.get("status") == status:
            return status, None
    return "parse_error", None


def score_of(bout: Bout, label: Json) -> float | None:
    """Contestant a's score by a label: 1 for a win, 0.5 for a tie; None for anything unknown."""
    points = _POINTS.get(label) if isinstance(label, str) else None
    if points is None or bout.order == "ab":
        return points
    return 1.0 - points
