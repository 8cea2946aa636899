"""Where labels go so that none covers another one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, inf, pi, sin
from typing import Final

_RADII: Final = (10.0, 15.0, 20.0, 30.0, 44.0, 60.0, 80.0, 104.0, 132.0, 164.0, 200.0)
_DIRECTIONS: Final = 16

Spot = tuple[float, float]
"""The pixels of a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle, in pixels from the top left."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: "Box") -> float:
        """The area that both cover."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide * high if wide > 0 and high > 0 else 0.0

    def within(self, other: "Box") -> bool:
        """Whether no part of it is outside the other one."""
        across = other.left <= self.left and self.right <= other.right
        return across and other.top <= self.top and self.bottom <= other.bottom


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions at least `gap` apart between two ends, each as near as can be to what is wanted.

    Neighbours that are too close become a group around the mean of what they want. The order is
    kept. If there is no room for all, they are closer.
    """
    if len(wanted) > 1:
        gap = min(gap, (high - low) / (len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    groups: list[list[int]] = []
    for place in order:
        groups.append([place])
        while len(groups) > 1 and _top(groups[-1], wanted, gap, low, high) < (
            _top(groups[-2], wanted, gap, low, high) + gap * len(groups[-2]) - 1e-9
        ):
            last = groups.pop()
            groups[-1].extend(last)
    found = [0.0] * len(wanted)
    for group in groups:
        top = _top(group, wanted, gap, low, high)
        for rank, place in enumerate(group):
            found[place] = top + gap * rank
    return found


def _top(
    group: Sequence[int], wanted: Sequence[float], gap: float, low: float, high: float
) -> float:
    length = gap * (len(group) - 1)
    middle = sum(wanted[place] for place in group) / len(group)
    return max(low, min(middle - length / 2, high - length))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a label stands: its left end and its middle; and how far that is from its point."""

    x: float
    y: float
    far: float


def place_labels(
    points: Sequence[Spot],
    widths: Sequence[float],
    area: Box,
    *,
    avoid: Sequence[Box] = (),
    height: float = 15,
) -> list[Placed]:
    """A place near each point for its label, free of points, of other labels, of what to avoid.

    Args:
        points: the middle of each point's symbol.
        widths: of the labels.
        area: which labels must not leave.
        avoid: what labels should not cover, though they may.
        height: of a label.
    """
    symbols = [Box(left=x - 7, top=y - 7, right=x + 7, bottom=y + 7) for x, y in points]
    placed: dict[int, Placed] = {}
    taken: list[Box] = []
    for place in sorted(range(len(points)), key=lambda one: -_crowd(one, points)):
        ways = _candidates(points[place], widths[place], height, area)
        others = [point for other, point in enumerate(points) if other != place]
        box = _cheapest(ways, points[place], (*symbols, *taken), avoid=avoid, others=others)
        taken.append(box)
        far = _distance(box, points[place])
        placed[place] = Placed(x=box.left, y=(box.top + box.bottom) / 2, far=far)
    return [placed[place] for place in range(len(points))]


def _crowd(place: int, points: Sequence[Spot]) -> float:
    """How crowded it is around a point; those with much room can wait."""
    x, y = points[place]
    return sum(1 / (12 + hypot(x - ox, y - oy)) for ox, oy in points)


def _candidates(point: Spot, width: float, height: float, area: Box) -> list[Box]:
    """Boxes on rings around a point, inside the area; the one to the right comes first."""
    found = []
    for radius in _RADII:
        for turn in range(_DIRECTIONS):
            angle = 2 * pi * turn / _DIRECTIONS
            x = point[0] + radius * cos(angle)
            y = point[1] - radius * sin(angle)
            left = x - width * (1 - cos(angle)) / 2
            top = min(max(y - height / 2, area.top), area.bottom - height)
            left = min(max(left, area.left), area.right - width)
            found.append(Box(left=left, top=top, right=left + width, bottom=top + height))
    return found


def _cheapest(
    ways: Sequence[Box],
    point: Spot,
    taken: Sequence[Box],
    *,
    avoid: Sequence[Box],
    others: Sequence[Spot],
) -> Box:
    """The best place: covers least, is nearer to its point than to others, is close to it."""
    best, least = ways[0], inf
    for box in ways:
        far = _distance(box, point)
        price = far + 0.6 * abs((box.top + box.bottom) / 2 - point[1])
        if price < least:  # it can only grow
            price += 100 * sum(box.overlap(other) for other in taken)
            price += 30 * sum(1 for other in avoid if box.overlap(other))
            price += 25 * sum(1 for other in others if _distance(box, other) <= far)
        if price < least:
            best, least = box, price
    return best


def _distance(box: Box, point: Spot) -> float:
    """How far a point is from the nearest edge of a box."""
    across = max(box.left - point[0], 0, point[0] - box.right)
    down = max(box.top - point[1], 0, point[1] - box.bottom)
    return hypot(across, down)
