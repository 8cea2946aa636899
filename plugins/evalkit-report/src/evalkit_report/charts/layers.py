"""The layers that charts are made of, as Vega-Lite specs: axes, symbols, lines, texts.

Symbols carry a sentence, ``says``: browsers read it out, and the page shows it as a tooltip. What
only repeats that is hidden from screen readers.
"""

from collections.abc import Sequence
from typing import Any, Final

from evalkit_report.charts.looks import INK, MUTED, PAPER, Look
from evalkit_report.charts.scales import Scale

Layer = dict[str, Any]
Row = dict[str, Any]

_ENDS: Final = ("x", "y", "x2", "y2")
_COLOURS: Final = {"fill": "fill", "stroke": "stroke", "shape": "shape"}
SYMBOL: Final = 70
"""The area of a symbol, in square pixels."""


def axes(across: Scale | None, up: Scale | None, *, title: str = "", form: str = "") -> Layer:
    """The axes of a plot with their grid; `title` is that of the one across.

    Args:
        across: the axis from left to right, if there is one.
        up: the axis upwards, if there is one.
        title: what the axis across shows, with its unit.
        form: how its ticks are written, as d3-format has it.
    """
    encoding: Row = {}
    if across is not None:
        written = form or (",~f" if across.log else f",.{across.decimals}f")
        encoding["x"] = _axis("x", across, {"title": title or None, "format": written})
    if up is not None:
        written = ",~f" if up.log else f",.{up.decimals}f"
        encoding["y"] = _axis("y", up, {"title": None, "format": written})
    point = {key: scale.low for key, scale in (("x", across), ("y", up)) if scale is not None}
    mark = {"type": "point", "opacity": 0, "size": 0, "aria": False}
    return {"data": {"values": [point]}, "mark": mark, "encoding": encoding}


def _axis(field: str, scale: Scale, axis: Row) -> Row:
    values = {"values": list(scale.ticks), "grid": True}
    kind = {"field": field, "type": "quantitative"}
    return {**kind, "scale": scale.form(), "axis": {**axis, **values, "labelFlush": False}}


def symbol(look: Look, x: float, y: float, says: str, *, filled: bool = True) -> Row:
    """A method's symbol at a pixel."""
    fill = look.colour if filled else PAPER
    return {"x": x, "y": y, "shape": look.shape, "stroke": look.colour, "fill": fill, "says": says}


def symbols(rows: Sequence[Row], *, size: int = SYMBOL) -> Layer:
    """Symbols that say what they stand for."""
    mark = {"type": "point", "size": size, "strokeWidth": 1.8, "opacity": 1}
    said = {"description": {"field": "says", "type": "nominal"}}
    return _layer(mark, rows, {**_raw(("fill", "stroke", "shape")), **said})


def keys(rows: Sequence[Row]) -> Layer:
    """Symbols beside labels, which say nothing."""
    mark = {"type": "point", "size": 56, "strokeWidth": 1.6, "opacity": 1, "aria": False}
    return _layer(mark, rows, _raw(("fill", "stroke", "shape")))


def rules(rows: Sequence[Row], *, width: float = 2, dash: Sequence[int] = (), **more: Any) -> Layer:
    """Straight lines between two pixels, each in its colour ``stroke``."""
    mark: Row = {"type": "rule", "strokeWidth": width, "aria": False, **more}
    if dash:
        mark["strokeDash"] = list(dash)
    return _layer(mark, [_closed(row) for row in rows], _raw(("stroke",)))


def paths(rows: Sequence[Row], *, width: float = 2, **more: Any) -> Layer:
    """Lines through the rows of the same ``line``, in their order, in their colour ``stroke``."""
    mark = {"type": "line", "strokeWidth": width, "strokeJoin": "round", "aria": False, **more}
    kept = [{**row, "order": order} for order, row in enumerate(rows)]
    through: Row = {
        "detail": {"field": "line", "type": "nominal"},
        "order": {"field": "order", "type": "quantitative"},
    }
    return _layer(mark, kept, {**_raw(("stroke",)), **through})


def bands(rows: Sequence[Row], **more: Any) -> Layer:
    """Areas from ``low`` to ``high`` along the rows of the same ``line``."""
    mark = {"type": "area", "strokeWidth": 0, "aria": False, **more}
    filled = [
        {
            "x": row["x"],
            "y": row["low"],
            "y2": row["high"],
            "line": row["line"],
            "fill": row["stroke"],
        }
        for row in rows
    ]
    return _layer(mark, filled, {**_raw(("fill",)), "detail": {"field": "line", "type": "nominal"}})


def boxes(rows: Sequence[Row], *, says: bool = True, **more: Any) -> Layer:
    """Rectangles between two pixels, each with its ``fill``, its ``stroke`` and its ``opacity``."""
    mark: Row = {"type": "rect", **more}
    encoding = _raw(("fill", "stroke"))
    encoding["fillOpacity"] = {"field": "opacity", "type": "quantitative", "scale": None}
    if says:
        encoding["description"] = {"field": "says", "type": "nominal"}
    else:
        mark["aria"] = False
    return _layer(mark, [_closed(row) for row in rows], encoding)


def texts(
    rows: Sequence[Row], *, align: str = "left", size: float = 12, colour: str = INK, **more: Any
) -> Layer:
    """Texts at pixels; they are read out with the symbols, so not once more."""
    mark = {"type": "text", "align": align, "baseline": "middle", "fontSize": size, "aria": False}
    encoding = {"text": {"field": "text", "type": "nominal"}}
    return _layer({**mark, "fill": colour, **more}, rows, encoding)


def clear_texts(rows: Sequence[Row], *, align: str = "left", size: float = 12) -> list[Layer]:
    """Texts that can be read where lines and patterns run below them."""
    halo = {"stroke": PAPER, "strokeWidth": 4, "strokeJoin": "round"}
    below = texts(rows, align=align, size=size, colour=PAPER, **halo)
    return [below, texts(rows, align=align, size=size)]


def notes(rows: Sequence[Row], *, align: str = "left", **more: Any) -> Layer:
    """Small texts that explain."""
    return texts(rows, align=align, size=11, colour=MUTED, **more)


def _layer(mark: Row, rows: Sequence[Row], encoding: Row) -> Layer:
    ends = [end for end in _ENDS if rows and end in rows[0]]
    return {
        "data": {"values": [_rounded(row) for row in rows]},
        "mark": mark,
        "encoding": {**{end: _pixel(end) for end in ends}, **encoding},
    }


def _rounded(row: Row) -> Row:
    """With pixels that are no longer than they need be."""
    return {key: round(value, 1) if key in _ENDS else value for key, value in row.items()}


def _closed(row: Row) -> Row:
    """With both ends said: a line or a box that has but one end in a direction stays there."""
    return {**row, "x2": row.get("x2", row["x"]), "y2": row.get("y2", row["y"])}


def _pixel(end: str) -> Row:
    if end.endswith("2"):
        return {"field": end}
    return {"field": end, "type": "quantitative", "scale": None, "axis": None}


def _raw(names: Sequence[str]) -> Row:
    """Channels whose fields hold what is drawn: colours and shapes."""
    return {
        name: {"field": _COLOURS[name], "type": "nominal", "scale": None, "legend": None}
        for name in names
    }
