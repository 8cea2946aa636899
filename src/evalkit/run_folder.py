"""A run folder: what is kept of a run, so that it can be moved, compared and shown as a whole.

::

    manifest.json            what the run stands on
    results.json             what it found
    examples.jsonl           the evaluated examples: id, sources, groups, input, target
    predictions/CELL.jsonl   what each cell answered
    scores/METRIC/CELL.jsonl what each answer was worth
    near-duplicates/CELL.json which evaluated examples a training example nearly repeats
    prompts/CELL.json        what its method was taught, and what was really sent at first
    latency/CELL.json        how long users would wait, where `evalkit latency` measured it
    judgments.jsonl          what judges said
    ledger.jsonl             every attempt at a request, with what it took and cost
    errors.log               tracebacks of failures that are bugs
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit.errors import UserError
from evalkit.interfaces import Task
from evalkit.lines import as_line, storable
from evalkit.locks import Lock, is_held
from evalkit.manifest import stamp, write_manifest
from evalkit.records import Example
from evalkit.serialization import line, pretty, read_lines
from evalkit.store import Store, naming, new_run, point_latest, runs

PREDICTIONS, SCORES, NEAR_DUPLICATES, PROMPTS, LATENCY, EXAMPLES, JUDGMENTS, LEDGER = (
    "predictions",
    "scores",
    "near-duplicates",
    "prompts",
    "latency",
    "examples.jsonl",
    "judgments.jsonl",
    "ledger.jsonl",
)
PROMPT_SCHEMA = "evalkit-prompt/1"
_BLOCK = 1_000
_LOCK = ".lock"
_RESULTS, _MANIFEST, _ERRORS = "results.json", "manifest.json", "errors.log"
_OWN = frozenset(
    {
        *(_RESULTS, _MANIFEST, EXAMPLES, JUDGMENTS, LEDGER, _ERRORS, _LOCK),
        *(PREDICTIONS, SCORES, NEAR_DUPLICATES, PROMPTS, LATENCY),
    }
)


def open_run(
    store: Store, name: str, manifest: Mapping[str, Any], *, fresh: bool = False
) -> "RunFolder":
    """The unfinished run of the same suite, or a new one.

    Args:
        store: the output folder.
        name: of the suite.
        manifest: of the run that begins; ``suite_sha256`` tells which suite is the same.
        fresh: do not look for an unfinished run.

    Raises:
        UserError: another process is at the unfinished run.
    """
    path = None if fresh else unfinished_run(store, str(manifest["suite_sha256"]))
    path = path or new_run(store.root, name)
    folder = RunFolder(path, store)
    folder.lock()
    (path / PREDICTIONS).mkdir(exist_ok=True)
    write_manifest(path, dict(manifest))
    point_latest(path)
    return folder


def unfinished_run(store: Store, suite_sha256: str) -> Path | None:
    """The newest run of a suite in which something is left to do, if there is one."""
    for path, manifest in runs(store.root):
        if manifest.get("suite_sha256") == suite_sha256 and not manifest.get("finished"):
            return path
    return None


def refuse_taken(path: Path) -> None:
    """See that no other process is at a run folder.

    Raises:
        UserError: one is.
    """
    if is_held(path / _LOCK):
        raise _taken(path, Lock(path / _LOCK))


class RunFolder:
    """Writes what belongs into a run folder; finished jobs stay where they are."""

    def __init__(self, path: Path, store: Store) -> None:
        """Write to `path` what lies in `store`."""
        self.path = path
        self._store = store
        self._lock = Lock(path / _LOCK)

    def lock(self) -> None:
        """Keep other processes from the folder, until `close`.

        Raises:
            UserError: another process has it.
        """
        if not self._lock.take():
            raise _taken(self.path, self._lock)

    def close(self) -> None:
        """Let other processes at the folder."""
        self._lock.give_back()

    def keep_examples(self, task: Task, examples: Sequence[Example]) -> None:
        """Write the evaluated examples, as a model and a metric see them."""
        path = self.path / EXAMPLES
        with naming(path), path.open("wb") as file:
            for start in range(0, len(examples), _BLOCK):
                block = examples[start : start + _BLOCK]
                file.write(b"".join(as_line(_form(task, example)) for example in block))

    def keep_answers(self, cell: str, job: str) -> None:
        """Copy what the predict job of a cell made."""
        self.keep_predictions(cell, job)
        self.keep_near_duplicates(cell, job)
        self.keep_prompt(cell, job)

    def keep_predictions(self, cell: str, job: str) -> None:
        """Copy the predictions of a cell."""
        source = self._store.folder("predict", job) / "predictions.jsonl"
        _copy(source, self.path / PREDICTIONS / f"{cell}.jsonl")

    def keep_near_duplicates(self, cell: str, job: str) -> None:
        """Copy which examples the training examples of a cell nearly repeat, if it has any."""
        source = self._store.folder("predict", job) / "near-duplicates.json"
        if source.exists():
            target = near_duplicates_path(self.path, cell)
            target.parent.mkdir(exist_ok=True)
            _copy(source, target)

    def keep_prompt(self, cell: str, job: str) -> None:
        """Write what a cell was taught and what it sent, where its job noted that.

        Jobs of older versions did not.
        """
        source = self._store.folder("predict", job) / "prompt.json"
        if source.exists():
            target = prompt_path(self.path, cell)
            target.parent.mkdir(exist_ok=True)
            noted = json.loads(source.read_text(encoding="utf-8"))
            form = {"schema": PROMPT_SCHEMA, "cell": cell, **noted}
            with naming(target):
                target.write_text(pretty(form), encoding="utf-8")

    def keep_scores(self, cell: str, metric: str, job: str) -> None:
        """Copy the scores of a cell by one metric."""
        source = self._store.folder("score", job) / "scores.jsonl"
        target = scores_path(self.path, metric, cell)
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(source, target)

    def forget_judgments(self) -> None:
        """Remove the judgments of an earlier execution."""
        (self.path / JUDGMENTS).unlink(missing_ok=True)

    def keep_judgments(self, named: Mapping[str, Any], job: str) -> None:
        """Add the judgments of a comparison, each with what `named` holds."""
        source = self._store.folder("compare", job) / JUDGMENTS
        path = self.path / JUDGMENTS
        with naming(path), path.open("a", encoding="ascii") as file:
            file.writelines(line({**named, **judgment}) + "\n" for judgment in read_lines(source))

    def log(self, label: str, traceback: str) -> None:
        """Keep the traceback of a failure."""
        path = self.path / _ERRORS
        with naming(path), path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"{label}\n{traceback}\n")


def _taken(path: Path, lock: Lock) -> UserError:
    holder = lock.holder
    who = f"process {holder.get('process', '?')} on {holder.get('host', '?')}"
    since = stamp(holder["since"]) if "since" in holder else "?"
    return UserError(
        f"{path}: {who} is at this run since {since}",
        "wait until it is done, or end it and run again: it goes on where it stopped; "
        "--fresh makes a run of its own, --output-dir DIR one elsewhere",
    )


def refuse_own(path: Path) -> None:
    """See that a file is none of those that a run folder itself is made of.

    Raises:
        UserError: it is one, or lies among them: whoever writes there destroys a run; or no file
            can have that name.
    """
    if "\0" in str(path):
        raise UserError(f"{str(path)!r}: no name of a file", "name another file")
    place = path.resolve()
    for folder in place.parents:
        own = place.relative_to(folder).parts[0].casefold() in _OWN  # case may not count here
        if own and any((folder / name).exists() for name in (_RESULTS, _MANIFEST)):
            raise UserError(
                f"{path}: belongs to the run in {folder}, and is not written over",
                "name another file",
            )


def _copy(source: Path, target: Path) -> None:
    with naming(target):
        shutil.copyfile(source, target)


def scores_path(folder: Path, metric: str, cell: str) -> Path:
    """Where a run folder has the scores of a cell by one metric."""
    return folder / SCORES / metric / f"{cell}.jsonl"


def near_duplicates_path(folder: Path, cell: str) -> Path:
    """Where a run folder has the near-duplicates of a cell; not there if it has no training."""
    return folder / NEAR_DUPLICATES / f"{cell}.json"


def prompt_path(folder: Path, cell: str) -> Path:
    """Where a run folder has what a cell was taught and sent; older ones have it not."""
    return folder / PROMPTS / f"{cell}.json"


def latency_path(folder: Path, cell: str) -> Path:
    """Where a run folder has the latency of a cell; not there unless it was measured."""
    return folder / LATENCY / f"{cell}.json"


def _form(task: Task, example: Example) -> dict[str, Any]:
    return {
        "id": example.id,
        "sources": example.sources,
        "groups": dict(example.groups),
        "input": task.render_input(example),
        "target": storable(example.target),
    }
