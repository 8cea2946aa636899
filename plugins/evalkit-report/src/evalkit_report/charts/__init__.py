"""Charts as SVG, each with the table of what it shows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from evalkit_report.charts.beside import beside_charts
from evalkit_report.charts.breakeven import break_even_charts
from evalkit_report.charts.curves import curve_charts
from evalkit_report.charts.drafts import Draft
from evalkit_report.charts.losses import loss_charts
from evalkit_report.charts.matrix import matrix_charts
from evalkit_report.charts.outcomes import outcome_charts
from evalkit_report.charts.ratings import rating_charts
from evalkit_report.charts.render import rendered
from evalkit_report.charts.slices import slice_charts
from evalkit_report.charts.tradeoffs import tradeoff_charts
from evalkit_report.model import Chart, Material

MAKERS: Final[Mapping[str, tuple[Callable[[Material], Iterable[Draft]], ...]]] = {
    "curves": (curve_charts,),
    "ratings": (rating_charts, matrix_charts),
    "tradeoffs": (tradeoff_charts, beside_charts, break_even_charts),
    "outcomes": (outcome_charts,),
    "slices": (slice_charts,),
    "losses": (loss_charts,),
}
"""Part of the report -> what makes the charts of it."""

_DAMAGE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading a form raises in which a value is absent, or of another kind than it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """The charts of a report.

    Attributes:
        parts: ``curves``, ``ratings``, ``tradeoffs``, ``outcomes``, ``slices`` and ``losses`` ->
            the charts of that part of the report; none where there are no data.
        missing: a sentence for each part that lacks charts, as its data are damaged.
    """

    parts: Mapping[str, tuple[Chart, ...]]
    missing: tuple[str, ...]


def all_charts(material: Material) -> Charts:
    """Every chart that the material has data for."""
    missing: dict[str, None] = {}
    found = {part: list(_drafts(part, material, missing)) for part in MAKERS}
    every = _named_apart(draft for drafts in found.values() for draft in drafts)
    charts = iter(rendered(every))  # all together: the engine starts once
    parts = {part: tuple(islice(charts, len(drafts))) for part, drafts in found.items()}
    return Charts(parts=parts, missing=tuple(missing))


def _drafts(part: str, material: Material, missing: dict[str, None]) -> Iterator[Draft]:
    for make in MAKERS[part]:
        try:
            yield from list(make(material))
        except _DAMAGE:
            told = "what its charts are made of is damaged, or another version wrote it"
            missing[f"results.json: {part}: {told}"] = None


def _named_apart(drafts: Iterable[Draft]) -> list[Draft]:
    """The drafts under names of which no two are the same."""
    named: dict[str, Draft] = {}
    for draft in drafts:
        name, number = draft.name, 1
        while name in named:
            number += 1
            name = f"{draft.name}-{number}"
        named[name] = replace(draft, name=name)
    return list(named.values())
