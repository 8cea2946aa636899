"""The items of one answer or one target, counted and ready to be matched."""

from dataclasses import dataclass

from evalkit import DataError, Json
from evalkit_f1.normalize import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """What was read.

    Attributes:
        triples: the distinct well-formed items, each as one normalised string.
        broken: the distinct malformed items, likewise.
        total: number of items, duplicates included.
        malformed: number of malformed items among them, duplicates included.
    """

    triples: frozenset[str]
    broken: frozenset[str]
    total: int
    malformed: int

    @property
    def distinct(self) -> int:
        """Number of items after duplicates are removed."""
        return len(self.triples) + len(self.broken)


def read_items(value: Json, profile: Profile) -> Items:
    """Normalise the items of a value of the answer kind ``triples``.

    Raises:
        DataError: the value is no list of lists of strings.
    """
    if not isinstance(value, (list, tuple)):
        raise _wrong_form(value)
    for kind in set(map(type, value)):
        if not issubclass(kind, (list, tuple)):
            raise _wrong_form(value)
    try:
        wholes = [profile.whole(tuple(item)) for item in value]
    except (TypeError, AttributeError):  # a part that is no string
        raise _wrong_form(value) from None
    if all([len(item) == 3 for item in value]):
        return Items(triples=frozenset(wholes), broken=frozenset(), total=len(value), malformed=0)
    broken = [whole for item, whole in zip(value, wholes, strict=True) if len(item) != 3]
    return Items(
        triples=frozenset(w for item, w in zip(value, wholes, strict=True) if len(item) == 3),
        broken=frozenset(broken),
        total=len(value),
        malformed=len(broken),
    )


def _wrong_form(found: object) -> DataError:
    return DataError(
        f"a triple metric cannot read {found!r}",
        hint='answers of kind "triples" are lists of items, each a list of strings, for instance '
        '[["Ada", "born in", "London"]]; the task must return them like this',
    )
