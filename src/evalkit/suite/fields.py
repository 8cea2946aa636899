"""One table of a suite -> the parameters of its plugin; pydantic's faults in a suite's words."""

import difflib
import json
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evalkit.params import MaybePath, Params, kebab
from evalkit.suite.read import CommandLineText

_PLAIN = {
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "string_type": "expected a text in quotes",
    "list_type": "expected a list",
    "tuple_type": "expected a list",
    "dict_type": "expected a table",
}
"""Pydantic's commonest faults in a suite's words."""

Note = Callable[[str, str, str], None]
"""Key path below the table, what is wrong, hint."""


def unknown_key(key: str, allowed: Sequence[str]) -> tuple[str, str]:
    """What is wrong and the hint, for a key that nobody reads."""
    close = difflib.get_close_matches(key, allowed, n=1)
    meant = f'did you mean "{close[0]}"?  ' if close else ""
    return "unknown key", f"{meant}allowed: {', '.join(sorted(allowed))}" if allowed else ""


def read_params(
    cls: type[Params],
    table: dict[str, Any],
    base: Path,
    note: Note,
    core_keys: Sequence[str] = (),
) -> Params | None:
    """Check a table against a parameter model.

    Args:
        cls: the parameter model.
        table: keys and values as TOML gave them.
        base: folder in which relative paths of the file start.
        note: told of every fault.
        core_keys: keys of the table that the core reads itself, for the list of allowed ones.

    Returns:
        The parameters, or None if there was a fault.
    """
    own = {kebab(name) for name in cls.model_fields}
    allowed = [*own, *core_keys]
    odd = {key: fault for key in table if (fault := _fault(key, table[key], own, allowed))}
    for key, (what, hint) in odd.items():
        note(key, what, hint)
    located: dict[str, Any] = {}
    for key in table:
        try:
            located |= {} if key in odd else {key: _locate(cls, key, table[key], base)}
        except (OSError, RuntimeError, ValueError) as error:  # a NUL, ~nobody, far too long
            odd[key] = (f"no path: {getattr(error, 'strerror', None) or error}", "")
            note(key, *odd[key])
    try:
        params = cls.model_validate_json(json.dumps(located))
    except ValidationError as error:
        faults = [dict(fault) for fault in error.errors(include_url=False)]
        for key, what, hint in _in_words(faults, allowed):
            if key not in odd:
                note(key, what, hint)
        return None
    return None if odd else params


def _fault(
    key: str, value: Any, own: Collection[str], allowed: Sequence[str]
) -> tuple[str, str] | None:
    """What is wrong with a key before its parameter model looks at it, and a hint."""
    if key not in own:
        return unknown_key(key, allowed)
    try:
        json.dumps(value, allow_nan=False)
    except TypeError:
        return "dates and times are not allowed here", "write a text in quotes"
    except ValueError:
        return "inf and nan are not allowed here", "write a finite number"
    return None


def _locate(cls: type[Params], key: str, value: Any, base: Path) -> Any:
    """The value, made absolute if it is a path; a list item by item."""
    if isinstance(value, list):
        return [_locate(cls, key, item, base) for item in value]
    if not isinstance(value, str):
        return value
    start = Path.cwd() if isinstance(value, CommandLineText) else base
    known = key in cls.path_keys() or key in cls.marked_keys(MaybePath)
    if not known:
        return value
    if "\0" in value:
        raise ValueError("it holds a NUL")
    place = start / Path(value).expanduser()
    found = place.exists()  # also tells of what can be no path
    told = value.startswith(("/", "./", "../", "~"))
    if key in cls.path_keys() or told or found:
        # Not resolve(): the interpreter of a virtual environment is a link that must stay one.
        return os.path.abspath(place)  # noqa: PTH100
    return value


def _in_words(
    faults: Sequence[dict[str, Any]], allowed: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Pydantic's faults as key path, what is wrong, hint; one for each place in the file."""
    whats: dict[tuple[str, str], list[str]] = {}
    for fault in faults:
        steps = [str(step) for step in fault["loc"]]
        if fault["type"] == "extra_forbidden":
            yield ".".join(steps), *unknown_key(steps[-1], allowed if len(steps) == 1 else ())
        elif fault["type"] == "missing":
            yield ".".join(steps), "this key is missing", ""
        else:
            # Unions name the member that they tried in the place, and list a fault of each.
            message = _PLAIN.get(fault["type"]) or str(fault["msg"])
            message = message.removeprefix("Value error, ")
            given = json.dumps(fault["input"], ensure_ascii=False, default=str)
            found = "" if isinstance(fault["input"], dict) else f", found {given}"
            place = (".".join(steps[:1]), found)
            whats.setdefault(place, []).append(message[:1].lower() + message[1:])
    for (key, found), messages in whats.items():
        yield key, " or ".join(dict.fromkeys(messages)) + found, ""
