"""The one form in which answers are shown, and when two of them say the same."""

import re
import unicodedata
from collections.abc import Hashable, Mapping
from typing import TypeAlias

from evalkit import Json, Task

Answers: TypeAlias = Mapping[str, Mapping[str, str]]
"""Contestant -> example id -> canonical text; a Prediction without an answer is absent."""

_SPACE = re.compile(r"[\s_]+")


def canonical(task: Task, value: Json) -> str:
    """The one form in which every answer is shown, whoever gave it.

    The order of triples has no meaning: they are sorted, so that it cannot tell a method apart.
    A line is a triple: whatever else breaks lines (U+2028, say) is a space, as it would show one
    triple as several.
    """
    text = task.render_target(value).strip()
    if task.answer != "triples":
        return text
    return "\n".join(sorted(line for line in map(_one_line, text.split("\n")) if line))


def same(task: Task, first: str, second: str) -> bool:
    """Whether two canonical answers say the same, so that nobody needs to be asked.

    Triples are compared as sets, whatever their case, white space and underscores.
    """
    return first == second or _content(task, first) == _content(task, second)


def _content(task: Task, text: str) -> Hashable:
    if task.answer != "triples":
        return text
    return frozenset(_plain(line) for line in text.split("\n") if line)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain(line: str) -> str:
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", line)).strip().casefold()
