"""Figures by groups of examples, such as domains or lengths of input. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evalkit_report.model import Form

MOST: Final = 15
"""How many groups are drawn; the table has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """The figures of one kind of groups.

    Attributes:
        by: what the examples are grouped by.
        groups: the groups that are drawn, in their order.
        methods: those with a figure, in the report's order.
        found: method and group -> figure.
        more: how many groups are not drawn.
    """

    by: str
    groups: tuple[str, ...]
    methods: tuple[str, ...]
    found: Mapping[tuple[str, str], Form]
    more: int

    @property
    def called(self) -> str:
        """What the examples are grouped by, in words."""
        return "number of triples" if self.by == "triples" else self.by

    def figure(self, method: str, group: str) -> Form | None:
        """The figure of a method in a group; None if it has no value."""
        row = self.found.get((method, group))
        return None if row is None or row["value"] is None else row

    def of(self, group: str) -> list[Form]:
        """The figures in a group that have a value."""
        rows = (self.figure(method, group) for method in self.methods)
        return [row for row in rows if row is not None]

    @property
    def drawn(self) -> list[Form]:
        """All figures that are drawn."""
        return [row for group in self.groups for row in self.of(group)]

    def examples(self, group: str) -> int:
        """The examples in a group; the most that a method was scored on."""
        sizes = [row["examples"] for (_, own), row in self.found.items() if own == group]
        return max(sizes, default=0)

    def means(self) -> list[tuple[float, str]]:
        """Mean over the methods, and the group; a group where one has no figure is left out."""
        full = [group for group in self.groups if len(self.of(group)) == len(self.methods)]
        return sorted((_mean(row["value"] for row in self.of(group)), group) for group in full)


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / len(known)


def order_of(row: Form) -> tuple[int, str]:
    """By what the groups of a row are sorted."""
    return (row["order"], str(row["group"]))


def sliced(by: str, rows: Sequence[Form], methods: Sequence[str]) -> Slices:
    """The largest groups in their own order, and the methods that have a figure in any of them."""
    order = {str(row["group"]): order_of(row) for row in rows}
    sizes = dict.fromkeys(order, 0)
    for row in rows:
        sizes[str(row["group"])] = max(sizes[str(row["group"])], row["examples"])
    largest = sorted(sizes, key=lambda group: (-sizes[group], order[group]))[:MOST]
    known = {row["method"] for row in rows if row["value"] is not None}
    return Slices(
        by=by,
        groups=tuple(sorted(largest, key=lambda group: order[group])),
        methods=tuple(method for method in methods if method in known),
        found={(row["method"], str(row["group"])): row for row in rows},
        more=len(sizes) - len(largest),
    )
