"""Makes a drawing fit to stand in a page beside others. Pure.

Vega's SVG has neither scripts nor styles nor references to elsewhere. What is left to do: a name
for those who do not see it, a size that the page may change, and ids that no other drawing has.
"""

import re
from html import escape
from typing import Final

_ROOT: Final = re.compile(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"[^>]*>')
_ID: Final = re.compile(r'(?<=\sid=")([^"]+)(?=")|(?<=url\(#)([^)]+)(?=\))')


def embedded(drawing: str, *, name: str, title: str, more: str = "") -> str:
    """The drawing as part of a page.

    Args:
        drawing: as Vega wrote it.
        name: of the chart; its ids begin with it.
        title: what the chart shows, for screen readers.
        more: definitions that the drawing refers to, such as patterns.

    Raises:
        ValueError: it does not begin as a drawing does.
    """
    root = _ROOT.match(drawing)
    if root is None:
        raise ValueError(f"no drawing: {drawing[:80]!r}")
    wide, high = root.groups()
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="marks" viewBox="0 0 {wide} {high}" '
        f'width="{wide}" height="{high}" role="graphics-document" '
        f'aria-roledescription="chart" aria-label="{escape(title)}">'
    )
    return opening + _ID.sub(lambda found: f"{name}-{found[0]}", more + drawing[root.end() :])
