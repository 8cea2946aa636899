"""What is measured in an open page: texts that collide or are cut, letters that are too small."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

OF_CHARTS = """
() => {
  const corners = (text) => {  // of the box around a text, which may be turned, on the screen
    const box = text.getBBox(), matrix = text.getScreenCTM(), slack = 1;
    const [left, right] = [box.x + slack, box.x + box.width - slack];
    const [top, bottom] = [box.y + box.height * 0.2, box.y + box.height * 0.8];
    return [[left, top], [right, top], [right, bottom], [left, bottom]].map(
      ([x, y]) => new DOMPoint(x, y).matrixTransform(matrix));
  };
  const spread = (points, x, y) => {  // along the direction (x, y)
    const found = points.map((point) => point.x * x + point.y * y);
    return [Math.min(...found), Math.max(...found)];
  };
  const apart = (one, other) => [one, other].some((points) => [0, 1].some((side) => {
    const x = points[side + 1].y - points[side].y, y = points[side].x - points[side + 1].x;
    const [low, high] = spread(one, x, y), [from, to] = spread(other, x, y);
    return high <= from || to <= low;
  }));
  const inside = (points, frame) => points.every((point) =>
    point.x >= frame.left - 1 && point.x <= frame.right + 1 &&
    point.y >= frame.top - 1 && point.y <= frame.bottom + 1);
  const isHalo = (one, other) => one.words === other.words &&  // the same, drawn around a text
    Math.hypot(one.corners[0].x - other.corners[0].x, one.corners[0].y - other.corners[0].y) < 3;
  const faults = [];
  for (const chart of document.querySelectorAll("svg.marks, .marks svg")) {
    const frame = chart.getBoundingClientRect();
    if (!frame.width) continue;
    const name = chart.closest("[id]")?.id ?? "";
    const texts = [...chart.querySelectorAll("text")].filter(
      (text) => text.textContent.trim() && text.checkVisibility({opacityProperty: true}));
    const found = texts.map((text) => ({
      words: text.textContent, corners: corners(text),
      height: parseFloat(getComputedStyle(text).fontSize) * Math.hypot(
        text.getScreenCTM().a, text.getScreenCTM().b),
    }));
    found.forEach((one, place) => {
      if (!inside(one.corners, frame)) faults.push(`${name}: cut: ${one.words}`);
      if (one.height < 8.9) faults.push(`${name}: ${one.height.toFixed(1)} px: ${one.words}`);
      for (const other of found.slice(place + 1)) {
        if (!apart(one.corners, other.corners) && !isHalo(one, other))
          faults.push(`${name}: overlap: ${one.words} / ${other.words}`);
      }
    });
  }
  return faults;
}
"""
"""Of the texts of all charts that are shown: which are cut, overlap, or are smaller than 9 px."""

OF_PAGE = """
() => {
  const wide = document.documentElement.clientWidth;
  const scrolls = (element) => {
    for (let one = element; one; one = one.parentElement)
      if (getComputedStyle(one).overflowX !== "visible") return true;
    return false;
  };
  return [...document.body.querySelectorAll("*")]
    .filter((one) => one.checkVisibility() && !one.closest("svg"))
    .filter((one) => one.getBoundingClientRect().right > wide + 1 && !scrolls(one))
    .map((one) => `${one.tagName} ${one.id} ${one.className} ${one.textContent.slice(0, 40)}`);
}
"""
"""Elements that are wider than the window, and in nothing that scrolls by itself."""


def axe_faults(page: "Page") -> Mapping[str, list[str]]:
    """Serious and critical violations that axe-core finds -> where."""
    from axe_playwright_python.sync_playwright import Axe

    options: dict[str, Any] = {"resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return {
        f"{one['id']} ({one['impact']}): {one['help']}": [
            f"{node['target']}: {node['failureSummary']}" for node in one["nodes"][:5]
        ]
        for one in found
        if one["impact"] in ("serious", "critical")
    }
