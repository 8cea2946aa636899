"""JSON that others wrote, read strictly, and held against a schema.

Python's own reader takes NaN, numbers of hundreds of digits, and whatever depth its stack bears.
What comes in that way fails later, where nobody can tell the file and the line any more.
Source of the schemas' words: https://json-schema.org/draft/2020-12/json-schema-validation
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 100
"""How deep lists and objects may stand in each other."""

_MOST_DIGITS = 300
"""Of a whole number: what is longer has no floating-point number near it."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


def strict_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is no JSON, holds a number that is not finite or too long, or nests deeper
            than ``DEEPEST``.
    """
    value = finite_json(text)
    if text.count("[") + text.count("{") > DEEPEST and nests_deeply(value):
        raise ValueError("nested too deeply")
    return value


def finite_json(text: str) -> Any:
    """The same, however deep it nests, as long as the stack bears it.

    Raises:
        ValueError: it is no JSON, or holds a number that is not finite or too long.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite, parse_int=_whole)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def nests_deeply(value: Any) -> bool:
    """Whether lists and objects stand in each other deeper than ``DEEPEST``."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [item for one in level for item in _items(one)]
        if not level:
            return False
    return True


def misfits(
    value: Any, schema: Mapping[str, Any], place: str = "", root: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """Where a value does not follow a JSON schema; keys that the schema does not name may be there.

    Args:
        value: what was read.
        schema: with the words type, enum, const, required, properties, additionalProperties, items
            and $ref alone.
        place: the path to the value.
        root: the schema whose ``$defs`` are referred to, if it is another one.
    """
    root = schema if root is None else root
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    kinds = schema.get("type", list(_TYPES))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not any(_is(value, kind) for kind in kinds):
        yield f"{place or 'the whole'}: expected {' or '.join(kinds)}"
    elif value not in schema.get("enum", [schema.get("const", value)]):
        yield f"{place}: unknown value"
    elif isinstance(value, dict):
        yield from (f"{_in(place, key)}: missing" for key in _lacks(value, schema))
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for key, item in value.items():
            if isinstance(inner := known.get(key, others), dict):
                yield from misfits(item, inner, _in(place, key), root)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from misfits(item, schema.get("items", {}), f"{place}[{number}]", root)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is too large")
    return number


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"{digits[:20]}... is too large")
    return int(digits)


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _lacks(value: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    return [key for key in schema.get("required", ()) if key not in value]


def _in(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
