"""A table: typed columns with stable names, and rows that come one after another."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["text", "int", "float", "bool"]
Value: TypeAlias = str | int | float | bool | None
Form: TypeAlias = Mapping[str, Any]

_KINDS: dict[str, Kind] = {"t": "text", "i": "int", "f": "float", "b": "bool"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of one kind.

    Attributes:
        columns: name -> what it holds.
        rows: the values in the order of the columns; None is what is unknown or undefined.
            They can be gone through once.
    """

    columns: Mapping[str, Kind]
    rows: Iterable[tuple[Value, ...]]


def table(columns: str, forms: Iterable[Form]) -> Table:
    """A table of mappings.

    Args:
        columns: ``name:kind`` for each column, between white space; the kinds are ``t`` text,
            ``i`` whole number, ``f`` number and ``b`` truth.
        forms: the rows; keys that are no column are left out, those that lack are None.
    """
    kinds = {
        name: _KINDS[kind] for name, _, kind in (one.rpartition(":") for one in columns.split())
    }
    return Table(columns=kinds, rows=typed(kinds, forms))


def typed(columns: Mapping[str, Kind], forms: Iterable[Form]) -> Iterator[tuple[Value, ...]]:
    """The rows of mappings, each value as its column wants it."""
    for form in forms:
        yield tuple(cast(form.get(name), kind) for name, kind in columns.items())


def cast(value: Any, kind: Kind) -> Value:
    """The value, if it is of the kind: else None, but that a text holds anything, as JSON."""
    if value is None:
        return None
    if kind == "text":
        return value if isinstance(value, str) else as_json(value)
    if kind == "bool" or isinstance(value, bool):
        return value if kind == "bool" and isinstance(value, bool) else None
    if not isinstance(value, int | float):
        return None
    if kind == "float":
        return float(value)
    return int(value) if value == int(value) else None


def as_json(value: Any) -> str:
    """JSON in one line, readable as it stands."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
