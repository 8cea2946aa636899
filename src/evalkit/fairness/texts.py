"""Texts as they are compared: words without case or layout, and shingles of some in a row."""

import re

SHINGLE = 3
"""How many words make a shingle."""

_WORD = re.compile(r"\w+|[^\w\s]")


def normalised(text: str) -> str:
    """The words and signs of a text in lower case, one blank between them."""
    return " ".join(_WORD.findall(text.casefold()))


def shingles(text: str) -> frozenset[str]:
    """Every run of `SHINGLE` words of a normalised text; the whole text if it has no more words."""
    words = text.split(" ")
    last = max(1, len(words) - SHINGLE + 1)
    return frozenset(" ".join(words[start : start + SHINGLE]) for start in range(last))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard similarity of two sets that are not empty: what both have over what either has."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
