"""A chart before it is drawn, and what all charts ask of the material. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit_report.charts.looks import Looks
from evalkit_report.charts.words import interval, number
from evalkit_report.figures import percent
from evalkit_report.forms import reason_of
from evalkit_report.model import Form, Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A chart as a Vega-Lite spec, with its table; the rest is as in `Chart`.

    Attributes:
        patterns: SVG definitions that the drawing refers to.
    """

    name: str
    title: str
    summary: str
    spec: Mapping[str, Any]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    patterns: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The primary metric's figure of a method.

    Attributes:
        method: its name.
        value: the figure; None if it has none.
        low: the lower end of its 95% interval; None if that is undefined.
        high: the upper end, likewise.
        why: why something is undefined; empty if nothing is.
    """

    method: str
    value: float | None
    low: float | None
    high: float | None
    why: str = ""

    @property
    def ends(self) -> list[float]:
        """What of it is known: the value and both ends."""
        return [one for one in (self.value, self.low, self.high) if one is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The primary metric.

    Attributes:
        name: with its headline, where that is called otherwise.
        higher_is_better: its direction.
        decimals: with which its figures are written.
    """

    name: str
    higher_is_better: bool
    decimals: int

    @property
    def axis(self) -> str:
        """What an axis of it is called."""
        return self.name if self.higher_is_better else f"{self.name} (lower is better)"

    def says(self, name: str, found: Figure | Form) -> str:
        """A sentence about a figure: its value and its interval."""
        form = found if isinstance(found, Mapping) else vars_of(found)
        ends = interval(form["low"], form["high"], self.decimals)
        return f"{name}: {number(form['value'], self.decimals)}{ends}"


def vars_of(found: Figure) -> dict[str, Any]:
    """A figure as a form."""
    return {"value": found.value, "low": found.low, "high": found.high}


def looks_of(material: Material) -> Looks:
    """The looks of the report's methods."""
    return Looks(methods=material.methods)


def figures_of(material: Material) -> dict[str, Figure]:
    """Name of a method -> its figure, in the report's order of methods."""
    found = {
        one["method"]: Figure(
            method=one["method"],
            value=one.get("value"),
            low=one.get("low"),
            high=one.get("high"),
            why=one.get("undefined") or "",
        )
        for one in (material.analysis or {}).get("methods") or ()
    }
    return {method: found[method] for method in material.methods if method in found}


def metric_of(material: Material) -> Metric:
    """The primary metric of the report."""
    analysis = material.analysis or {}
    name, headline = str(analysis.get("metric") or "score"), analysis.get("headline")
    ends = [end for one in figures_of(material).values() for end in one.ends]
    small = all(abs(end) <= 1 for end in ends)
    most = max((abs(end) for end in ends), default=1)
    return Metric(
        name=name if headline in (None, name) else f"{name} {headline}",
        higher_is_better=analysis.get("direction") != "lower",
        decimals=3 if small else 2 if most < 100 else 1,
    )


def about_hours(material: Material) -> tuple[str, ...]:
    """A note on what costs take for granted where a device is paid by the hour."""
    costs = (material.analysis or {}).get("costs") or {}
    shares = {one["serving"].get("utilisation") for one in costs.values()} - {None}
    return tuple(
        f"A device that is paid by the hour counts as busy {percent(share)} of the time."
        for share in sorted(shares)
    )


def without(names: Mapping[str, str]) -> tuple[str, ...]:
    """A note for each that is not drawn: name -> why."""
    return tuple(f"Not drawn: {name}, {reason_of(why)}." for name, why in names.items())
