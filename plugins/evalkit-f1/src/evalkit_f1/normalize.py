"""Normalisation profiles: how triples are made comparable before they are matched.

``none`` compares as written. ``default`` forgives spelling conventions: Unicode compatibility
forms, underscores, wrapping quotes, camelCase relations, white space and letter case.
``text2kg`` follows the Text2KGBench evaluation, which compares the concatenated slots without
white space, underscores and case (Mihindukulasooriya et al. 2023, https://arxiv.org/abs/2308.02357).
``webnlg`` is what the WebNLG 2020 evaluation does before it compares: camelCase, underscores, white
space and case, and the remark in brackets at the end of an object
(https://aclanthology.org/2020.webnlg-1.7).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias
from unicodedata import normalize

Written: TypeAlias = tuple[str, ...]
"""The parts of an item as they were written; a triple has three."""
Slots: TypeAlias = tuple[str, ...]
"""The parts of an item after normalisation: subject, predicate and object of a triple."""

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


# The same names, and the same triples, stand in many answers and targets.
_remembered = lru_cache(maxsize=2**14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One way to normalise.

    Attributes:
        entity: normalises a subject, and each part of a malformed item; mostly objects too.
        relation: normalises a predicate.
        slots: the parts of an item, each normalised.
        whole: the normalised item as one string.
        pair: subject and object of a triple, normalised.
    """

    entity: Callable[[str], str]
    relation: Callable[[str], str]
    slots: Callable[[Written], Slots]
    whole: Callable[[Written], str]
    pair: Callable[[Written], Slots]

    @classmethod
    def of(
        cls,
        entity: Callable[[str], str],
        relation: Callable[[str], str],
        separator: str = " | ",
        last: Callable[[str], str] | None = None,
    ) -> "Profile":
        """The profile that joins the normalised slots by `separator`.

        `last` normalises objects; by default they are entities like any other.
        """
        thing = last or entity

        @_remembered
        def slots(item: Written) -> Slots:
            if len(item) != 3:
                return tuple(map(entity, item))
            subject, predicate, object_ = item
            return entity(subject), relation(predicate), thing(object_)

        @_remembered
        def whole(item: Written) -> str:
            return separator.join(slots(item))

        @_remembered
        def pair(item: Written) -> Slots:
            subject, _, object_ = slots(item)
            return subject, object_

        return cls(entity=entity, relation=relation, slots=slots, whole=whole, pair=pair)


def _as_written(text: str) -> str:
    return text + ""  # what is no text is refused, as by every other profile


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


@_remembered
def _webnlg_part(text: str) -> str:
    return " ".join(_CAMEL_BORDER.sub(" ", text).lower().replace("_", " ").split())


@_remembered
def _webnlg_object(text: str) -> str:
    whole = _webnlg_part(text)
    return whole[: whole.index(" (")] if whole.endswith(")") and " (" in whole else whole


PROFILES: Final[Mapping[str, Profile]] = {
    "none": Profile.of(_as_written, _as_written),
    "default": Profile.of(_default_entity, _default_relation),
    "text2kg": Profile.of(_squeeze, _squeeze, separator=""),
    "webnlg": Profile.of(_webnlg_part, _webnlg_part, last=_webnlg_object),
}
