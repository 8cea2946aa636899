"""Characters that a reader does not see, or that turn the text around, as visible marks.

Control, format (bidirectional, zero-width) and separator characters and lone surrogates become
marks such as ``U+202E``; line ends and tabs stay. ``showText`` in ``browser/text.js`` has the same
rule.
"""

from itertools import groupby
from typing import Any, Final
from unicodedata import category

from markupsafe import Markup, escape

_KEPT: Final = frozenset("\n\t")
_HIDDEN: Final = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def mark_of(character: str) -> str:
    """The mark of a character: its code point, ``U+202E``."""
    return f"U+{ord(character):04X}"


def is_hidden(character: str) -> bool:
    """Whether a mark has to stand for the character."""
    return character not in _KEPT and category(character) in _HIDDEN


def plain(value: Any) -> Any:
    """The same without hidden characters, fit for every place of a page; numbers and markup stay.

    The page passes all that it shows through here, so that no place can be forgotten.
    """
    if isinstance(value, int | float) or hasattr(value, "__html__"):
        return value
    text = str(value)
    if text.isprintable():  # none of the hidden characters is
        return text
    return "".join(f"[{mark_of(one)}]" if is_hidden(one) else one for one in text)


def visible(value: Any) -> Markup:
    """The text as markup, its hidden characters as marks that stand out."""
    text = str(value)
    if text.isprintable():
        return escape(text)
    parts = (_shown(hidden, "".join(found)) for hidden, found in groupby(text, is_hidden))
    return Markup("").join(parts)


def _shown(hidden: bool, text: str) -> Markup:
    if not hidden:
        return escape(text)
    mark = Markup('<span class="control-mark">{}</span>')
    return Markup("").join(mark.format(mark_of(one)) for one in text)
