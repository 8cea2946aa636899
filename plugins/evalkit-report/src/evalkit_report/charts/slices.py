"""Score by group of examples: one panel for each method, one row for each group."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.drafts import Draft, Metric, looks_of, metric_of
from evalkit_report.charts.layers import (
    Layer,
    Row,
    boxes,
    keys,
    notes,
    rules,
    symbol,
    symbols,
    texts,
)
from evalkit_report.charts.looks import GRID, MUTED, WIDTH, Frame, Looks
from evalkit_report.charts.scales import Scale, linear
from evalkit_report.charts.sliced import MOST, Slices, order_of, sliced
from evalkit_report.charts.words import bracket, number, short_names, shown, slug
from evalkit_report.figures import NOTHING, counted
from evalkit_report.model import Form, Material

COLUMNS: Final = 4
_LEFT: Final = 196
_COUNTS: Final = 60
"""Pixels for the number of examples, between the names of the groups and the first panel."""
_RIGHT: Final = 16
_BETWEEN: Final = 28
_STEP: Final = 19
_HEAD: Final = 32
_FOOT: Final = 26
_TICKS: Final = 44
"""Pixels from one tick to the next, at least."""


def slice_charts(material: Material) -> list[Draft]:
    """A chart for each kind of groups with at least two of them."""
    kinds = dict.fromkeys(str(row["by"]) for row in material.slices)
    drafts = [_draft(material, by) for by in kinds]
    return [draft for draft in drafts if draft is not None]


def _draft(material: Material, by: str) -> Draft | None:
    rows = [row for row in material.slices if row["by"] == by]
    slices = sliced(by, rows, material.methods)
    if len(slices.groups) < 2 or not slices.drawn:
        return None
    metric = _metric(material, rows)
    return Draft(
        name=f"slices-{slug(by)}",
        title=f"Score by {slices.called}",
        summary=_summary(slices, metric),
        spec=_spec(slices, metric, looks_of(material)),
        headings=(slices.called, "method", "examples", metric.name, "95% interval"),
        rows=tuple(_row(row, metric) for row in sorted(rows, key=order_of)),
        notes=tuple(_notes(slices)),
    )


def _metric(material: Material, rows: Sequence[Form]) -> Metric:
    """The primary metric; its name is known from the rows if nothing was analysed."""
    if material.analysis is not None:
        return metric_of(material)
    return Metric(name=str(rows[0]["metric"]), higher_is_better=True, decimals=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """Where the panels stand: all have the same axis across, and the same rows."""

    across: Scale
    columns: int
    rows: int

    def corner(self, place: int) -> tuple[float, float]:
        """The top left pixel of the plot of a panel."""
        line, column = divmod(place, self.columns)
        return column * (self.across.length + _BETWEEN), line * self.deep + _HEAD

    @property
    def deep(self) -> float:
        """The height of a panel with its name and its axis."""
        return _HEAD + _STEP * self.rows + _FOOT

    def level(self, row: int) -> float:
        """The pixel of a row below the top of its panel."""
        return _STEP * (row + 0.5)


def _panels(slices: Slices) -> Panels:
    columns = min(len(slices.methods), COLUMNS)
    wide = (WIDTH - _LEFT - _RIGHT - _BETWEEN * (columns - 1)) / columns
    ends = [row[end] for row in slices.drawn for end in ("value", "low", "high")]
    fine = linear([end for end in ends if end is not None], wide, steps=6)
    steps = len(fine.ticks) - 1
    fitting = [k for k in range(1, steps + 1) if steps % k == 0 and k * wide / steps >= _TICKS]
    every = fitting[0] if fitting else steps
    across = Scale(low=fine.low, high=fine.high, length=wide, ticks=fine.ticks[::every])
    return Panels(across=across, columns=columns, rows=len(slices.groups))


def _spec(slices: Slices, metric: Metric, looks: Looks) -> Mapping[str, Any]:
    panels = _panels(slices)
    lines = -(-len(slices.methods) // panels.columns)
    frame = Frame(height=panels.deep * lines, left=_LEFT, right=_RIGHT, top=2, bottom=20)
    return frame.spec(
        [
            *_grid(slices, panels),
            boxes(list(_ranges(slices, panels)), says=False),
            rules(list(_bars(slices, panels, looks)), width=1.8, opacity=0.8),
            symbols(list(_symbols(slices, panels, metric, looks)), size=48),
            *_heads(slices, panels, looks),
            *_groups(slices, panels),
            notes([{"x": 0, "y": frame.height + 4, "text": metric.axis}]),
        ]
    )


def _grid(slices: Slices, panels: Panels) -> list[Layer]:
    """Lines at the ticks of each panel, with their figures below."""
    lines, written = [], []
    for place in range(len(slices.methods)):
        left, top = panels.corner(place)
        for tick in panels.across.ticks:
            x, end = left + panels.across.at(tick), top + _STEP * panels.rows
            lines.append({"x": x, "y": top - 4, "y2": end, "stroke": GRID})
            text = number(tick, panels.across.decimals)
            written.append({"x": x, "y": end + 10, "text": text})
    return [rules(lines, width=1), notes(written, align="center")]


def _heads(slices: Slices, panels: Panels, looks: Looks) -> list[Layer]:
    """The method above each panel."""
    short = looks.short(panels.across.length + _BETWEEN - 26, 11, more=slices.methods)
    corners = {method: panels.corner(place) for place, method in enumerate(slices.methods)}
    marks = [symbol(looks.of(m), left + 4, top - 17, "") for m, (left, top) in corners.items()]
    heads = [
        {"x": left + 14, "y": top - 17, "text": short[m]} for m, (left, top) in corners.items()
    ]
    return [keys(marks), texts(heads, size=11)]


def _groups(slices: Slices, panels: Panels) -> list[Layer]:
    """The groups at the left of each line of panels, with their numbers of examples."""
    short = short_names(slices.groups, _LEFT - _COUNTS - 8, 11)
    names, sizes = [], []
    for line in range(0, len(slices.methods), panels.columns):
        top = panels.corner(line)[1]
        for row, group in enumerate(slices.groups):
            y = top + panels.level(row)
            names.append({"x": -_COUNTS, "y": y, "text": short[group]})
            sizes.append({"x": -12, "y": y, "text": f"n {slices.examples(group):,}"})
    return [texts(names, align="right", size=11), notes(sizes, align="right")]


def _placed(slices: Slices, panels: Panels) -> Iterator[tuple[Form, float, float, str]]:
    """Each figure that is drawn, the left end of its panel, its row's pixel, its group."""
    for place, method in enumerate(slices.methods):
        left, top = panels.corner(place)
        for row, group in enumerate(slices.groups):
            found = slices.figure(method, group)
            if found is not None:
                yield found, left, top + panels.level(row), group


