"""What the parts of the report share: the material they show, the charts and tables they make."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit import RunView

Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """A cell of one of the runs.

    Attributes:
        key: unique in the report: the cell's id, after its run's id where there are several runs.
        method: its method, by the name that the analysis uses.
        run: its run.
        form: its part of ``results.json``.
    """

    key: str
    method: str
    run: RunView
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that a report is made of.

    Attributes:
        runs: the run that is reported, then those to compare it with.
        cells: the cells of all runs, in their order.
        analysis: how all methods compare, as in ``results.json``; None if that is not known.
        slices: figures by domain, input length, ...: rows as of ``RunView.slices``.
        prompts: key of a cell -> what ``prompts/CELL.json`` holds.
        manifest: of the first run; empty if it is missing.
        missing: a sentence for each thing that should be there and is not, or is damaged.
    """

    runs: tuple[RunView, ...]
    cells: tuple[CellView, ...]
    analysis: Form | None
    slices: tuple[Form, ...]
    prompts: Mapping[str, Form]
    manifest: Form
    missing: tuple[str, ...]

    @property
    def run(self) -> RunView:
        """The run that is reported."""
        return self.runs[0]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods in the order of their cells; the order decides on colour and shape."""
        return tuple(dict.fromkeys(cell.method for cell in self.cells))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart, and the same as a table.

    Attributes:
        name: unique in the report, fit for an HTML id.
        title: what it shows, as a heading.
        summary: what it shows in one or two sentences, for those who do not see it.
        svg: the drawing, safe to embed.
        headings: of the table behind it.
        rows: of the table, as texts.
        notes: what to know of it, as sentences.
    """

    name: str
    title: str
    summary: str
    svg: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
