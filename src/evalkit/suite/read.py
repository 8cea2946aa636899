"""TOML file -> plain tables: finds the file, lays a profile over it, applies overrides."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from evalkit.errors import SuiteError, UserError

Table = dict[str, Any]
_STEP = re.compile(r'"([^"]+)"|([^.\[\]"]+)')
_DEEPEST = 50
_BEYOND = 2**63


class CommandLineText(str):
    """A text that came from ``--set``: a relative path in it starts at the working directory."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSuite:
    """The tables of a suite before they are checked.

    Attributes:
        path: the file.
        profile: name of the profile laid over it; empty if none.
        tables: the content, profiles taken out.
        profiles: names of all profiles.
    """

    path: Path
    profile: str
    tables: Table
    profiles: tuple[str, ...]


def read_suite(
    source: str,
    *,
    profile: str = "",
    overrides: Sequence[str] = (),
    registered: Mapping[str, Path] | None = None,
) -> RawSuite:
    """Read a suite by path, or by the name under which a plugin registered it.

    Args:
        source: path or name.
        profile: which ``[profiles.NAME]`` to lay over it; empty for none.
        overrides: texts ``key.path=value``, applied last, in order.
        registered: suites by name.

    Raises:
        SuiteError: there is no such file or profile, or it is no TOML.
    """
    path = _find(source, registered or {})
    tables = _parse(path)
    _check_values(path, tables)
    profiles = tables.pop("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(p, dict) for p in profiles.values()):
        raise SuiteError([UserError(f"{path}: profiles: expected tables [profiles.NAME]")])
    if profile:
        if profile not in profiles:
            allowed = ", ".join(sorted(profiles)) or "none"
            problem = UserError(f'{path}: unknown profile "{profile}"', f"it has: {allowed}")
            raise SuiteError([problem])
        tables = merge(tables, profiles[profile])
    apply_overrides(tables, overrides)
    _check_values(path, tables)
    return RawSuite(path=path, profile=profile, tables=tables, profiles=tuple(profiles))


def _find(source: str, registered: Mapping[str, Path]) -> Path:
    path = Path(source)
    if path.is_file():
        return path
    if source in registered:
        return registered[source]
    nearby = sorted(p.as_posix() for p in Path().glob("*.toml"))
    nearby += sorted(p.as_posix() for p in Path("suites").glob("*.toml"))
    known = [*registered, *nearby]
    close = difflib.get_close_matches(source, known, n=1)
    meant = f'did you mean "{close[0]}"?  ' if close else ""
    hint = f"{meant}suites here: {', '.join(known) or 'none'}\nstart one with: evalkit init"
    what = "is a folder" if path.is_dir() else "no such suite"
    raise SuiteError([UserError(f"{source}: {what}", hint)])


def _parse(path: Path) -> Table:
    try:
        return tomli.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        problem = UserError(f"{path}: not UTF-8 (byte {error.start})", "save it as UTF-8")
        raise SuiteError([problem]) from None
    except (ValueError, RecursionError) as error:
        what = str(error).partition(";")[0]  # without Python's advice on very long numbers
        raise SuiteError([UserError(f"{path}: not valid TOML: {what}")]) from None
    except OSError as error:
        raise SuiteError([UserError(f"{path}: cannot be read: {error.strerror}")]) from None


def _check_values(path: Path, tables: Table) -> None:
    """See that no value is beyond what TOML promises, or what a reader bears.

    Raises:
        SuiteError: with every such value.
    """
    problems = [UserError(f"{path}: {where}: {what}") for where, what in _odd_values(tables, ())]
    if problems:
        raise SuiteError(problems)


def _odd_values(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if len(keys) > _DEEPEST:
        yield f"{'.'.join(keys[:3])}...", "tables and lists stand too deep in each other"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _odd_values(inner, (*keys, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _odd_values(inner, (*keys, str(number)))
    elif type(value) is int and not -_BEYOND <= value < _BEYOND:
        yield ".".join(keys), "a whole number of more than 64 bits"


def merge(below: Table, above: Table) -> Table:
    """Lay a profile over a suite: tables merge key by key, everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def apply_overrides(tables: Table, overrides: Sequence[str]) -> None:
    """Apply texts ``key.path=value`` in place, in order.

    A step of the path into an array of tables is a number, ``adapters[2].k``, or the name of
    one of its tables, ``adapters.lora.rank``; in quotes if the name holds a dot.
    The value is TOML; what is no TOML is a text.

    Raises:
        SuiteError: with every text that has no ``=``, or whose path leads nowhere.
    """
    problems: list[UserError] = []
    for override in overrides:
        try:
            _apply(tables, override)
        except UserError as error:
            problems.append(error)
    if problems:
        raise SuiteError(problems)


def _apply(tables: Table, override: str) -> None:
    path, equals, text = override.partition("=")
    steps = ["".join(found) for found in _STEP.findall(path.strip())]
    if not equals or not steps:
        raise UserError(f'--set {override}: expected "key.path=value"')
    place: Any = tables
    for position, step in enumerate(steps[:-1]):
        place = _descend(place, step, f"--set {override}: " + ".".join(steps[: position + 1]))
    key = _index(place, steps[-1], f"--set {override}") if isinstance(place, list) else steps[-1]
    place[key] = _value(text)


def _descend(place: Any, step: str, where: str) -> Any:
    if isinstance(place, list):
        inner = place[_index(place, step, where)]
    else:
        inner = place.setdefault(step, {})
    if isinstance(inner, dict | list):
        return inner
    raise UserError(f'{where}: "{step}" is no table')


def _index(tables: list[Any], step: str, where: str) -> int:
    if step.isdecimal() and len(step) < 10 and int(step) < len(tables):
        return int(step)
    names = [name_of(table) for table in tables]
    if names.count(step) == 1:
        return names.index(step)
    why = "is the name of several" if step in names else "is none of them"
    allowed = ", ".join(name or "?" for name in names) or "nothing"
    hint = f"it has, from [0]: {allowed}; give a number where a name is not unique"
    raise UserError(f'{where}: "{step}" {why}', hint)


def name_of(table: Any) -> str:
    """The name of a table: its own, else that of its plugin or model; empty if it has none."""
    keys = ("name", "use", "model", "engine") if isinstance(table, dict) else ()
    key = next((key for key in keys if key in table), "")
    text = str(table[key]) if key else ""
    if key == "use":
        return text.rpartition(":")[2]
    return plain_name(text) if key == "model" else text


def plain_name(text: str) -> str:
    """A text as a name: what a name must not have becomes a hyphen."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")


def _value(text: str) -> Any:
    try:
        value = tomli.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        value = text
    return _mark(value)


def _mark(value: Any) -> Any:
    if isinstance(value, str):
        return CommandLineText(value)
    if isinstance(value, dict):
        return {key: _mark(item) for key, item in value.items()}
    return [_mark(item) for item in value] if isinstance(value, list) else value