def _ranges(slices: Slices, panels: Panels) -> Iterator[Row]:
    """Behind each figure a bar from the worst to the best method in its group."""
    if len(slices.methods) < 2:
        return
    box = {"fill": MUTED, "stroke": "none", "opacity": 0.18}
    for _, left, y, group in _placed(slices, panels):
        values = [row["value"] for row in slices.of(group)]
        low, high = (left + panels.across.at(end) for end in (min(values), max(values)))
        yield {"x": low - 1, "x2": high + 1, "y": y - 5, "y2": y + 5, **box}


def _bars(slices: Slices, panels: Panels, looks: Looks) -> Iterator[Row]:
    for found, left, y, _ in _placed(slices, panels):
        if found["low"] is not None and found["high"] is not None:
            low, high = (left + panels.across.at(found[end]) for end in ("low", "high"))
            yield {"x": low, "x2": high, "y": y, "stroke": looks.of(found["method"]).colour}


def _symbols(slices: Slices, panels: Panels, metric: Metric, looks: Looks) -> Iterator[Row]:
    for found, left, y, group in _placed(slices, panels):
        name = f"{shown(found['method'])}, {shown(slices.called)} {shown(group)}"
        says = f"{metric.says(name, found)}, {counted(found['examples'], 'example')}"
        look = looks.of(found["method"])
        yield symbol(look, left + panels.across.at(found["value"]), y, says)


def _row(row: Form, metric: Metric) -> tuple[str, ...]:
    ends = bracket(row["low"], row["high"], metric.decimals) or row["undefined"] or NOTHING
    value = number(row["value"], metric.decimals)
    return (str(row["group"]), row["method"], f"{row['examples']:,}", value, ends)


def _notes(slices: Slices) -> Iterator[str]:
    if len(slices.methods) > 1:
        yield "The grey bar behind a point reaches from the worst to the best method in its group."
    if slices.more:
        yield f"The {MOST} largest groups are drawn; the table has {slices.more} more."
    if any(row["low"] is None for row in slices.drawn):
        yield "A point without a bar has no interval; the table says why."


def _summary(slices: Slices, metric: Metric) -> str:
    told = f"{metric.name} by {slices.called}, for each method."
    means = slices.means()
    if len(means) < 2:
        return told
    (low, least), (high, most) = means[0], means[-1]
    return (
        f"{told} On average over the methods it is highest in {most} "
        f"({number(high, metric.decimals)}) and lowest in {least} ({number(low, metric.decimals)})."
    )
