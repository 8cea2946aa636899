"""A triple as the evaluation reads it: written on one line, normalised, and cut into tokens.

The three ways to drop punctuation differ. A reference loses every token that consists of
punctuation, a candidate only those of one character: nltk writes a double quote as two back-ticks
or two apostrophes, so quotes survive in candidates alone. That is why even a perfect answer may
score below 1.

Source of the tokens: nltk's ``word_tokenize`` without a split into sentences,
https://www.nltk.org/api/nltk.tokenize.html
"""

import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from nltk.tokenize import word_tokenize

Tokens = tuple[str, ...]

SEPARATOR: Final = " | "
PADDING: Final = ""
"""Stands in for a triple on the side that has fewer."""
SLOTS: Final = 3

_CAMEL_BORDER = re.compile("([a-z])([A-Z])")
_SPACES = re.compile(r"\s+")
_PUNCTUATION = frozenset(string.punctuation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of an answer or a target.

    Attributes:
        parts: into how many parts it splits; 3 in a proper triple.
        reference: tokens of subject, predicate and object, read as a reference.
        candidate: the same, read as a candidate.
        bare: the same without any token that contains punctuation.
        vocabulary: every token of `candidate`; those of the other two are among them.
    """

    parts: int
    reference: tuple[Tokens, ...]
    candidate: tuple[Tokens, ...]
    bare: tuple[Tokens, ...]
    vocabulary: frozenset[str]


def write(parts: Sequence[str]) -> str:
    """The parts of a triple on one line."""
    return SEPARATOR.join(parts)


@lru_cache(maxsize=2**16)  # the same triples stand in many answers and targets
def read(written: str) -> Item:
    """Normalise a line and cut its slots into tokens.

    With fewer than three parts it is not known which one is missing: all three slots are empty.
    What follows the third part is left out.
    """
    parts = _normalised_parts(written)
    slots = parts[:SLOTS] if len(parts) >= SLOTS else [""] * SLOTS
    tokens = [_tokens(slot) for slot in slots]
    candidate = tuple(_only(slot, _counts_in_a_candidate) for slot in tokens)
    return Item(
        parts=len(parts),
        reference=tuple(_only(slot, _counts_in_a_reference) for slot in tokens),
        candidate=candidate,
        bare=tuple(_only(slot, _is_bare) for slot in tokens),
        vocabulary=frozenset().union(*candidate),
    )


def _normalised_parts(written: str) -> list[str]:
    text = _CAMEL_BORDER.sub(r"\1 \2", written).lower().replace("_", " ")
    *others, last = _SPACES.sub(" ", text).split(SEPARATOR)
    return [*others, _without_remark(last)]


def _without_remark(part: str) -> str:
    """Without all from the first bracket on, if the last one closes; no regex is as quick."""
    return part[: part.index(" (")] if part.endswith(")") and " (" in part else part


@lru_cache(maxsize=2**16)
def _tokens(slot: str) -> Tokens:
    return tuple(word_tokenize(slot, preserve_line=True))


def _only(tokens: Tokens, keep: Callable[[str], bool]) -> Tokens:
    return tuple([token for token in tokens if keep(token)])


def _counts_in_a_reference(token: str) -> bool:
    return not _PUNCTUATION.issuperset(token)


def _counts_in_a_candidate(token: str) -> bool:
    return token not in _PUNCTUATION


def _is_bare(token: str) -> bool:
    return _PUNCTUATION.isdisjoint(token)
