"""Draws charts, or finds them drawn."""

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Final

from evalkit_report.charts.drafts import Draft
from evalkit_report.charts.kept import engine_version, kept_drawings, key_of
from evalkit_report.charts.svg import embedded
from evalkit_report.charts.words import DIRECTIONS, shown
from evalkit_report.model import Chart

_PARTS: Final = re.compile(f"([{DIRECTIONS}])")


def rendered(drafts: Iterable[Draft]) -> list[Chart]:
    """The drafts as charts; what was drawn before is not drawn again."""
    wanted = list(drafts)
    specs = [_shown(draft.spec) for draft in wanted]
    engine = engine_version()
    keys = [key_of(spec, engine) for spec in specs]
    drawings = _drawings(dict(zip(keys, specs, strict=True)))
    return [_chart(draft, drawings[key]) for draft, key in zip(wanted, keys, strict=True)]


def _shown(value: Any) -> Any:
    """A spec with marks for what is hidden in any of its texts, a lone surrogate for instance.

    Names were shown already; the signs that `words` puts around those that run from right to left
    stay. This is for all other texts of suites and plugins: metrics, currencies, lines.
    """
    if isinstance(value, str):
        return "".join(one if one in DIRECTIONS else shown(one) for one in _PARTS.split(value))
    if isinstance(value, Mapping):
        return {key: _shown(one) for key, one in value.items()}
    return [_shown(one) for one in value] if isinstance(value, list | tuple) else value


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
