"""How triples are written, and how an answer is read.

Written: one triple a line, ``subject | predicate | object``. Read: whatever is unambiguous is
tolerated, and a line that does not have three parts is kept as it was split. What was written
is read back unchanged as long as no part holds a ``|`` or a line break.

Tolerated:

- blank lines and the fences of a code block;
- the list markers ``- ``, ``* `` and ``• `` before a line;
- the numbers of a list (``1. `` or ``1) ``) if there are at least two lines and they are
  numbered 1, 2, 3, ...: a single ``1. FC Köln | ...`` is a club, not an item of a list;
- brackets or quotes around a whole line, when they belong together: ``(66391) 1999 KW4 | ...``
  keeps its brackets;
- quotes around each of the three parts: a single quoted part keeps them, for it may be a title.
"""

import re
from collections.abc import Sequence

from evalkit import Parsed

Triple = Sequence[str]
"""Subject, predicate and object; in an answer it may have more or fewer parts."""

LONGEST_ANSWER = 1_000_000
"""Characters that are read of an answer. Far beyond any real one; it bounds the memory."""

_BULLET = re.compile(r"[-*•]\s")
_NUMBER = re.compile(r"(\d{1,4})[.)]\s")
_BRACKETS = {"(": ")", "[": "]", "<": ">", "{": "}"}
_QUOTES = ('"', "'", "`")
_MARKS = frozenset(["-", "*", "•", *_BRACKETS, *_QUOTES])
"""Characters with which a line begins that is not bare; most lines begin with none of them."""


def render(triples: Sequence[Triple]) -> str:
    """Write triples one a line."""
    return "\n".join(" | ".join(triple) for triple in triples)


def parse(text: str) -> Parsed:
    """Read an answer.

    Returns:
        The items in their order, each as the list of its parts; malformed if an item has not
        three parts or the answer is longer than ``LONGEST_ANSWER``. No text at all is ``[]``.
    """
    lines = [line.strip() for line in text[:LONGEST_ANSWER].split("\n")]
    kept = [line for line in lines if line and not line.startswith("```")]
    items = [_split(_bare(line)) for line in _without_numbers(kept)]
    malformed = len(text) > LONGEST_ANSWER or not all([len(item) == 3 for item in items])
    return Parsed(value=items, malformed=malformed)


def _split(line: str) -> list[str]:
    """The parts of a line, without quotes if every part is quoted."""
    parts = [part.strip() for part in line.split("|")]
    if len(parts) == 3 and parts[0][:1] in _QUOTES and all(map(_is_quoted, parts)):
        return [part[1:-1].strip() for part in parts]
    return parts


def _bare(line: str) -> str:
    """The line without its list marker, and without what encloses all of it."""
    return line if line[:1] not in _MARKS else _unwrap(_without_bullet(line))


def _without_bullet(line: str) -> str:
    found = _BULLET.match(line)
    return line[found.end() :].lstrip() if found else line


def _without_numbers(lines: list[str]) -> list[str]:
    """The lines without their numbers, if they are numbered from 1 without a gap."""
    if len(lines) < 2 or not _NUMBER.match(lines[0]):
        return lines
    found = [_NUMBER.match(line) for line in lines]
    for number, match in enumerate(found, start=1):
        if match is None or int(match[1]) != number:
            return lines
    return [line[match.end() :].lstrip() for line, match in zip(lines, found, strict=True) if match]


def _unwrap(line: str) -> str:
    """The line without the one pair of brackets or quotes that encloses all of it."""
    return line[1:-1].strip() if _is_quoted(line) or _is_bracketed(line) else line


def _is_quoted(text: str) -> bool:
    """Whether the text is one quotation, with no such quote inside."""
    return len(text) > 1 and text[0] in _QUOTES and text.find(text[0], 1) == len(text) - 1


def _is_bracketed(text: str) -> bool:
    """Whether the first character is a bracket that is closed by the last one."""
    if len(text) < 2 or _BRACKETS.get(text[0]) != text[-1]:
        return False
    depth = 0
    for place, character in enumerate(text):
        depth += (character == text[0]) - (character == text[-1])
        if depth == 0:
            return place == len(text) - 1
    return False
