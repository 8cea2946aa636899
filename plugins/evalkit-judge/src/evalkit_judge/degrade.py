"""Gold answers that were spoilt on purpose: whoever prefers one to the original cannot judge.

Only for answers that are triples. Each kind of damage is one that methods really do: a fact is
left out, turned round, related wrongly or made up.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

from evalkit import Json

Damage: TypeAlias = Literal["drop", "swap", "corrupt", "invent"]
"""A triple is left out; subject and object change places; a relation is replaced by another
one; a triple is added."""

Triple: TypeAlias = tuple[str, str, str]
Triples: TypeAlias = Sequence[Triple]

DAMAGES: tuple[Damage, ...] = ("drop", "swap", "corrupt", "invent")


def triples_of(target: Json) -> list[Triple] | None:
    """A target as triples; None if it is something else."""
    if isinstance(target, str) or not isinstance(target, Sequence):
        return None
    found = []
    for item in target:
        if isinstance(item, str) or not isinstance(item, Sequence) or len(item) != 3:
            return None
        found.append((str(item[0]), str(item[1]), str(item[2])))
    return found


def degrade(
    gold: Triples, damage: Damage, rng: random.Random, foreign: Triples
) -> list[Triple] | None:
    """The triples with one damage; None if they cannot have it.

    Args:
        gold: the right triples.
        damage: what to do to one of them.
        rng: chooses which.
        foreign: triples of other examples, from which relations and objects are taken.
    """
    return _WAYS[damage](list(gold), rng, foreign)


def _drop(gold: list[Triple], rng: random.Random, foreign: Triples) -> list[Triple] | None:
    if not gold:
        return None
    gold.pop(rng.randrange(len(gold)))
    return gold


def _swap(gold: list[Triple], rng: random.Random, foreign: Triples) -> list[Triple] | None:
    turned = {i: (o, p, s) for i, (s, p, o) in enumerate(gold) if s != o and (o, p, s) not in gold}
    return _replaced(gold, turned, rng)


def _corrupt(gold: list[Triple], rng: random.Random, foreign: Triples) -> list[Triple] | None:
    others = sorted({p for _, p, _ in foreign} - {p for _, p, _ in gold})
    if not others:
        return None
    return _replaced(gold, {i: (s, rng.choice(others), o) for i, (s, _, o) in enumerate(gold)}, rng)


def _invent(gold: list[Triple], rng: random.Random, foreign: Triples) -> list[Triple] | None:
    named = {name for s, _, o in gold for name in (s, o)}
    strange = sorted({(p, o) for _, p, o in foreign if o not in named})
    if not gold or not strange:
        return None
    relation, thing = rng.choice(strange)
    gold.insert(rng.randrange(len(gold) + 1), (rng.choice(gold)[0], relation, thing))
    return gold


def _replaced(
    gold: list[Triple], others: Mapping[int, Triple], rng: random.Random
) -> list[Triple] | None:
    if not others:
        return None
    index = rng.choice(sorted(others))
    gold[index] = others[index]
    return gold


_WAYS: Mapping[Damage, Callable[[list[Triple], random.Random, Triples], list[Triple] | None]] = {
    "drop": _drop,
    "swap": _swap,
    "corrupt": _corrupt,
    "invent": _invent,
}
