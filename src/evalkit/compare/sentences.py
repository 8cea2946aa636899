"""What analyses say, as texts and flat figures; without the statistics that they are made by.

Those take longer to import than a run takes in which nothing is left to do.
"""

from collections.abc import Mapping, Sequence
from math import inf, isfinite
from typing import Any

Form = Mapping[str, Any]
SHARES = {"p50": 0.50, "p95": 0.95}
"""The percentiles of latency."""
ENDS = ("value", "low", "high")
"""What each of them has."""


def curve_sentences(curves: Sequence[Form]) -> list[str]:
    """What the curves show, in words."""
    return [
        text
        for curve in curves
        for text in (
            f"{curve['curve']}: {curve['last_step']['text']}",
            *(one["text"] for one in curve["crossings"] if one["undefined"] is None),
        )
    ]


def break_even_sentences(
    found: Sequence[Form], currency: str | None, about: str | None = None
) -> list[str]:
    """What the break-even numbers say, in words.

    Args:
        found: as `break_evens` has them.
        currency: of the amounts.
        about: only the pairs with this method.
    """
    return [
        _sentence(one, view, currency or "")
        for one in found
        if about in (None, one["cheaper_to_adapt"], one["dearer_to_adapt"])
        for view in ("paid", "with_errors")
        if one[view] is not None and one[view]["answers"] is not None
    ]


def _sentence(one: Form, view: str, currency: str) -> str:
    usual, adapted, shown = one["cheaper_to_adapt"], one["dearer_to_adapt"], one[view]
    lead = "with what bad answers cost, " if view == "with_errors" else ""
    more = f"{currency} {amount(one['more_to_adapt'])} more to adapt".strip()
    saved = f"{currency} {amount(shown['saved_per_1000'])} less per 1,000 answers".strip()
    from_there = f"pays from {shown['answers']:,.0f} answers on{_ends(shown)}"
    return f"{lead}{adapted} {from_there}, compared with {usual}: {more}, {saved}"


def _ends(shown: Form) -> str:
    if shown["low"] is None:
        return ""
    high = "no end" if shown["high"] is None else f"{shown['high']:,.0f}"
    return f" [95%: {shown['low']:,.0f} to {high}]"


def amount(value: float) -> str:
    """An amount as text, with three digits or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def flat_latency(own: Sequence[Form]) -> dict[str, float | None]:
    """The figures of a method for a flat row: of its only measured cell, else none."""
    only = own[0] if len(own) == 1 else None
    flat: dict[str, float | None] = {"latency_rate": only["load"]["rate"] if only else None}
    for name in SHARES:
        for key in ENDS:
            flat[name if key == "value" else f"{name}_{key}"] = _end(only, name, key)
    return flat


def _end(only: Form | None, name: str, key: str) -> float | None:
    if only is None:
        return None
    return inf if key in only[name]["infinite"] else only[name][key]


def seconds(value: float | None) -> str:
    """Seconds with three digits; empty if unknown."""
    if value is None:
        return ""
    return f"{value:#.3g}".rstrip(".") if isfinite(value) else "never"
