"""Score by group of examples, such as domain or length of input: one panel for each method."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.drafts import Draft, looks_of, metric_of
from evalkit_report.charts.drafts import Metric as Primary
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
from evalkit_report.charts.looks import GRID, MUTED, Frame, Looks
from evalkit_report.charts.scales import Scale, linear
from evalkit_report.charts.words import bracket, interval, number, short_names, shown, slug
from evalkit_report.figures import NOTHING, counted
from evalkit_report.model import Form, Material

MOST: Final = 15
"""How many groups are drawn; the table has them all."""
_LEFT: Final = 168
_STEP: Final = 19
_HEAD: Final = 30
_FOOT: Final = 26
_BETWEEN: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """The figures of one kind of groups.

    Attributes:
        by: what the examples are grouped by.
        groups: the groups that are drawn, in their order.
        methods: those with a figure in any of these groups.
        found: method and group -> figure.
    """

    by: str
    groups: tuple[str, ...]
    methods: tuple[str, ...]
    found: Mapping[tuple[str, str], Form]

    def of(self, group: str) -> list[Form]:
        """The figures of a group that have a value."""
        rows = (self.found.get((method, group)) for method in self.methods)
        return [row for row in rows if row is not None and row["value"] is not None]

    def examples(self, group: str) -> int:
        """The examples in a group; the most that a method was scored on."""
        return max(
            (row["examples"] for (_, own), row in self.found.items() if own == group), default=0
        )


def slice_charts(material: Material) -> list[Draft]:
    """A chart for each kind of groups with at least two of them."""
    kinds = dict.fromkeys(str(row["by"]) for row in material.slices)
    drafts = [_draft(material, by) for by in kinds]
    return [draft for draft in drafts if draft is not None]


def _draft(material: Material, by: str) -> Draft | None:
    rows = [row for row in material.slices if row["by"] == by]
    slices = _sliced(by, rows, material.methods)
    if len(slices.groups) < 2 or not slices.methods:
        return None
    metric = _metric(material, rows)
    every = len({row["group"] for row in rows})
    left_out = every - len(slices.groups)
    return Draft(
        name=f"slices-{slug(by)}",
        title=f"Score by {shown(_called(by))}",
        summary=_summary(slices, metric),
        spec=_spec(slices, metric, looks_of(material)),
        headings=(by, "method", "examples", metric.name, "95% interval"),
        rows=tuple(_row(row, metric) for row in sorted(rows, key=_order)),
        notes=tuple(_notes(slices, left_out)),
    )


def _called(by: str) -> str:
    return "number of triples" if by == "triples" else by


def _metric(material: Material, rows: Sequence[Form]) -> Primary:
    """The primary metric; its name is known from the rows if nothing was analysed."""
    if material.analysis is not None:
        return metric_of(material)
    return Primary(name=str(rows[0]["metric"]), higher_is_better=True, decimals=3)


def _order(row: Form) -> tuple[int, str]:
    return (row["order"], str(row["group"]))


def _sliced(by: str, rows: Sequence[Form], methods: Sequence[str]) -> Slices:
    """The largest groups, in their own order, and the methods in the report's order."""
    sizes: dict[str, int] = {}
    order = {str(row["group"]): _order(row) for row in rows}
    for row in rows:
        sizes[str(row["group"])] = max(sizes.get(str(row["group"]), 0), row["examples"])
    largest = sorted(sizes, key=lambda group: (-sizes[group], order[group]))[:MOST]
    known = {row["method"] for row in rows if row["value"] is not None}
    return Slices(
        by=by,
        groups=tuple(sorted(largest, key=lambda group: order[group])),
        methods=tuple(method for method in methods if method in known),
        found={(row["method"], str(row["group"])): row for row in rows},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """Where the panels stand: all have the same axis across, and the same rows."""

    across: Scale
    columns: int
    rows: int

    def corner(self, place: int) -> tuple[float, float]:
        """The top left pixel of a panel."""
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
    columns = min(len(slices.methods), 4)
    wide = (720 - _LEFT - 16 - _BETWEEN * (columns - 1)) / columns
    ends = [
        end
        for group in slices.groups
        for row in slices.of(group)
        for end in (row["value"], row["low"], row["high"])
        if end is not None
    ]
    full = linear(ends, wide)
    few = full.ticks[:: max(1, round((len(full.ticks) - 1) / max(1, wide // 60)))]
    across = Scale(low=full.low, high=full.high, length=wide, ticks=few)
    return Panels(across=across, columns=columns, rows=len(slices.groups))


def _spec(slices: Slices, metric: Primary, looks: Looks) -> Mapping[str, Any]:
    panels = _panels(slices)
    lines = -(-len(slices.methods) // panels.columns)
    frame = Frame(height=panels.deep * lines, left=_LEFT, right=16, top=6, bottom=22)
    return frame.spec(
        [
            *_grid(slices, panels),
            boxes(list(_ranges(slices, panels)), says=False, cornerRadius=2),
            rules(list(_bars(slices, panels, looks)), width=1.8, opacity=0.8),
            symbols(list(_symbols(slices, panels, metric, looks)), size=48),
            *_names(slices, panels, looks),
            notes([{"x": 0, "y": frame.height + 8, "text": metric.axis}]),
        ]
    )


def _grid(slices: Slices, panels: Panels) -> list[Layer]:
    """Lines at the ticks of each panel, with their figures below."""
    ticks, written = [], []
    decimals = max(panels.across.decimals, 0)
    for place in range(len(slices.methods)):
        left, top = panels.corner(place)
        for tick in panels.across.ticks:
            x, end = left + panels.across.at(tick), top + _STEP * panels.rows
            ticks.append({"x": x, "y": top - 4, "y2": end, "stroke": GRID})
            written.append({"x": x, "y": end + 10, "text": number(tick, decimals)})
    return [rules(ticks, width=1), notes(written, align="center")]


def _names(slices: Slices, panels: Panels, looks: Looks) -> list[Layer]:
    """The method above each panel; the groups at the left of each line of panels."""
    short = looks.short(panels.across.length - 18, 11)
    heads, marks, groups = [], [], []
    texts_of = short_names(slices.groups, _LEFT - 64, 11)
    for place, method in enumerate(slices.methods):
        left, top = panels.corner(place)
        marks.append(symbol(looks.of(method), left + 5, top - 17, ""))
        heads.append({"x": left + 15, "y": top - 17, "text": short[method]})
    for line in range(0, len(slices.methods), panels.columns):
        top = panels.corner(line)[1]
        groups += [
            {
                "x": -52,
                "y": top + panels.level(row),
                "text": texts_of[group],
                "n": f"n {slices.examples(group):,}",
            }
            for row, group in enumerate(slices.groups)
        ]
    sizes = [{"x": -10, "y": row["y"], "text": row["n"]} for row in groups]
    return [
        keys(marks),
        texts(heads, size=11, fontWeight=600),
        texts(groups, align="right", size=11),
        notes(sizes, align="right"),
    ]


def _placed(slices: Slices, panels: Panels) -> Iterator[tuple[Form, float, float, str]]:
    """Each figure that is drawn, the left end of its panel, its row's pixel, its group."""
    for place, method in enumerate(slices.methods):
        left, top = panels.corner(place)
        for row, group in enumerate(slices.groups):
            found = slices.found.get((method, group))
            if found is not None and found["value"] is not None:
                yield found, left, top + panels.level(row), group


def _ranges(slices: Slices, panels: Panels) -> Iterator[Row]:
    """Behind each figure a bar from the worst to the best method in this group."""
    if len(slices.methods) < 2:
        return
    for _, left, y, group in _placed(slices, panels):
        values = [row["value"] for row in slices.of(group)]
        ends = [left + panels.across.at(end) for end in (min(values), max(values))]
        yield {
            "x": ends[0] - 1,
            "x2": ends[1] + 1,
            "y": y - 5,
            "y2": y + 5,
            "fill": MUTED,
            "stroke": "none",
            "opacity": 0.18,
        }


def _bars(slices: Slices, panels: Panels, looks: Looks) -> Iterator[Row]:
    for found, left, y, _ in _placed(slices, panels):
        if found["low"] is not None and found["high"] is not None:
            ends = [left + panels.across.at(found[end]) for end in ("low", "high")]
            stroke = looks.of(found["method"]).colour
            yield {"x": ends[0], "x2": ends[1], "y": y, "stroke": stroke}


def _symbols(slices: Slices, panels: Panels, metric: Primary, looks: Looks) -> Iterator[Row]:
    for found, left, y, group in _placed(slices, panels):
        look = looks.of(found["method"])
        ends = interval(found["low"], found["high"], metric.decimals)
        value = number(found["value"], metric.decimals)
        many = counted(found["examples"], "example")
        says = f"{look.name}, {shown(_called(slices.by))} {shown(group)}: {value}{ends}, {many}"
        yield symbol(look, left + panels.across.at(found["value"]), y, says)


def _row(row: Form, metric: Primary) -> tuple[str, ...]:
    ends = bracket(row["low"], row["high"], metric.decimals) or row["undefined"] or NOTHING
    value = number(row["value"], metric.decimals)
    return (str(row["group"]), row["method"], f"{row['examples']:,}", value, ends)


def _notes(slices: Slices, left_out: int) -> Iterator[str]:
    if len(slices.methods) > 1:
        yield "The grey bar behind a point reaches from the worst to the best method in its group."
    if left_out:
        yield f"The {MOST} largest groups are drawn; the table has {left_out} more."
    rows = [slices.found.get((m, g)) for m in slices.methods for g in slices.groups]
    if any(row is not None and row["low"] is None for row in rows):
        yield "A point without a bar has no interval; the table says why."


def _summary(slices: Slices, metric: Primary) -> str:
    said = []
    for method in slices.methods:
        known = [
            (slices.found[method, group]["value"], group)
            for group in slices.groups
            if (method, group) in slices.found and slices.found[method, group]["value"] is not None
        ]
        if known:
            low, high = min(known), max(known)
            least = f"{number(low[0], metric.decimals)} in {shown(low[1])}"
            most = f"{number(high[0], metric.decimals)} in {shown(high[1])}"
            said.append(f"{shown(method)}: from {least} to {most}")
    return f"{metric.name} by {shown(_called(slices.by))}. {'; '.join(said)}."
