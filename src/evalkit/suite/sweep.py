"""Lists that are sweeps: one variant for each combination, as pytest's parametrize does."""

import json
import re
from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

from evalkit.params import Params

_SHORT = re.compile(r"[\w.+/-]{1,40}", re.ASCII)


def swept_keys(table: dict[str, Any], cls: type[Params]) -> list[str]:
    """Keys whose value is a list although the parameter is none."""
    properties = cls.model_json_schema(by_alias=True).get("properties", {})
    return [
        key
        for key, value in table.items()
        if isinstance(value, list) and not _takes_list(properties.get(key, {}))
    ]


def _takes_list(schema: dict[str, Any]) -> bool:
    members = [schema, *schema.get("anyOf", []), *schema.get("oneOf", [])]
    return any(member.get("type") == "array" for member in members)


def odd_sweeps(table: dict[str, Any], cls: type[Params]) -> Iterator[tuple[str, str]]:
    """Sweeps that make no sense: the key, and what is wrong with its list."""
    for key in swept_keys(table, cls):
        values = [json.dumps(value, default=str) for value in table[key]]
        twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
        if not values:
            yield key, "an empty list leaves no cell"
        for value in twice:
            yield key, f"{value} is in the list twice"


def combinations(table: dict[str, Any], cls: type[Params]) -> int:
    """How many variants a table has."""
    return prod(len(table[key]) for key in swept_keys(table, cls))


def expand(table: dict[str, Any], cls: type[Params]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each variant of a table: a label made of the swept values, and the table with them.

    The first swept key varies slowest. A table without sweeps is one variant without a label.
    """
    keys = swept_keys(table, cls)
    for numbered in product(*(enumerate(table[key], start=1) for key in keys)):
        values = dict(zip(keys, (value for _, value in numbered), strict=True))
        parts = zip(keys, numbered, strict=True)
        yield "-".join(_label(key, *part) for key, part in parts), {**table, **values}


def _label(key: str, place: int, value: Any) -> str:
    """``train-size`` 16 -> ``16``; other keys keep their name, ``k`` 4 -> ``k4``.

    A text stands for itself; what is too long or too odd for a name is told by its place.
    """
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not _SHORT.fullmatch(text):
        return f"{key}{place}"
    return text if key == "train-size" or isinstance(value, str) else f"{key}{text}"
