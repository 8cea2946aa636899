"""Numbers as a reader likes them; what is not known is a dash."""

NOTHING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_NOISE = 1e-12
"""What sums of floats are off by: nearer to 0 than this is 0."""


def figure(value: float | None, decimals: int = 3) -> str:
    """A figure: ``0.234``."""
    if value is None:
        return NOTHING
    return _typeset(_small(value, "") or f"{_rounded(value, decimals):.{decimals}f}")


def signed(value: float | None, decimals: int = 3) -> str:
    """A difference, its sign always shown: ``+0.234``."""
    if value is None:
        return NOTHING
    return _typeset(_small(value, "+") or f"{_rounded(value, decimals):+.{decimals}f}")


def interval(low: float | None, high: float | None, *, sign: bool = False) -> str:
    """The ends of an interval: ``0.134 to 0.359``; empty if there is none."""
    if low is None or high is None:
        return ""
    write = signed if sign else figure
    return f"{write(low)} to {write(high)}"


def amount(value: float | None) -> str:
    """A number with three digits that count: ``0.0123``, ``93.9``, ``12,300``."""
    if value is None:
        return NOTHING
    if abs(value) >= 999.5:  # three digits would make it 1e+03
        return _typeset(f"{value:,.0f}")
    text = f"{value:.3g}"
    return _typeset(f"{value:.6f}".rstrip("0") if "e-" in text and abs(value) >= 1e-6 else text)


def percent(share: float | None) -> str:
    """A share, never rounded to nothing or to all: ``22%``, ``<1%``."""
    if share is None:
        return NOTHING
    if 0 < share <= 0.005:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{share:.0%}"


def p_value(p: float | None) -> str:
    """A p value; a small one is never shown as 0: ``p = .020``, ``p < .001``."""
    if p is None:
        return ""
    if p < 0.001:
        return "p < .001"
    return "p = 1" if p > 0.9995 else f"p = {p:.3f}".replace("0.", ".")


def counted(number: int, noun: str) -> str:
    """The number with its noun, which takes an s unless the number is 1."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float | None) -> str:
    """A time that something took: ``0.28 s``, ``2.5 min``, ``1.2 h``."""
    if seconds is None:
        return NOTHING
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{amount(seconds)} s"


def names(found: list[str], most: int = 3) -> str:
    """Names in a sentence: ``a, b and c``; of many, the first and how many more."""
    if len(found) > most:
        return f"{', '.join(found[:most])} and {len(found) - most} more"
    return " and ".join(part for part in (", ".join(found[:-1]), found[-1]) if part)


def _rounded(value: float, decimals: int) -> float:
    """The value with so many decimals; 0 is never -0."""
    return round(value, decimals) + 0.0


def _small(value: float, sign: str) -> str:
    """A figure that would round to 0 without being 0: its first digit, where that is near."""
    if abs(value) < _NOISE or abs(value) >= 0.0005:
        return ""
    return f"{value:{sign}.1g}" if abs(value) >= 0.0001 else f"{value:{sign}.0e}"


def _typeset(text: str) -> str:
    return text.replace("-", _MINUS)
