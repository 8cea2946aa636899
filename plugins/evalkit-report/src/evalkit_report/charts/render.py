"""Draws charts, or finds them drawn."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from evalkit_report.charts.drafts import Draft
from evalkit_report.charts.kept import engine_version, kept_drawings, key_of
from evalkit_report.charts.svg import embedded
from evalkit_report.charts.words import shown
from evalkit_report.model import Chart


def rendered(drafts: Iterable[Draft]) -> list[Chart]:
    """The drafts as charts; what was drawn before is not drawn again."""
    wanted = list(drafts)
    engine = engine_version()
    keys = [key_of(draft.spec, engine) for draft in wanted]
    drawings = _drawings(dict(zip(keys, (draft.spec for draft in wanted), strict=True)))
    return [_chart(draft, drawings[key]) for draft, key in zip(wanted, keys, strict=True)]


def _drawings(specs: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Key -> drawing. The engine is loaded only if one is missing: it takes a while to start."""
    kept = kept_drawings()
    found = {key: kept.find(key) for key in specs}
    sound = {key: drawing for key, drawing in found.items() if drawing is not None}
    if len(sound) == len(specs):
        return sound
    draw = import_module("evalkit_report.charts.vega").draw
    new = {key: draw(spec) for key, spec in specs.items() if key not in sound}
    kept.keep(new)
    return {**sound, **new}


def _chart(draft: Draft, drawing: str) -> Chart:
    title = shown(draft.title)
    return Chart(
        name=draft.name,
        title=draft.title,
        summary=draft.summary,
        svg=embedded(drawing, name=draft.name, title=title, more=draft.patterns),
        headings=draft.headings,
        rows=draft.rows,
        notes=draft.notes,
    )
