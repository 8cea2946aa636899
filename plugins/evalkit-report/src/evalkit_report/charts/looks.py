"""How charts look: colour and shape of each method, type, lines, the frame around a plot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit_report.charts.words import short_names, shown

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH: Final = 720
COLOURS: Final = 10
SHAPES: Final = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "cross",
    "triangle-down",
    "M0,-1.15L.27,-.37L1.1,-.36L.44,.14L.68,.93L0,.46L-.68,.93L-.44,.14L-1.1,-.36L-.27,-.37Z",
    "triangle-right",
    "M.5,-.87L1,0L.5,.87L-.5,.87L-1,0L-.5,-.87Z",
    "triangle-left",
    "M-.95,-.55L-.55,-.95L0,-.4L.55,-.95L.95,-.55L.4,0L.95,.55L.55,.95L0,.4L-.55,.95L-.95,.55L-.4,0Z",
)
"""Eleven, so that colour and shape together repeat after 110 methods only."""
BAR: Final = "M-.3,-1L.3,-1L.3,1L-.3,1Z"
"""The shape of what is no method, such as the gold answers."""
INK: Final = "var(--ink)"
MUTED: Final = "var(--muted)"
PAPER: Final = "var(--paper)"
GRID: Final = "var(--grid)"
LINE: Final = "var(--line)"

CONFIG: Final[Mapping[str, Any]] = {
    "font": "var(--sans)",
    "mark": {"color": INK},
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "labelFontSize": 11,
        "labelOverlap": False,
        "titleColor": MUTED,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "gridColor": GRID,
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a method looks in every chart.

    Attributes:
        name: its name, fit to be shown.
        colour: a CSS variable.
        shape: a symbol of Vega's, or a path.
    """

    name: str
    colour: str
    shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The looks of all methods: number n has colour n and shape n, each list begun anew."""

    methods: tuple[str, ...]

    def of(self, method: str) -> Look:
        """The look of a method; a plain one if it is none of those."""
        if method not in self.methods:
            return Look(name=shown(method), colour=MUTED, shape=BAR)
        place = self.methods.index(method)
        return Look(
            name=shown(method),
            colour=f"var(--c{place % COLOURS + 1})",
            shape=SHAPES[place % len(SHAPES)],
        )

    def short(self, most: float, size: float = 12, *, more: Sequence[str] = ()) -> dict[str, str]:
        """What stands for each method in a drawing, and for whatever else has a label there."""
        return short_names(list(dict.fromkeys([*self.methods, *more])), most, size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The size of a drawing, and what is kept free around its plot, in pixels."""

    height: float
    left: float = 48
    right: float = 12
    top: float = 28
    bottom: float = 44
    width: float = WIDTH

    @property
    def across(self) -> float:
        """The width of the plot."""
        return self.width - self.left - self.right

    def spec(self, layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """A drawing of these layers. Its size depends on no font."""
        around = {"left": self.left, "right": self.right, "top": self.top, "bottom": self.bottom}
        return {
            "$schema": SCHEMA,
            "width": self.across,
            "height": self.height,
            "padding": around,
            "autosize": {"type": "none"},
            "background": None,
            "config": CONFIG,
            "layer": list(layers),
        }
