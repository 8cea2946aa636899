"""``exact-match``: is the answer, whatever its kind, the target?"""

import json
from collections.abc import Mapping, Sequence

from evalkit import Json, Match, Metric
from evalkit_example.params import ExactMatchParams


class ExactMatch(Metric):
    """Scores 1 for an answer that equals its target, else 0."""

    headline = "exact_match"
    params: ExactMatchParams

    def score(self, target: Json, value: Json) -> Mapping[str, float]:
        """One part, ``right``: 1 or 0."""
        return {"right": float(self._text(value) == self._text(target))}

    def matches(self, target: Json, value: Json) -> Sequence[Match]:
        """Items that are equal and stand in the same place, for reports."""
        sides = (side if isinstance(side, list) else [side] for side in (target, value))
        pairs = enumerate(zip(*sides, strict=False))
        return [Match(answer=i, target=i) for i, (a, b) in pairs if self._text(a) == self._text(b)]

    def aggregate(self, scores: Sequence[Mapping[str, float]]) -> Mapping[str, float | None]:
        """The share of right answers; undefined (None) if there are no scores."""
        return {"exact_match": sum(s["right"] for s in scores) / len(scores) if scores else None}

    def _text(self, answer: Json) -> str:
        text = json.dumps(answer, sort_keys=True, ensure_ascii=False)
        return text.casefold() if self.params.ignore_case else text
