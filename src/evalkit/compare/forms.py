"""Estimates and differences as JSON: undefined figures are None, with the reason beside. Pure."""

from typing import Any

from evalkit.stats.difference import Difference
from evalkit.stats.estimate import Estimate
from evalkit.stats.verdict import Interval

Form = dict[str, Any]


def figures(found: Estimate | Difference | str) -> Form:
    """A figure or a difference as expectations and tables take it."""
    if isinstance(found, str):
        return {"value": None, "se": None, **_ends(None), "undefined": found}
    undefined = "; ".join(found.notes) if found.interval is None else None
    ends = _ends(found.interval)
    return {"value": found.value, "se": found.error, **ends, "undefined": undefined}


def estimate_form(found: Estimate | str, seeds: int) -> Form:
    """The figure of a method with so many seeds."""
    sample = None if isinstance(found, str) else found.sample
    return {
        "examples": sample.examples if sample else 0,
        "clusters": sample.clusters if sample else 0,
        "seeds": seeds,
        "design_effect": sample.design_effect if sample else None,
        **figures(found),
        "seed_deviation": None if isinstance(found, str) else found.seed_deviation,
        "notes": [] if isinstance(found, str) else list(found.notes),
    }


def difference_form(baseline: str, method: str, found: Difference | str) -> Form:
    """The difference of a method from a baseline, all that is known of it."""
    form = {"baseline": baseline, "method": method, **figures(found)}
    form["difference"] = form.pop("value")
    if isinstance(found, str):
        keys = ("p", "test", "verdict", "effect", "wins", "ties", "losses", "detectable", "needed")
        return {**form, "examples": 0, **dict.fromkeys(keys), "notes": []}
    test = found.significance
    return {
        **form,
        "examples": found.sample.examples,
        "p": test.p if test else None,
        "test": test.method if test else None,
        "verdict": found.verdict,
        "effect": found.effect,
        "wins": found.tally.wins,
        "ties": found.tally.ties,
        "losses": found.tally.losses,
        "detectable": found.detectable,
        "needed": found.needed,
        "notes": list(found.notes),
    }


def _ends(interval: Interval | None) -> Form:
    if interval is None:
        return {"low": None, "high": None, "interval": None}
    return {"low": interval.low, "high": interval.high, "interval": interval.method}
