"""Normalisation profiles: how triples are made comparable before they are matched.

``none`` compares as written. ``default`` forgives spelling conventions: Unicode compatibility
forms, underscores, wrapping quotes, camelCase relations, white space and letter case.
``text2kg`` follows the Text2KGBench evaluation, which compares the concatenated slots without
white space, underscores and case (Mihindukulasooriya et al. 2023, https://arxiv.org/abs/2308.02357).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from unicodedata import normalize

_CLOSING: Final = {
    '"': '"',
    "'": "'",
    "\u2018": "\u2019",
    "\u201c": "\u201d",
    "\u201e": "\u201c",
    "\u00ab": "\u00bb",
}
"""Opening quote -> the quote that closes it: straight, English, German and French ones."""
_CAMEL_BORDER: Final = re.compile("(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One way to normalise.

    Attributes:
        entity: normalises a subject or object, and each part of a malformed item.
        relation: normalises a predicate.
        separator: what stands between the slots when they are compared as one string.
    """

    entity: Callable[[str], str]
    relation: Callable[[str], str]
    separator: str = " | "

    def wholes(self, items: Sequence[Sequence[str]]) -> list[str]:
        """The normalised items, each as one string."""
        join, entity, relation = self.separator.join, self.entity, self.relation
        return [
            join((entity(item[0]), relation(item[1]), entity(item[2])))
            if len(item) == 3
            else join(map(entity, item))
            for item in items
        ]


# The same names stand in answer and target, and relations come from a small vocabulary.
_remembered = lru_cache(maxsize=2**13)


def _as_written(text: str) -> str:
    return text


def _tidy(text: str) -> str:
    """One spelling for compatibility forms, underscores, white space and wrapping quotes."""
    text = " ".join(normalize("NFKC", text).replace("_", " ").split())
    while len(text) > 1 and _CLOSING.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text


@_remembered
def _default_entity(text: str) -> str:
    return _tidy(text).casefold()


@_remembered
def _default_relation(text: str) -> str:
    return _CAMEL_BORDER.sub(" ", _tidy(text)).casefold()


def _squeeze(text: str) -> str:
    return "".join(text.replace("_", "").split()).lower()


PROFILES: Final[Mapping[str, Profile]] = {
    "none": Profile(entity=_as_written, relation=_as_written),
    "default": Profile(entity=_default_entity, relation=_default_relation),
    "text2kg": Profile(entity=_squeeze, relation=_squeeze, separator=""),
}
