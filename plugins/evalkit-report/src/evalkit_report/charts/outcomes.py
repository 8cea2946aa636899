"""What the answers of each method were, as stacked bars told apart by pattern as well as colour."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.drafts import Draft, looks_of
from evalkit_report.charts.layers import (
    Layer,
    Row,
    axes,
    boxes,
    clear_texts,
    keys,
    notes,
    symbol,
    texts,
)
from evalkit_report.charts.looks import PAPER, Frame, Looks
from evalkit_report.charts.scales import Scale
from evalkit_report.charts.words import width
from evalkit_report.figures import counted, percent
from evalkit_report.model import Material

KINDS: Final = ("parsed", "malformed", "truncated", "empty", "refused", "failed")
_COLOURS: Final = {
    "parsed": "var(--matched)",
    "malformed": "var(--c2)",
    "truncated": "var(--c6)",
    "empty": "var(--c10)",
    "refused": "var(--c4)",
    "failed": "var(--invented)",
}
_STROKES: Final = {
    "malformed": "M-2,2L2,-2M0,8L8,0M6,10L10,6",
    "truncated": "M4,0V8",
    "empty": "",
    "refused": "M0,4H8",
    "failed": "M0,0L8,8M0,8L8,0",
}
"""The pattern of each kind but the first, on a tile of 8 pixels."""
_STEP: Final = 30
_LEFT: Final = 200
_RIGHT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of a method's bar: from which share of its answers to which."""

    method: str
    kind: str
    count: int
    total: int
    start: int

    @property
    def share(self) -> float:
        """Of the method's answers."""
        return self.count / self.total


def outcome_charts(material: Material) -> list[Draft]:
    """One chart, if any answer was counted."""
    counts = _counts(material)
    if not counts:
        return []
    segments = [one for method, found in counts.items() for one in _segments(method, found)]
    kinds = [kind for kind in KINDS if any(one.kind == kind for one in segments)]
    return [
        Draft(
            name="outcomes",
            title="What the answers were",
            summary=_summary(counts),
            spec=_spec(segments, list(counts), kinds, looks_of(material)),
            headings=("method", "answers", *KINDS),
            rows=tuple(
                (method, f"{sum(found.values()):,}", *(f"{found[kind]:,}" for kind in KINDS))
                for method, found in counts.items()
            ),
            notes=("Answers of all seeds of a method are counted together.",)
            if _several_seeds(material)
            else (),
            patterns=_patterns([kind for kind in kinds if kind in _STROKES]),
        )
    ]


def _counts(material: Material) -> dict[str, dict[str, int]]:
    """Method -> kind -> number of answers over all of its cells."""
    found: dict[str, dict[str, int]] = {}
    for cell in material.cells:
        outcomes = cell.form.get("outcomes") or {}
        if sum(outcomes.get(kind, 0) for kind in KINDS):
            own = found.setdefault(cell.method, dict.fromkeys(KINDS, 0))
            for kind in KINDS:
                own[kind] += outcomes.get(kind, 0)
    return found


def _several_seeds(material: Material) -> bool:
    return len(material.cells) > len(material.methods)


def _segments(method: str, found: Mapping[str, int]) -> Iterator[Segment]:
    start, total = 0, sum(found.values())
    for kind in KINDS:
        if found[kind]:
            yield Segment(method=method, kind=kind, count=found[kind], total=total, start=start)
            start += found[kind]


def _spec(
    segments: Sequence[Segment], methods: Sequence[str], kinds: Sequence[str], looks: Looks
) -> Mapping[str, Any]:
    frame = Frame(height=_STEP * len(methods), left=_LEFT, right=_RIGHT, top=48, bottom=30)
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0)
    across = Scale(low=0, high=1, length=frame.across, ticks=ticks)
    level = {method: _STEP * (place + 0.5) for place, method in enumerate(methods)}
    short = looks.short(_LEFT - 40)
    inside = [
        one for one in segments if one.share * frame.across > width(percent(one.share), 11) + 10
    ]
    totals = {one.method: one.total for one in segments}
    return frame.spec(
        [
            axes(across, None, form=".0%"),
            boxes([_box(one, across, level[one.method], looks) for one in segments], strokeWidth=1),
            *_written(inside, across, level),
            keys([symbol(looks.of(method), -14, level[method], "") for method in methods]),
            texts([{"x": -26, "y": level[m], "text": short[m]} for m in methods], align="right"),
            notes(
                [
                    {"x": frame.across + 10, "y": level[m], "text": counted(totals[m], "answer")}
                    for m in methods
                ]
            ),
            *_legend(kinds),
        ]
    )


def _box(one: Segment, across: Scale, y: float, looks: Looks) -> Row:
    name = looks.of(one.method).name
    return {
        "x": across.at(one.start / one.total),
        "x2": across.at((one.start + one.count) / one.total),
        "y": y - 10,
        "y2": y + 10,
        **_paint(one.kind),
        "says": f"{name}: {one.count:,} of {one.total:,} {one.kind}, {percent(one.share)}",
    }


def _paint(kind: str) -> Row:
    """How a kind looks: the usual one is plain, each other one has a pattern."""
    fill = f"url(#{kind})" if kind in _STROKES else _COLOURS[kind]
    return {"fill": fill, "stroke": _COLOURS[kind], "opacity": 1}


def _written(inside: Sequence[Segment], across: Scale, level: Mapping[str, float]) -> list[Layer]:
    """The share in each segment that has room for it, readable on its pattern."""
    rows = [
        {
            "x": across.at((one.start + one.count / 2) / one.total),
            "y": level[one.method],
            "text": percent(one.share),
            "kind": one.kind,
        }
        for one in inside
    ]
    plain = [row for row in rows if row["kind"] not in _STROKES]
    patterned = [row for row in rows if row["kind"] in _STROKES]
    return [
        texts(plain, align="center", size=11, colour=PAPER, fontWeight=600),
        *clear_texts(patterned, align="center", size=11),
    ]


def _legend(kinds: Sequence[str]) -> list[Layer]:
    """A swatch and the name of each kind, in a line above the bars."""
    left, swatches, names = 8.0 - _LEFT, [], []
    for kind in kinds:
        swatches.append({"x": left, "x2": left + 18, "y": -38, "y2": -26, **_paint(kind)})
        names.append({"x": left + 24, "y": -32, "text": kind})
        left += 24 + width(kind) + 22
    return [boxes(swatches, says=False, strokeWidth=1), texts(names)]


def _patterns(kinds: Sequence[str]) -> str:
    """SVG patterns: strokes in the colour of the kind over a light ground of it."""
    tiles = [
        f'<pattern id="{kind}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{PAPER}"/>'
        f'<rect width="8" height="8" fill="{_COLOURS[kind]}" fill-opacity="0.16"/>'
        f'<path d="{_STROKES[kind]}" stroke="{_COLOURS[kind]}" stroke-width="1.6" fill="none"/>'
        "</pattern>"
        for kind in kinds
    ]
    return f"<defs>{''.join(tiles)}</defs>" if tiles else ""


def _summary(counts: Mapping[str, Mapping[str, int]]) -> str:
    shares = sorted((found["parsed"] / sum(found.values()), name) for name, found in counts.items())
    ends = [f"{percent(share)} ({name})" for share, name in (shares[0], shares[-1])]
    said = f"from {ends[0]} to {ends[1]}" if len(shares) > 1 else ends[0]
    return f"What became of the answers. Parsed: {said}."
