"""The colour and the shape by which a method is known, in tables as in charts."""

from typing import Final

from evalkit_report.charts.looks import COLOURS, SHAPES

_H: Final = 0.866
_S: Final = 0.4
_PATHS: Final = {
    "circle": "M-1,0A1,1,0,1,0,1,0A1,1,0,1,0,-1,0Z",
    "square": "M-1,-1L1,-1L1,1L-1,1Z",
    "diamond": "M-1,0L0,-1L1,0L0,1Z",
    "triangle-up": f"M0,{-_H}L-1,{_H}L1,{_H}Z",
    "triangle-down": f"M0,{_H}L-1,{-_H}L1,{-_H}Z",
    "triangle-right": f"M{_H},0L{-_H},-1L{-_H},1Z",
    "triangle-left": f"M{-_H},0L{_H},-1L{_H},1Z",
    "cross": f"M-1,{-_S}L{-_S},{-_S}L{-_S},-1L{_S},-1L{_S},{-_S}L1,{-_S}L1,{_S}L{_S},{_S}L{_S},1"
    f"L{-_S},1L{-_S},{_S}L-1,{_S}Z",
}


def colour_of(number: int) -> str:
    """The colour of method number `number`, counted from 0."""
    return f"var(--c{number % COLOURS + 1})"


def shape_of(number: int) -> str:
    """The outline of its symbol, within -1.15 and 1.15 both ways."""
    shape = SHAPES[number % len(SHAPES)]
    return _PATHS.get(shape, shape)
