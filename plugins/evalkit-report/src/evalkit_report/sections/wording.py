"""The difference of two texts, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Final, Literal

_WORD: Final = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_WORDS: Final = 6000
"""Finding the difference takes the square of the words, in the worst case."""

Kind = Literal["same", "out", "in"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: the same in both, taken out of the original, or put in."""

    kind: Kind
    text: str


def difference(original: str, text: str) -> tuple[Piece, ...] | None:
    """How a text came from another one, in pieces; None if they are too long to tell."""
    old, new = _WORD.findall(original), _WORD.findall(text)
    if len(old) + len(new) > _MOST_WORDS:
        return None
    return tuple(_joined(_pieces(old, new)))


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(new[new_from:new_to]))
        else:
            yield Piece("out", "".join(old[old_from:old_to]))
            yield Piece("in", "".join(new[new_from:new_to]))


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Pieces of one kind in a row as one; none of them empty."""
    for kind, found in groupby((one for one in pieces if one.text), key=lambda one: one.kind):
        yield Piece(kind, "".join(one.text for one in found))
