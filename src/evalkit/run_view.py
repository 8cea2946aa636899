"""A run folder as tidy tables and rows: for people with a notebook, and for reporters."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.confined import inside
from evalkit.errors import UserError
from evalkit.manifest import read_manifest
from evalkit.records import Prediction
from evalkit.results import read_results
from evalkit.run_files import (
    read_answers,
    read_examples,
    read_judgments,
    read_prompt,
    read_scored,
)
from evalkit.run_folder import EXAMPLES, JUDGMENTS, PROMPTS, SCORES
from evalkit.serialization import read_predictions
from evalkit.store import NOT_WHOLE, find_run

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunView:
    """A run folder: its results as tidy tables, its files as rows.

    ``cells``, ``scores``, ``standings`` and ``slices`` are lists of flat rows, as
    ``pandas.DataFrame`` takes them. ``examples``, ``answers``, ``scored`` and ``judgments`` read
    their file while they are iterated over, so that memory stays small; what is missing or damaged
    is a UserError that names the file, the line and what to do.

    Attributes:
        folder: the run folder.
        results: the content of ``results.json``; see ``evalkit schema results``.
    """

    folder: Path
    results: Row = field(repr=False)

    def cells(self) -> list[Row]:
        """One row a cell: what it is, its status, the headline of each metric."""
        keys = ("id", "model", "adapter", "use", "train_size", "seed", "status", "examples")
        return [
            {key: cell[key] for key in keys}
            | {name: score["value"] for name, score in cell["scores"].items()}
            for cell in self.results["cells"]
        ]

    def scores(self) -> list[Row]:
        """One row for each cell, metric and named figure."""
        return [
            {"cell": cell["id"], "metric": metric, "figure": figure, "value": value}
            for cell in self.results["cells"]
            for metric, score in cell["scores"].items()
            for figure, value in score["values"].items()
        ]

    def standings(self) -> list[Row]:
        """One row for each comparison and contestant."""
        return [
            {"comparison": comparison["name"], "seed": comparison["seed"]}
            | {"contestant": standing["contestant"], **standing["values"]}
            for comparison in self.results["comparisons"]
            for standing in comparison["standings"]
        ]

    def slices(self) -> list[Row]:
        """One row for each group of the evaluated examples and method: its primary figure there.

        Groups are those of the task (such as ``domain``) and those by the length of the input.
        Keys: ``by``, ``group``, ``order``, ``method``, ``metric``, ``examples``, ``clusters``,
        ``value``, the ends of its 95% interval ``low`` and ``high``, and ``undefined``, why one
        of these is None. Empty if no cell has a score.

        Runs of older versions did not keep them: they are then made of the scores.

        Raises:
            UserError: these, or the evaluated examples, are missing or damaged.
        """
        kept = self.results.get("slices")
        if kept is not None:
            return list(kept)
        # Here, since it takes longer to import than a run takes in which nothing is left to do.
        from evalkit.compare.slices import make_slices

        return make_slices(self.folder, self.results)

    def predictions(self, cell: str) -> list[Prediction]:
        """The predictions of a cell, in the order of the evaluation split.

        Raises:
            UserError: there is no such cell, or it has no predictions; or they are damaged.
        """
        path = self._predictions(cell)
        try:
            return list(read_predictions(path))
        except OSError as error:
            raise UserError(f"{path}: cannot be read: {error.strerror}", NOT_WHOLE) from None

    def examples(self) -> Iterator[Row]:
        """The evaluated examples: ``id``, ``sources``, ``groups``, ``input``, ``target``.

        Raises:
            UserError: while it is iterated over: they are missing or damaged.
        """
        return read_examples(self._file(EXAMPLES))

    def answers(self, cell: str) -> Iterator[Row]:
        """The lines of ``predictions/CELL.jsonl`` as they are, in the order of the examples.

        Keys: ``id``, ``text``, ``value``, ``outcome``, ``usage``, ``latency_s``, and ``failure``
        where no answer could be had.

        Raises:
            UserError: there is no such cell, or it has no predictions. While it is iterated
                over: they are missing or damaged.
        """
        return read_answers(self._predictions(cell))

    def scored(self, cell: str, metric: str) -> Iterator[Row]:
        """What each answer of a cell was worth by a metric; answers that failed are left out.

        Keys: ``id``, ``values``, and ``influence`` and ``matches`` where the metric has them.

        Raises:
            UserError: there is no such cell, or no such score of it. While it is iterated over:
                the scores are missing or damaged.
        """
        known = self._cell(cell)["scores"]
        if metric not in known:
            what = f'{self.folder}: cell {cell} has no score by "{metric}"'
            raise UserError(what, f"scores: {', '.join(known) or 'none'}")
        return read_scored(self._file(f"{SCORES}/{metric}/{cell}.jsonl"))

    def judgments(self) -> Iterator[Row]:
        """What judges said: ``comparison``, ``seed``, ``id``, and ``verdict`` or ``failure``.

        Empty if the run has no comparison that is done.

        Raises:
            UserError: while it is iterated over: they are missing or damaged.
        """
        if not any(one["status"] == "done" for one in self.results["comparisons"]):
            return iter(())
        return read_judgments(self._file(JUDGMENTS))

    def prompt(self, cell: str) -> Row:
        """What a method was taught, and what was sent for its first examples.

        Keys: ``instruction``, ``demos``, ``weights``, ``sent``; see "Read the results".

        Raises:
            UserError: there is no such cell; or its file is missing, as in runs of older
                versions, or damaged.
        """
        return read_prompt(self._file(f"{PROMPTS}/{self._cell(cell)['id']}.json"))

    def manifest(self) -> Row:
        """What the run stands on, the content of ``manifest.json``.

        Raises:
            UserError: it is missing or damaged.
        """
        return read_manifest(self.folder)

    def _cell(self, name: str) -> Row:
        cells: dict[str, Row] = {cell["id"]: cell for cell in self.results["cells"]}
        if name not in cells:
            raise UserError(f'{self.folder}: no cell "{name}"', f"cells: {', '.join(cells)}")
        return cells[name]

    def _predictions(self, cell: str) -> Path:
        paths = {c["id"]: c["predictions"] for c in self.results["cells"]}
        if not paths.get(cell):
            known = ", ".join(name for name, path in paths.items() if path) or "none"
            raise UserError(f'{self.folder}: no predictions of a cell "{cell}"', f"cells: {known}")
        return self._file(paths[cell])

    def _file(self, name: str) -> Path:
        """Where a file of the run is; names in results may be anybody's."""
        return inside(self.folder, name)


def load_run(path: str | Path) -> RunView:
    """Open a run folder, for instance ``runs/latest``.

    Raises:
        UserError: there is none, or its results cannot be read.
    """
    folder = find_run(str(path))
    return RunView(folder, read_results(folder))
