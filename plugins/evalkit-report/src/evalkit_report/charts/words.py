"""Texts in charts: their width, short forms of long names, figures as text. Pure."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from evalkit_report.figures import NOTHING, figure
from evalkit_report.visible import plain

_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
_WIDTHS: Final[Mapping[str, float]] = {
    "'ijlIJ": 0.29,
    " ,./:;\\|f-()[]!": 0.38,
    "tr": 0.41,
    '"*_`szc?LFkvxyP': 0.58,
    "TYaoeESbdghnpqu0123456789${}": 0.64,
    "KAVBRXZC": 0.7,
    "UHNDG&OQw": 0.82,
    "#+<=>^~MmW%@…": 0.95,
}
"""Characters and how wide they are, in ems: those of DejaVu Sans, a wide sans-serif face."""
_EMS: Final = {c: ems for characters, ems in _WIDTHS.items() for c in characters}
ELLIPSIS: Final = "…"
_KEEPS_ORDER: Final = "\u200e"
DIRECTIONS: Final = f"{_KEEPS_ORDER}\u2068\u2069"
"""The signs that keep names which run from right to left in their place."""
_FRONTS: Final = (0.5, 0.7, 0.3, 0.85, 0.15, 1.0, 0.0)
"""Which part of what is kept of a long name is its beginning; the first that tells it apart."""

Ends = tuple[str, str | None]
"""What is kept of a name: its beginning and its end; of a whole one, the name and None."""


def shown(name: str) -> str:
    """The name as it is read out and drawn: what is hidden in it is visible."""
    return str(plain(str(name)))


def width(text: str, size: float = 12) -> float:
    """About how many pixels a text takes, rather too many than too few for a sans-serif face."""
    return size * sum(_ems(c) for c in text)


def _ems(c: str) -> float:
    if c in _EMS:
        return _EMS[c]
    if unicodedata.combining(c):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(c) in ("W", "F") else 0.7


def shortened(text: str, most: float, size: float = 12) -> str:
    """The text if it is at most so many pixels wide, else its beginning and its end."""
    return _joined(_ends(text, most, size, _FRONTS[0]))


def _ends(text: str, most: float, size: float, front: float) -> Ends:
    """What is kept of a text, of which `front` is its beginning."""
    if width(text, size) <= most:
        return text, None
    for kept in range(len(text) - 1, 1, -1):
        head = round(kept * front)
        ends = text[:head].rstrip(), text[len(text) - (kept - head) :].lstrip()
        if width(_joined(ends), size) <= most:
            return ends
    return "", ""


def _joined(ends: Ends) -> str:
    head, tail = ends
    if tail is None:
        return head
    keeps = _KEEPS_ORDER if _turns(head + tail) else ""
    return f"{head}{keeps}{ELLIPSIS}{keeps}{tail}"


def _turns(text: str) -> bool:
    """Whether a part of the text runs from right to left."""
    return any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text)


def short_names(names: Sequence[str], most: float, size: float = 12) -> dict[str, str]:
    """Name -> what stands for it in a drawing, at most so wide and no two the same.

    Of a long name those parts are kept that tell it apart. Where nothing does, its number stands in
    front. One that runs from right to left is isolated, so that nothing around it moves.
    """
    full = [shown(name) for name in dict.fromkeys(names)]
    telling = [_telling(text, full, most, size) for text in full]
    short = [
        text if telling.count(text) == 1 else _numbered(place, full[place], most, size)
        for place, text in enumerate(telling)
    ]
    found = zip(dict.fromkeys(names), short, strict=True)
    return {name: f"\u2068{text}\u2069" if _turns(text) else text for name, text in found}


def _numbered(place: int, text: str, most: float, size: float) -> str:
    lead = f"{place + 1} "
    return lead + shortened(text, most - width(lead, size), size)


def _telling(text: str, names: Sequence[str], most: float, size: float) -> str:
    """The short form that fits the fewest of the other names."""
    forms = [_ends(text, most, size, front) for front in _FRONTS]

    def alike(ends: Ends) -> int:
        head, tail = ends
        if tail is None:
            return names.count(head)
        return sum(name.startswith(head) and name.endswith(tail) for name in names)

    return _joined(min(forms, key=alike))


def number(value: float | None, decimals: int = 3) -> str:
    """A figure with so many decimals, its thousands apart; an en dash if there is none.

    One that is nearly 0 never looks like 0.
    """
    if value is None:
        return NOTHING
    text = f"{value:,.{decimals}f}"
    is_zero = not any(c in "123456789" for c in text)
    return figure(value, decimals) if is_zero else text.replace("-", "\N{MINUS SIGN}")


def interval(low: float | None, high: float | None, decimals: int = 3) -> str:
    """A 95% interval as the end of a sentence; empty if there is none."""
    if low is None or high is None:
        return ""
    return f", 95% interval {number(low, decimals)} to {number(high, decimals)}"


def bracket(low: float | None, high: float | None, decimals: int = 3) -> str:
    """An interval as it stands in tables; empty if there is none."""
    if low is None or high is None:
        return ""
    return f"[{number(low, decimals)}, {number(high, decimals)}]"


def slug(text: str) -> str:
    """The text as part of an HTML id."""
    kept = "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower())
    return "-".join(kept.split()) or "x"
