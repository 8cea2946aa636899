"""The items of one answer or one target, counted and ready to be matched."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from evalkit import DataError, Json
from evalkit_f1.normalize import Written

Form = TypeVar("Form", bound=Hashable)
"""What an item is when it is matched: one normalised string, or its normalised slots."""

_LISTS = frozenset({list, tuple})
_TRIPLE = frozenset({3})


class Items(NamedTuple, Generic[Form]):  # a frozen dataclass takes four times as long to make
    """What was read.

    Attributes:
        triples: the distinct well-formed items, normalised, each with the index of the first item
            that is written so.
        broken: the distinct malformed items, likewise.
        written: the well-formed items as written, duplicates included.
        total: number of items, duplicates included.
    """

    triples: Mapping[Form, int]
    broken: Mapping[Form, int]
    written: list[Written]
    total: int

    @property
    def distinct(self) -> int:
        """Number of items after duplicates are removed."""
        return len(self.triples) + len(self.broken)


def read_items(value: Json, form: Callable[[Written], Form]) -> Items[Form]:
    """Normalise the items of a value of the answer kind ``triples``.

    Args:
        value: the answer or the target.
        form: makes an item as written comparable; must raise TypeError or AttributeError where
            a part is no string.

    Raises:
        DataError: the value is no list of lists of strings.
    """
    if not isinstance(value, (list, tuple)):
        raise _wrong_form(value)
    if not _LISTS.issuperset(map(type, value)):
        for item in value:
            if not isinstance(item, (list, tuple)):
                raise _wrong_form(value)
    written = list(map(tuple, value))
    try:
        forms = list(map(form, written))
    except (TypeError, AttributeError):  # a part that is no string
        raise _wrong_form(value) from None
    if _TRIPLE.issuperset(map(len, written)):
        return Items(_first_places(enumerate(forms)), {}, written, len(written))
    whole = [len(item) == 3 for item in written]
    return Items(
        triples=_first_places((i, form) for i, form in enumerate(forms) if whole[i]),
        broken=_first_places((i, form) for i, form in enumerate(forms) if not whole[i]),
        written=[item for item in written if len(item) == 3],
        total=len(written),
    )


def _first_places(numbered: Iterable[tuple[int, Form]]) -> dict[Form, int]:
    places: dict[Form, int] = {}
    for index, form in numbered:
        places.setdefault(form, index)
    return places


def _wrong_form(found: object) -> DataError:
    return DataError(
        f"a triple metric cannot read {found!r}",
        hint='answers of kind "triples" are lists of items, each a list of strings, for instance '
        '[["Ada", "born in", "London"]]; the task must return them like this',
    )
