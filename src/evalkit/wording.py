"""Numbers in sentences and tables."""

_MINUS = "\N{MINUS SIGN}"


def counted(number: int, noun: str) -> str:
    """The number with its noun, which takes an s unless the number is 1: ``1,200 examples``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def with_sign(value: float, decimals: int = 3) -> str:
    """A difference, its sign always shown."""
    return f"{value:+.{decimals}f}".replace("-", _MINUS)


def p_value(p: float) -> str:
    """A p value; a small one is never shown as 0."""
    return "<.001" if p < 0.001 else f"{p:.3f}"


def span(seconds: float) -> str:
    """A span of time, as exact as an estimate deserves: ``40 s``, ``12 min``, ``1.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h"
