"""Texts in charts: what names look like, how wide they are, how figures are written. Pure."""

import unicodedata
from collections.abc import Sequence
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
_NARROW: Final = frozenset("ijlI|.,:;'!()[]{}-/ tfr1")
_BROAD: Final = frozenset("mwMW@%&")
ELLIPSIS: Final = "…"


def visible(text: str) -> str:
    """The text with marks such as ``U+202E`` for what cannot be seen or would reorder the line.

    These are control characters, bidi and zero-width characters, and lone surrogates.
    """
    return "".join(
        f"U+{ord(c):04X}" if unicodedata.category(c) in _HIDDEN else c for c in str(text)
    )


def isolated(text: str) -> str:
    """The text between isolates if it runs from right to left, so that nothing around it moves."""
    if any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text):
        return f"\u2068{text}\u2069"
    return text


def width(text: str, size: float = 12) -> float:
    """About how many pixels a text takes, rather too many than too few for a sans-serif face."""
    return size * sum(_ems(c) for c in text)


def _ems(c: str) -> float:
    if unicodedata.combining(c):
        return 0.0
    if unicodedata.east_asian_width(c) in ("W", "F"):
        return 1.0
    if c in _NARROW:
        return 0.41
    return 0.95 if c in _BROAD else 0.7 if c.isupper() else 0.62


def shortened(text: str, most: float, size: float = 12) -> str:
    """The text if it is at most so many pixels wide, else its beginning and its end."""
    if width(text, size) <= most:
        return text
    for kept in range(len(text) - 1, 1, -1):
        end = kept // 2
        short = text[: kept - end].rstrip() + ELLIPSIS + text[len(text) - end :].lstrip()
        if width(short, size) <= most:
            return short
    return ELLIPSIS


def short_names(names: Sequence[str], most: float, size: float = 12) -> dict[str, str]:
    """Name -> what stands for it in a drawing, at most so wide and no two the same.

    Names that would look the same get their number in front.
    """
    shown = {name: shortened(visible(name), most, size) for name in names}
    found = list(shown.values())
    for number, name in enumerate(names, start=1):
        if found.count(shown[name]) > 1:
            lead = f"{number} "
            rest = shortened(visible(name), most - width(lead, size), size)
            shown[name] = lead + rest
    return {name: isolated(text) for name, text in shown.items()}


def number(value: float | None, decimals: int = 3) -> str:
    """A figure with so many decimals; an en dash if there is none."""
    if value is None:
        return "–"
    text = f"{value:,.{decimals}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.lstrip("-")


def amount(value: float | None) -> str:
    """A figure with three digits, or all before the point; an en dash if there is none."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return number(value, 0)
    if value and abs(value) < 1e-4:
        return f"{value:.2e}"
    return f"{value:.3g}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number and what is counted."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def interval(low: float | None, high: float | None, decimals: int = 3) -> str:
    """A 95% interval as words; empty if there is none."""
    if low is None or high is None:
        return ""
    return f", 95% interval {number(low, decimals)} to {number(high, decimals)}"


def bracket(low: float | None, high: float | None, decimals: int = 3) -> str:
    """An interval as it stands in tables; empty if there is none."""
    if low is None or high is None:
        return ""
    return f"[{number(low, decimals)}, {number(high, decimals)}]"


def listed(names: Sequence[str]) -> str:
    """Names as they stand in a sentence."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def slug(text: str) -> str:
    """The text as part of an HTML id."""
    kept = "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower())
    return "-".join(kept.split()) or "x"
