"""Values that others wrote, as texts of bounded length and as items that can be aligned."""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

Item: TypeAlias = tuple[str, ...]
"""The texts of an item's fields: three of a triple, one of a label."""
Cut: TypeAlias = str | Mapping[str, Any]
"""A text; or its beginning as ``cut``, and as ``left`` how many characters are left out."""

MOST_CHARACTERS = 20_000
"""Of a text that is shown."""
_MOST_OF_A_FIELD = 2_000
_MOST_FIELDS = 12


def cut(text: str, most: int = MOST_CHARACTERS) -> Cut:
    """The text, or its first `most` characters with the number of those that are left out."""
    return text if len(text) <= most else {"cut": text[:most], "left": len(text) - most}


def cut_item(item: Item) -> list[Cut]:
    """The fields of an item, each of bounded length unless it is the only one."""
    most = _MOST_OF_A_FIELD if len(item) > 1 else MOST_CHARACTERS
    return [cut(field, most) for field in item]


def as_text(value: Any) -> str:
    """A text as it is; every other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def items_of(value: Any) -> list[Item]:
    """The items of a target or of a parsed answer.

    A list has its entries; every other value is one item, and nothing at all is none.
    """
    if value is None or value == "":
        return []
    return [_item(entry) for entry in value] if isinstance(value, list) else [_item(value)]


def _item(entry: Any) -> Item:
    if isinstance(entry, dict):
        fields = [f"{name}: {as_text(part)}" for name, part in entry.items()]
    elif isinstance(entry, list):
        fields = [as_text(part) for part in entry]
    else:
        fields = [as_text(entry)]
    return tuple(fields) if 0 < len(fields) <= _MOST_FIELDS else (as_text(entry),)
