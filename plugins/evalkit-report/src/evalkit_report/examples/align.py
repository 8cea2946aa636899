"""Which item of an answer stands for which item of the target.

A metric that pairs items tells so in its scores; the one that pairs most is followed. By some
metrics several items stand for the same one: each pair has a row. Where no metric tells, items are
paired that are plainly equal. Equal items of an answer of which at most one is paired are one row
that counts them: models repeat themselves, and a metric counts them once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from evalkit_report.examples.text import Item

Pair: TypeAlias = tuple[int, int, float]
"""Item i of the answer stands for item j of the target, with a similarity in 0..1."""


@dataclass(frozen=True, slots=True)
class Row:
    """An item of the target, of the answer, or of both.

    Attributes:
        target: which item of the target; None if the answer's item was invented.
        answer: which item of the answer; None if the target's item was missed.
        similarity: 1 where both are the same after normalisation; None without a pair.
        times: how often the answer has the item.
    """

    target: int | None
    answer: int | None
    similarity: float | None
    times: int


def chosen_pairs(
    target: Sequence[Item], answer: Sequence[Item], matches: Mapping[str, Any], *, preferred: str
) -> tuple[str | None, list[Pair]]:
    """The pairs to show, and the metric that tells them; None if they are plainly equal items.

    Args:
        target: its items.
        answer: its items.
        matches: metric -> what its scores say; pairs that cannot be are not used.
        preferred: which metric to follow where several pair as many.
    """
    found = {
        metric: list(_sound(pairs, len(answer), len(target)))
        for metric, pairs in matches.items()
        if isinstance(pairs, list)
    }
    if not found:
        return None, list(_equal(target, answer))
    best = max(found, key=lambda metric: (len(found[metric]), metric == preferred))
    return best, found[best]


def favourite(all_matches: Iterable[Mapping[str, Any]]) -> str:
    """The metric that pairs most over several answers, so that they are aligned alike."""
    pairs: Counter[str] = Counter()
    for matches in all_matches:
        pairs.update({metric: len(m) for metric, m in matches.items() if isinstance(m, list)})
    return max(pairs, key=lambda metric: pairs[metric], default="")


def aligned(target: Sequence[Item], answer: Sequence[Item], pairs: Iterable[Pair]) -> list[Row]:
    """All items in the order of the target, then what was invented in the order of the answer.

    Of several that stand for the same item of the target the most similar one comes first.
    """
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for i, j, similarity in pairs:
        found[j].append((i, similarity))
    taken = {i for own in found.values() for i, _ in own}
    times = _folded(answer, taken)
    rows = []
    for j in _folded(target, set(found)):
        own = sorted(found.get(j, ()), key=lambda pair: -pair[1])
        missed = [Row(j, None, None, 0)]
        rows += [Row(j, i, similarity, times[i]) for i, similarity in own] or missed
    return rows + [Row(None, i, None, count) for i, count in times.items() if i not in taken]


def _sound(pairs: Iterable[Any], answers: int, targets: int) -> Iterator[Pair]:
    """Those that name two items that are there, each once."""
    seen: set[tuple[int, int]] = set()
    for pair in pairs:
        match pair:
            case [int(i), int(j), int(s) | float(s)] if i in range(answers) and j in range(targets):
                if (i, j) not in seen and 0 <= s <= 1:
                    seen.add((i, j))
                    yield i, j, float(s)


def _equal(target: Sequence[Item], answer: Sequence[Item]) -> Iterator[Pair]:
    free: dict[Item, list[int]] = defaultdict(list)
    for j in reversed(range(len(target))):
        free[target[j]].append(j)
    for i, item in enumerate(answer):
        if free.get(item):
            yield i, free[item].pop(), 1.0


def _folded(items: Sequence[Item], paired: set[int]) -> dict[int, int]:
    """Items that have a row -> how many they stand for, in the order of the items.

    All that are paired have one. The others of a text stand behind its first paired one, or else
    behind the first.
    """
    head: dict[Item, int] = {}
    for i in [*sorted(paired), *range(len(items))]:
        head.setdefault(items[i], i)
    counts = {i: 0 for i in range(len(items)) if i in paired or head[items[i]] == i}
    for i, item in enumerate(items):
        counts[i if i in paired else head[item]] += 1
    return counts
