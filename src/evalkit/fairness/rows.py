"""The compared cells, one row each, and how a sentence names some of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Form = Mapping[str, Any]


class Compared(Protocol):
    """A method as comparisons have it: the cells of one run that differ by their seed only."""

    @property
    def name(self) -> str:
        """What it is called; unique."""

    @property
    def cells(self) -> Sequence[Form]:
        """Its cells in ``results.json``."""

    @property
    def results(self) -> Form:
        """All of ``results.json``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A cell that was predicted.

    Attributes:
        method: name of its method.
        seed: its seed.
        model: name of its model.
        examples: number of evaluated examples.
        data: hash over the evaluated examples of its run.
        facts: what its predict job did; None if a version that noted nothing did it.
    """

    method: str
    seed: int
    model: str
    examples: int
    data: str
    facts: Form | None


def rows_of(methods: Sequence[Compared]) -> list[Row]:
    """A row for each cell that has predictions."""
    return [
        Row(
            method=method.name,
            seed=cell["seed"],
            model=cell["model"],
            examples=cell["examples"],
            data=method.results["task"]["evaluation_sha256"],
            facts=cell.get("fairness"),
        )
        for method in methods
        for cell in method.cells
        if cell["examples"] is not None
    ]


def named(some: Sequence[Row], rows: Sequence[Row]) -> str:
    """Some of the rows by name: a method, or a method and its seeds where they are not all."""
    if len(some) == len(rows) and len({row.method for row in rows}) > 1:
        return "all"
    return ", ".join(_names(some, rows))


def _names(some: Sequence[Row], rows: Sequence[Row]) -> Iterator[str]:
    for method in dict.fromkeys(row.method for row in some):
        seeds = [row.seed for row in some if row.method == method]
        if len(seeds) == sum(row.method == method for row in rows):
            yield method
        else:
            yield f"{method} (seed {', '.join(map(str, seeds))})"
