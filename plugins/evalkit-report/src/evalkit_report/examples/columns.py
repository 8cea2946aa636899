"""The cells whose answers stand side by side, and what is known of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from evalkit import RunView
from evalkit_report.examples.cursor import Cursor, Line, Tell
from evalkit_report.model import CellView, Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A cell and its open files.

    Attributes:
        view: the cell.
        answers: its predictions; None if it has none.
        scored: metric -> its scores.
    """

    view: CellView
    answers: Cursor | None
    scored: Mapping[str, Cursor]


def joined(material: Material, tell: Tell) -> list[CellView]:
    """The cells that answered the examples of the first run; other runs are told of."""
    first = _data_of(material.run)
    fit = [
        run for run in material.runs if run is material.run or (first and _data_of(run) == first)
    ]
    for run in material.runs:
        if not any(run is other for other in fit):
            tell(
                f"{run_id(run)}: its answers do not stand beside those of {run_id(material.run)}, "
                "because it evaluated other examples, or does not tell which."
            )
    return [cell for cell in material.cells if any(cell.run is run for run in fit)]


def open_columns(
    cells: Sequence[CellView], order: Mapping[str, int], *, tell: Tell
) -> list[Column]:
    """The files of all cells, read from their beginning."""
    return [_column(cell, order, tell) for cell in cells]


def close_columns(columns: Sequence[Column]) -> None:
    """Tell of lines that could not be used."""
    for column in columns:
        for cursor in _cursors(column):
            cursor.close()


def form_of(cell: CellView, *, method: int) -> dict[str, Any]:
    """What the browser has to know of a cell; `absent` says why it has no answers."""
    seed, absent = cell.form.get("seed"), _absent(cell.form)
    return {"key": cell.key, "method": method, "seed": seed, "absent": absent}


def contestants(cells: Sequence[CellView]) -> dict[tuple[Path, str, str], int]:
    """(run folder, seed, contestant) -> which cell is meant.

    A comparison is of the cells of one seed, and may leave the seed out of their ids.
    """
    found: dict[tuple[Path, str, str], int] = {}
    for number, cell in enumerate(cells):
        name, seed = str(cell.form.get("id")), str(cell.form.get("seed"))
        for called in (name, name.removesuffix(f"-seed{seed}")):
            found.setdefault((cell.run.folder, seed, called), number)
    return found


def run_id(run: RunView) -> str:
    """How a run is called."""
    return str(run.results.get("run", {}).get("id") or run.folder.name)


def metrics_of(cells: Sequence[CellView]) -> dict[str, Line]:
    """Metric -> what its score in the first cell that has it tells about it."""
    found: dict[str, Line] = {}
    for cell in cells:
        for metric, score in (cell.form.get("scores") or {}).items():
            found.setdefault(metric, score)
    return found


def _column(cell: CellView, order: Mapping[str, int], tell: Tell) -> Column:
    identity, run = str(cell.form.get("id")), cell.run
    within = f"{run_id(run)}/"
    if not cell.form.get("predictions"):
        return Column(view=cell, answers=None, scored={})
    name = within + str(cell.form["predictions"])
    return Column(
        view=cell,
        answers=Cursor(partial(run.answers, identity), order, name, tell=tell),
        scored={
            metric: Cursor(
                partial(run.scored, identity, metric),
                order,
                f"{within}scores/{metric}/{identity}.jsonl",
                tell=tell,
            )
            for metric in cell.form.get("scores") or {}
        },
    )


def _cursors(column: Column) -> Iterator[Cursor]:
    if column.answers is not None:
        yield column.answers
    yield from column.scored.values()


def _data_of(run: RunView) -> str | None:
    return (run.results.get("task") or {}).get("evaluation_sha256")


def _absent(form: Line) -> str | None:
    if form.get("predictions"):
        return None
    failure = form.get("failure") or {}
    return str(failure.get("reason") or f"the cell is {form.get('status', 'not known')}")
