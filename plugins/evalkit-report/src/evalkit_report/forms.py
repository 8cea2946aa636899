"""Reading what others wrote: what is absent, or of another kind, is nothing, never an error.

Older versions wrote less, and files get damaged; the report shows what there is.
"""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from evalkit_report.model import Form


def form_of(value: Any) -> Form:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def inner(value: Any, *keys: str) -> Any:
    """What lies under the keys, one inside the other; None if any of them is absent."""
    for key in keys:
        value = form_of(value).get(key)
    return value


def rows_of(value: Any) -> tuple[Form, ...]:
    """The objects of a list."""
    return tuple(one for one in _items(value) if isinstance(one, Mapping))


def texts_of(value: Any) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(one for one in _items(value) if isinstance(one, str))


def number_of(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


def numbers_of(value: Any) -> dict[str, float]:
    """The finite numbers of an object, by their keys."""
    found = {str(key): number_of(one) for key, one in form_of(value).items()}
    return {key: one for key, one in found.items() if one is not None}


def text_of(value: Any) -> str:
    """A text as it is, a number as Python writes it, nothing for all else."""
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, Mapping | list | tuple) else str(value)


def reason_of(value: Any) -> str:
    """Why something is undefined, fit for the end of a sentence."""
    return text_of(value).removeprefix("undefined, because ")


def _items(value: Any) -> Iterator[Any]:
    return iter(value if isinstance(value, list | tuple) else ())
