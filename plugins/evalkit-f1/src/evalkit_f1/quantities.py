"""Dates and numbers in a slot: what must be equal for two slots to be similar.

Recognised are, in the order in which they stand in the slot:

- numbers in digits, with sign, separators and exponent, so that a date, a time or a range in
  digits is one of them: ``1932-03-15``, ``00:00``, ``-4.5``, ``1,000``, ``2.5e-3``;
- in a slot with such a number, the English names of months, in full or abbreviated, since
  ``15 june 1932`` and ``15 july 1932`` would be similar.

Equal means written alike: ``1,000`` and ``1000`` differ. A number that belongs to a name counts
too, since ``Apollo 11`` is not ``Apollo 12``. Numbers in words are not recognised: they are
compared like any other text.
"""

import re
from functools import lru_cache
from typing import Final

_LETTER: Final = r"[^\W\d_]"
# A hyphen after a letter or digit joins (``covid-19``); elsewhere it is a sign.
_NUMBER: Final = r"(?:(?<![^\W_])[+\-\u2212])?\d+(?:[.,:/\-]\d+)*(?:e[+\-]?\d+)?"
_MONTHS: Final = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_QUANTITY: Final = re.compile(
    rf"(?P<number>{_NUMBER})|(?<!{_LETTER})(?P<month>{_MONTHS})(?!{_LETTER})"
)
_DIGIT: Final = re.compile(r"\d")


@lru_cache(maxsize=2**14)  # the same names stand in many answers and targets
def quantities(slot: str) -> tuple[str, ...]:
    """The dates and numbers in a slot; months as the first three letters of their names."""
    if not _DIGIT.search(slot):
        return ()
    found = (match.group("number", "month") for match in _QUANTITY.finditer(slot.lower()))
    return tuple(number or month[:3] for number, month in found)
