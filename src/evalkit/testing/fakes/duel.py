"""A comparison that asks a judge which of two answers is better."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

from evalkit.interfaces import (
    Comparison,
    ComparisonResult,
    Contest,
    Preview,
    Question,
    Standing,
    Steps,
)
from evalkit.records import Failure, Json, Message, Request, ResolvedModel
from evalkit.testing.fakes.params import FakeDuelParams


class FakeDuel(Comparison):
    """Every pair of cells over the first examples; the headline is the share of duels won."""

    params: FakeDuelParams
    headline = "share"
    decimals = 2

    def __init__(self, params: FakeDuelParams, judge: ResolvedModel | None) -> None:
        """Keep the parameters."""
        super().__init__(params, judge)

    def most_requests(self, preview: Preview) -> Mapping[str, int]:
        """One for each pair and example."""
        pairs = math.comb(len(preview.contestants), 2)
        examples = min(len(preview.examples), self.params.limit)
        return {judge: pairs * examples for judge in preview.judges}

    def questions(self, contest: Contest) -> Sequence[Question]:
        """One for each pair and example that both answered."""
        return [
            Question(id=f"{left}/{right}/{example_id}", steps=steps)
            for left, right, example_id, steps in self._duels(contest)
        ]

    def conclude(
        self, contest: Contest, verdicts: Mapping[str, Mapping[str, Json] | Failure]
    ) -> ComparisonResult:
        """Duels won, over duels that were decided."""
        won: Counter[str] = Counter()
        fought: Counter[str] = Counter()
        failed = 0
        for left, right, example_id, _ in self._duels(contest):
            verdict = verdicts[f"{left}/{right}/{example_id}"]
            if isinstance(verdict, Failure):
                failed += 1
                continue
            won[left if verdict["winner"] == "A" else right] += 1
            fought.update((left, right))
        standings = tuple(
            Standing(contestant=c, values={"share": won[c] / fought[c] if fought[c] else None})
            for c in contest.answers
        )
        counts = {"decided": won.total(), "failed": failed}
        return ComparisonResult(standings=standings, counts=counts)

    def _duels(
        self, contest: Contest
    ) -> Iterator[tuple[str, str, str, Callable[[], Steps[Mapping[str, Json]]]]]:
        for left, right in combinations(contest.answers, 2):
            for example in contest.examples[: self.params.limit]:
                one = contest.answers[left][example.id]
                other = contest.answers[right][example.id]
                if one.failure is None and other.failure is None:
                    yield left, right, example.id, _steps(one.text, other.text)


def _steps(one: str, other: str) -> Callable[[], Steps[Mapping[str, Json]]]:
    text = f"Which answer is better?\nA: {one}\nB: {other}"
    request = Request(messages=(Message("user", text),), max_tokens=1, choices=("A", "B"))

    def ask() -> Steps[Mapping[str, Json]]:
        completion = yield request
        return {"winner": completion.text}

    return ask
