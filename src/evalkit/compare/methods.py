"""The methods of one or more run folders, with what each example was worth to each of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import UserError
from evalkit.results import comparable, read_results
from evalkit.run_folder import EXAMPLES, scores_path
from evalkit.serialization import read_lines

Values = NDArray[np.float64]
Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """The cells of one run that differ by their seed only.

    Attributes:
        name: what it is called in the comparison; unique.
        adapter: name of the adapter, with the values of its sweep.
        cells: its cells in ``results.json``, by seed.
        results: all of ``results.json``.
        folder: the run folder.
    """

    name: str
    adapter: str
    cells: tuple[Form, ...]
    results: Form
    folder: Path

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of its cells."""
        return tuple(cell["seed"] for cell in self.cells)

    @property
    def complete(self) -> bool:
        """Whether all its cells are done, with hardly any answer missing."""
        return all(cell["status"] == "done" and comparable(cell) for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A headline as a ratio of sums over examples.

    Attributes:
        examples: ids of the examples that every seed has a score of, in the order of the run.
        numerator: a row for each seed, a column for each example.
        denominator: likewise.
        empty: the figure where the denominators add up to 0; None is undefined.
    """

    examples: tuple[str, ...]
    numerator: Values
    denominator: Values
    empty: float | None

    def of(self, examples: Sequence[str]) -> "Terms":
        """The same for some of the examples, in their order."""
        place = {example: index for index, example in enumerate(self.examples)}
        columns = [place[example] for example in examples]
        return Terms(
            examples=tuple(examples),
            numerator=self.numerator[:, columns],
            denominator=self.denominator[:, columns],
            empty=self.empty,
        )


def read_methods(folders: Sequence[Path]) -> list[Method]:
    """The methods of the runs, in their order.

    A method that several runs have is called by its run as well: ``RUN/METHOD``.

    Raises:
        UserError: results are missing, damaged, or of another version.
    """
    runs = [(folder, read_results(folder)) for folder in folders]
    found = [(folder, results, group) for folder, results in runs for group in _groups(results)]
    times = Counter(group[0]["method"] for _, _, group in found)
    return [
        Method(
            name=_name(group[0]["method"], folder, several=times[group[0]["method"]] > 1),
            adapter=group[0]["adapter"],
            cells=group,
            results=results,
            folder=folder,
        )
        for folder, results, group in found
    ]


def _name(method: str, folder: Path, *, several: bool) -> str:
    return f"{folder.name}/{method}" if several else method


def _groups(results: Form) -> list[tuple[Form, ...]]:
    groups: dict[str, list[Form]] = {}
    for cell in results["cells"]:
        groups.setdefault(cell.get("method", cell["id"]), []).append({"method": cell["id"], **cell})
    return [tuple(sorted(group, key=lambda cell: cell["seed"])) for group in groups.values()]


def read_sources(folder: Path) -> dict[str, tuple[str, ...]]:
    """Example id -> the entries it was made from, in the order of the run.

    Raises:
        UserError: the run folder does not hold them.
    """
    path = folder / EXAMPLES
    try:
        return {form["id"]: tuple(form["sources"]) for form in read_lines(path)}
    except OSError as error:
        raise _unreadable(path, error) from None


def read_terms(method: Method, metric: str) -> Terms | None:
    """The terms of a metric's headline; None if it is undefined for too many or few examples.

    Raises:
        UserError: scores are missing or damaged, or made by a version that kept none.
    """
    by_seed = []
    for cell in method.cells:
        score = cell["scores"].get(metric)
        if score is None:
            raise UserError(
                f"{method.folder}: cell {cell['id']}: no score by {metric}",
                f"score it: evalkit score {method.folder} --metric {metric}",
            )
        path = scores_path(method.folder, metric, cell["id"])
        try:
            rows = {form["id"]: form for form in read_lines(path)}
        except OSError as error:
            raise _unreadable(path, error) from None
        pairs = {key: _pair(row, score) for key, row in rows.items()}
        if not pairs or None in pairs.values():
            return None
        by_seed.append(pairs)
    shared = [key for key in by_seed[0] if all(key in pairs for pairs in by_seed)]
    # Shape: seeds, examples, 2.
    table = np.array([[pairs[key] for key in shared] for pairs in by_seed], dtype=np.float64)
    table = table.reshape(len(by_seed), len(shared), 2)
    ratio = method.cells[0]["scores"][metric]["ratio"] or {}
    return Terms(
        examples=tuple(shared),
        numerator=table[:, :, 0],
        denominator=table[:, :, 1],
        empty=ratio.get("empty"),
    )


def _pair(row: Form, score: Form) -> tuple[float, float] | None:
    """One example's part of the sum above and of the sum below."""
    ratio, values = score["ratio"], row["values"]
    if ratio is None:
        influence = row.get("influence")
        if influence is None or score["value"] is None:
            return None
        return score["value"] + influence, 1.0
    above = sum(weight * values[part] for part, weight in ratio["numerator"].items())
    below = sum(weight * values[part] for part, weight in ratio["denominator"].items())
    return above, below if ratio["denominator"] else 1.0


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"{path}: cannot be read: {error.strerror}",
        "the run folder is not whole, or of an older version: run the suite again, finished jobs "
        "are reused",
    )
