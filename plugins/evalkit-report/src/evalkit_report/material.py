"""Gathers what a report is made of; whatever is missing or damaged is named, the rest is shown."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from evalkit import RunView, UserError, compare_runs, load_run
from evalkit_report.forms import form_of, inner, rows_of, text_of, texts_of
from evalkit_report.model import CellView, Form, Material

Found = TypeVar("Found")
Names = dict[tuple[Path, str], str]
"""Run folder and id of a cell -> the name of its method in the analysis."""


@dataclass(frozen=True, slots=True)
class _Missing:
    """What could not be read: sentences, each once, in the order in which they were said."""

    sentences: dict[str, None] = field(default_factory=dict)

    def say(self, sentence: str) -> None:
        """Note what is missing."""
        self.sentences[sentence] = None

    def read(self, reader: Callable[[], Found], otherwise: Found) -> Found:
        """What a reader gives; if it cannot read, why is said, and there is something else."""
        try:
            return reader()
        except (UserError, OSError) as error:
            self.say(_told(error))
            return otherwise


def gather(run: RunView, others: Sequence[str | Path] = ()) -> Material:
    """All that there is to show of a run.

    Args:
        run: the run to report.
        others: run folders to show beside it.
    """
    missing = _Missing()
    runs = _distinct([run, *_opened(others, missing)])
    analysis, names = _analysis(runs, missing)
    cells = tuple(_cells(runs, names))
    return Material(
        runs=runs,
        cells=cells,
        analysis=analysis,
        slices=tuple(_slices(runs, cells, analysis, missing)),
        prompts=dict(_prompts(cells, missing)),
        manifest=missing.read(run.manifest, {}),
        missing=tuple(_placeless(sentence, runs, others) for sentence in missing.sentences),
    )


def _opened(folders: Sequence[str | Path], missing: _Missing) -> Iterator[RunView]:
    for folder in folders:
        run = missing.read(partial(load_run, folder), None)
        if run is not None:
            yield run


def _placeless(sentence: str, runs: Sequence[RunView], others: Sequence[str | Path]) -> str:
    """The sentence without the places of this machine: reports are sent around."""
    for folder in (*(run.folder for run in runs), *map(Path, others)):
        for place in (folder, folder.resolve()):
            if place.is_absolute() and place.name:
                sentence = sentence.replace(str(place), place.name)
    return sentence


def _told(error: UserError | OSError) -> str:
    parts = (error.message, error.hint) if isinstance(error, UserError) else (str(error),)
    return ": ".join(filter(None, parts))


def _distinct(runs: Sequence[RunView]) -> tuple[RunView, ...]:
    """The runs without those that are there already."""
    return tuple({run.folder.resolve(): run for run in reversed(runs)}.values())[::-1]


def _analysis(runs: Sequence[RunView], missing: _Missing) -> tuple[Form | None, Names]:
    """How all methods compare, and what it calls the method of each cell."""
    kept = runs[0].results.get("analysis")
    found = kept if len(runs) == 1 and isinstance(kept, dict) else None
    if found is None:
        found = missing.read(partial(compare_runs, *runs), None)
    if found is not None:
        return found, dict(_names(runs, found))
    if isinstance(kept, dict):  # of the first run alone
        return kept, dict(_names(runs[:1], kept))
    return None, {}


def _names(runs: Sequence[RunView], analysis: Form) -> Iterator[tuple[tuple[Path, str], str]]:
    for row in rows_of(analysis.get("methods")):
        for run in runs:
            # A run that is shown alone may lie in a folder that was given another name since.
            if len(runs) == 1 or _is_called(run.folder, text_of(row.get("run"))):
                for cell in texts_of(row.get("cells")):
                    yield (run.folder, cell), text_of(row.get("method"))


def _is_called(folder: Path, name: str) -> bool:
    """Whether a name, the last parts of a path, is that of the folder."""
    parts = Path(name).parts
    return folder.resolve().parts[-len(parts) :] == parts


def _cells(runs: Sequence[RunView], names: Names) -> Iterator[CellView]:
    titles = _titles(runs)
    for run, form in _forms(runs):
        own, title = text_of(form.get("id")), titles[run.folder]
        key = f"{title}/{own}" if len(runs) > 1 else own
        method = names.get((run.folder, own)) or _method(runs, form, title)
        yield CellView(key=key, method=method, run=run, form=form)


def _forms(runs: Sequence[RunView]) -> Iterator[tuple[RunView, Form]]:
    for run in runs:
        for form in rows_of(run.results.get("cells")):
            yield run, form


def _method(runs: Sequence[RunView], form: Form, title: str) -> str:
    """The method of a cell that the analysis does not know: after its run if others have it too."""
    own = text_of(form.get("method")) or text_of(form.get("id"))
    having = {
        run.folder
        for run, other in _forms(runs)
        if (text_of(other.get("method")) or text_of(other.get("id"))) == own
    }
    return f"{title}/{own}" if len(having) > 1 else own


def _titles(runs: Sequence[RunView]) -> dict[Path, str]:
    """What each run is called: its id; where several have the same, its number too."""
    ids = {run.folder: text_of(inner(run.results, "run", "id")) or run.folder.name for run in runs}
    times = Counter(ids.values())
    return {
        folder: own if times[own] == 1 else f"{own} ({number})"
        for number, (folder, own) in enumerate(ids.items(), start=1)
    }


def _slices(
    runs: Sequence[RunView], cells: Sequence[CellView], analysis: Form | None, missing: _Missing
) -> Iterator[Form]:
    """The rows of all runs, each with the method as the analysis calls it.

    A run may have cut another metric into groups than the one that its methods are compared by.
    """
    metric = inner(analysis, "metric")
    for run in runs:
        names = {
            text_of(cell.form.get("method")) or text_of(cell.form.get("id")): cell.method
            for cell in cells
            if cell.run is run
        }
        nothing: list[dict[str, Any]] = []
        rows = missing.read(run.slices, nothing)
        for row in rows:
            if metric in (None, row["metric"]):
                yield {**row, "method": names.get(row["method"], row["method"])}
            else:
                said = f"its figures by groups are those of {row['metric']}, not of {metric}"
                missing.say(f"{run.folder}: {said}")


def _prompts(cells: Sequence[CellView], missing: _Missing) -> Iterator[tuple[str, Form]]:
    """What each cell with predictions was taught, and sent."""
    for cell in cells:
        folder = cell.run.folder / "prompts"
        if not cell.form.get("predictions"):
            continue
        if not folder.is_dir():
            missing.say(
                f"{folder}: there are none: an older version made the run, or they are lost"
            )
            continue
        prompt = missing.read(partial(cell.run.prompt, text_of(cell.form.get("id"))), None)
        if prompt is not None:
            yield cell.key, form_of(prompt)
