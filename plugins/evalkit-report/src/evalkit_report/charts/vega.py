"""Draws Vega-Lite specs: the one module that loads a JavaScript engine."""

from collections.abc import Mapping
from typing import Any

import vl_convert


def draw(spec: Mapping[str, Any]) -> str:
    """The drawing of a spec as SVG. The first call starts the engine."""
    return str(vl_convert.vegalite_to_svg(dict(spec)))
