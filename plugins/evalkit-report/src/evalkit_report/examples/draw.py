"""Which examples are shown where there are too many of them.

The draw is an order: its first n examples are a sample of n, whatever n is, so that fewer can be
shown without drawing anew. It depends on the ids alone and not on the order of the data.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

Groups: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values of an example's groups."""

MOST_VALUES = 200
"""A group with more values tells examples apart rather than kinds of examples."""
_JUDGED = 4
"""One part in so many is kept for examples that a judge has seen."""


@dataclass(frozen=True, slots=True)
class Name:
    """What is known of every example, shown or not.

    Attributes:
        id: unique.
        groups: all of them.
    """

    id: str
    groups: Groups = ()


def strata(names: Iterable[Name]) -> dict[str, list[str]]:
    """The groups that sort examples into kinds: name -> its values, in their natural order."""
    values: dict[str, set[str]] = defaultdict(set)
    for name in names:
        for group, value in name.groups:
            if len(values[group]) <= MOST_VALUES:
                values[group].add(value)
    return {
        g: sorted(found, key=_natural) for g, found in values.items() if len(found) <= MOST_VALUES
    }


def draw(
    names: Sequence[Name], most: int, *, groups: Set[str], judged: Set[str] = frozenset()
) -> list[int]:
    """Positions of at most `most` examples, in the order in which they are drawn.

    First one example for each value of each group, so that rare ones are there; then examples that
    a judge has seen, up to a quarter of all; then the others, each kind in proportion.

    Args:
        names: all examples; an id that comes again is left out.
        most: at least 1.
        groups: names of the groups that sort examples into kinds.
        judged: ids of examples that a judge has seen.
    """
    shuffled = _shuffled(names)
    kinds = {p: tuple(pair for pair in names[p].groups if pair[0] in groups) for p in shuffled}
    seen_by_judge = (p for p in shuffled if names[p].id in judged)
    order = [
        *_firsts(shuffled, kinds),
        *islice(seen_by_judge, most // _JUDGED),
        *_in_proportion(shuffled, kinds),
    ]
    return list(islice(dict.fromkeys(order), most))


def _shuffled(names: Sequence[Name]) -> list[int]:
    first = {name.id: i for i, name in reversed(list(enumerate(names)))}
    return sorted(first.values(), key=lambda i: _lot(names[i].id))


def _lot(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _firsts(shuffled: Sequence[int], kinds: Mapping[int, Groups]) -> Iterator[int]:
    """The first example of each value of each group."""
    seen: set[tuple[str, str]] = set()
    for p in shuffled:
        if not seen.issuperset(kinds[p]):
            seen.update(kinds[p])
            yield p


def _in_proportion(shuffled: Sequence[int], kinds: Mapping[int, Groups]) -> list[int]:
    """Every kind spread evenly over the whole order."""
    sizes = Counter(kinds.values())
    reached: Counter[Groups] = Counter()
    place = {}
    for p in shuffled:
        place[p] = (reached[kinds[p]] + 0.5) / sizes[kinds[p]]
        reached[kinds[p]] += 1
    return sorted(shuffled, key=lambda p: place[p])


def _natural(value: str) -> tuple[bool, float, str]:
    """Numbers by their size, before all other texts."""
    return (False, int(value), value) if _is_number(value) else (True, 0, value)


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 16
