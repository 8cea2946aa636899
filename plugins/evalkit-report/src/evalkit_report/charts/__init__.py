"""Charts as SVG, each with the table of what it shows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
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


def all_charts(material: Material) -> Mapping[str, tuple[Chart, ...]]:
    """Every chart that the material has data for.

    Returns:
        ``curves``, ``ratings``, ``tradeoffs``, ``outcomes``, ``slices`` and ``losses`` -> the
        charts of that part of the report; none where there are no data.
    """
    found = {part: list(_drafts(part, material)) for part in MAKERS}
    every = _named_apart(draft for drafts in found.values() for draft in drafts)
    charts = iter(rendered(every))  # all together: the engine starts once
    return {part: tuple(islice(charts, len(drafts))) for part, drafts in found.items()}


def _drafts(part: str, material: Material) -> Iterator[Draft]:
    for make in MAKERS[part]:
        yield from make(material)


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
