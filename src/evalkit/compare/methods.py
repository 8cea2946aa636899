"""The methods of one or more run folders."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.results import comparable, read_results

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
        run: what the run is called in the comparison; unique.
    """

    name: str
    adapter: str
    cells: tuple[Form, ...]
    results: Form
    folder: Path
    run: str = ""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of its cells."""
        return tuple(cell["seed"] for cell in self.cells)

    @property
    def own_name(self) -> str:
        """What it is called within its run."""
        return str(self.cells[0]["method"])

    @property
    def complete(self) -> bool:
        """Whether all its cells are done, with hardly any answer missing."""
        return all(cell["status"] == "done" and comparable(cell) for cell in self.cells)


def read_methods(folders: Sequence[Path]) -> list[Method]:
    """The methods of the runs, in their order.

    A method that several runs have is called by its run as well: ``RUN/METHOD``.

    Raises:
        UserError: results are missing, damaged, or of another version.
    """
    runs = _names(list(dict.fromkeys(folder.resolve() for folder in folders)))
    read = {folder: read_results(folder) for folder in runs}
    found = [(folder, group) for folder, results in read.items() for group in _groups(results)]
    times = Counter(group[0]["method"] for _, group in found)
    return [
        Method(
            name=f"{runs[folder]}/{name}" if times[name] > 1 else name,
            adapter=group[0]["adapter"],
            cells=group,
            results=read[folder],
            folder=folder,
            run=runs[folder],
        )
        for folder, group in found
        for name in [group[0]["method"]]
    ]


def methods_of(folder: Path, results: Form) -> list[Method]:
    """The methods of one run, whose results are at hand."""
    return [
        Method(
            name=group[0]["method"],
            adapter=group[0]["adapter"],
            cells=group,
            results=results,
            folder=folder,
            run=folder.name,
        )
        for group in _groups(results)
    ]


def _names(folders: Sequence[Path]) -> dict[Path, str]:
    """What each run is called: its folder, after as many others as tell it from all the rest."""
    depth = 1
    while len({folder.parts[-depth:] for folder in folders}) < len(folders):
        depth += 1
    return {folder: "/".join(folder.parts[-depth:]) for folder in folders}


def _groups(results: Form) -> list[tuple[Form, ...]]:
    groups: dict[str, list[Form]] = {}
    for cell in results["cells"]:
        groups.setdefault(cell.get("method", cell["id"]), []).append({"method": cell["id"], **cell})
    return [tuple(sorted(group, key=lambda cell: cell["seed"])) for group in groups.values()]
