"""What a run found, as ``results.json``: built from the notes of its jobs.

The schema is versioned (``schema``) and published by ``evalkit schema results``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from evalkit.confined import check_names
from evalkit.errors import UserError
from evalkit.plan import CellJobs, Job
from evalkit.prices import Prices, cost_of
from evalkit.records import Cell, Failure, ResolvedModel
from evalkit.serialization import cell_to_json, failure_to_json, plain, resolved_to_json
from evalkit.store import check_shape, read_object, runs
from evalkit.suite import ModelUse, Use

SCHEMA = "evalkit-results/1"
MOST_FAILURES = 0.02
"""Share of failed predictions above which a cell takes no part in a comparison."""

Note = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Record:
    """What is known of a cell while a run goes on.

    Attributes:
        cell: the cell.
        method: what the cells that differ from it by their seed only are called together.
        jobs: its jobs; None if it could not be planned.
        failure: why it failed; None as long as it did not.
        notes: identity of a finished job -> what it noted.
        reused: identities of jobs that were finished before this run.
    """

    cell: Cell
    method: str
    jobs: CellJobs | None = None
    failure: Failure | None = None
    notes: dict[str, Note] = field(default_factory=dict)
    reused: set[str] = field(default_factory=set)

    @property
    def status(self) -> str:
        """``done``, ``failed`` or ``pending``."""
        if self.failure is not None:
            return "failed"
        done = self.jobs is not None and all(job.id in self.notes for job in self.all_jobs)
        return "done" if done else "pending"

    @property
    def all_jobs(self) -> list[Job]:
        """Its jobs in the order in which they run."""
        if self.jobs is None:
            return []
        return [self.jobs.adapt, self.jobs.predict, *self.jobs.scores.values()]

    @property
    def predicted(self) -> bool:
        """Whether its predictions are there."""
        return self.jobs is not None and self.jobs.predict.id in self.notes

    @property
    def content(self) -> str:
        """Hash of its predictions; empty as long as there are none."""
        if self.jobs is None or not self.predicted:
            return ""
        return str(self.notes[self.jobs.predict.id]["content"])

    def is_current(self, job: Job) -> bool:
        """Whether a job is finished, and was made from what its inputs hold now.

        Identities name inputs; a job that was run anew may have another content all the same.
        """
        note, source = self.notes.get(job.id), self._source(job)
        if note is None or source is None:
            return note is not None
        made_from = self.notes.get(source.id)
        return made_from is not None and bool(note.get("from") == made_from.get("content"))

    def is_ready(self, job: Job) -> bool:
        """Whether the job that makes its input is finished."""
        source = self._source(job)
        return source is None or source.id in self.notes

    def _source(self, job: Job) -> Job | None:
        """The job of this cell that makes the input of another one."""
        if self.jobs is None or job.kind == "adapt":
            return None
        return self.jobs.adapt if job.kind == "predict" else self.jobs.predict

    def forget(self, job: Job) -> None:
        """Drop the note of a job that is to run again."""
        self.notes.pop(job.id, None)
        self.reused.discard(job.id)


@dataclass(slots=True, kw_only=True)
class Contested:
    """What is known of a comparison while a run goes on.

    Attributes:
        use: the comparison.
        seed: the seed of its cells.
        failure: why it failed; None as long as it did not.
        note: what its job noted; None as long as it is not done.
        cells: name of a contestant -> id of its cell.
        job: its job; None as long as it is not planned.
    """

    use: Use
    seed: int
    failure: Failure | None = None
    note: Mapping[str, Any] | None = None
    cells: dict[str, str] = field(default_factory=dict)
    job: Job | None = None

    @property
    def over(self) -> bool:
        """Whether it is done or failed."""
        return self.failure is not None or self.note is not None

    def result(self, prices: Mapping[str, Prices | None]) -> dict[str, Any]:
        """Its part of ``results.json``; `prices` are those of the models, by name."""
        known = _by_identity(self.job, prices) if self.job else {}
        return {
            **comparison_result(
                self.use.name, self.use.use, self.seed, self.cells, self.failure or self.note
            ),
            "judges": {} if self.failure else judges_result(self.note or {}, known),
        }


def shareable(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without the folders of this machine: of an absolute path only the name stays.

    Results are sent around; the manifest keeps the paths.
    """
    return {key: placeless(value) for key, value in params.items()}


def placeless(value: Any) -> Any:
    """A parameter, or a word of a command line: of an absolute path only the name stays."""
    if isinstance(value, list | tuple):
        return [placeless(item) for item in value]
    return Path(value).name if isinstance(value, str) and value.startswith("/") else value


def model_result(model: ResolvedModel, use: ModelUse) -> dict[str, Any]:
    """The part of ``results.json`` for a model."""
    form = resolved_to_json(model)
    del form["folder"]
    prices = use.prices.model_dump() if use.prices else None
    return {**form, "params": shareable(use.params), "prices": prices}


def cell_result(
    record: Record, train_total: int, prices: Mapping[str, Prices | None] | None = None
) -> dict[str, Any]:
    """The part of ``results.json`` for a cell.

    Args:
        record: what is known of it.
        train_total: size of the training split.
        prices: name of a model -> its prices.
    """
    form: dict[str, Any] = {
        **cell_to_json(record.cell),
        "method": record.method,
        "params": shareable(record.cell.params),
        "train_size": train_total if record.cell.train_size is None else record.cell.train_size,
        "status": record.status,
        "failure": failure_to_json(record.failure) if record.failure else None,
        "jobs": None,
        "examples": None,
        "outcomes": None,
        "fairness": None,
        "report": {},
        "scores": {},
        "usage": {"adapt": None, "predict": None},
        "cost": {"adapt": None, "predict": None},
        "seconds": {"adapt": None, "predict": None, "score": None},
        "predictions": None,
    }
    if record.jobs is None:
        return form
    jobs, notes = record.jobs, record.notes
    adapt, predict = notes.get(jobs.adapt.id, {}), notes.get(jobs.predict.id, {})
    scores = {name: notes[job.id] for name, job in jobs.scores.items() if job.id in notes}
    return {
        **form,
        "jobs": {
            "adapt": jobs.adapt.id,
            "predict": jobs.predict.id,
            "score": {name: job.id for name, job in jobs.scores.items()},
            "reused": sorted(record.reused),
        },
        "examples": predict.get("examples"),
        "outcomes": predict.get("outcomes"),
        "fairness": predict.get("fairness"),  # older notes lack it
        "report": adapt.get("report", {}),
        "scores": {name: score_result(note) for name, note in scores.items()},
        "usage": {"adapt": adapt.get("usage"), "predict": predict.get("usage")},
        "cost": {
            "adapt": _cost(jobs.adapt, adapt, prices or {}),
            "predict": _cost(jobs.predict, predict, prices or {}),
        },
        "seconds": {
            "adapt": adapt.get("seconds"),
            "predict": predict.get("seconds"),
            "score": round(sum(note["seconds"] for note in scores.values()), 3) if scores else None,
        },
        "predictions": f"predictions/{record.cell.id}.jsonl" if predict else None,
    }


def _cost(job: Job, note: Note, prices: Mapping[str, Prices | None]) -> float | None:
    own = job.spec["models"][job.spec["model"]]["identity"]
    return cost_of(note, own, _by_identity(job, prices))


def _by_identity(job: Job, prices: Mapping[str, Prices | None]) -> dict[str, Prices | None]:
    """Identity of each model that a job asks -> its prices."""
    return {model["identity"]: prices.get(name) for name, model in job.spec["models"].items()}


def score_result(note: Note) -> dict[str, Any]:
    """A metric's part of a cell."""
    keys = ("use", "params", "headline", "direction", "range", "ratio", "value", "values")
    found = {key: note.get(key) for key in keys}  # older notes lack some
    return {
        **found,
        "params": shareable(found["params"] or {}),
        "undefined": note.get("undefined") or {},
    }


def comparison_result(
    name: str, use: str, seed: int, cells: Mapping[str, str], note: Note | Failure | None
) -> dict[str, Any]:
    """The part of ``results.json`` for a comparison of the cells of one seed.

    Args:
        name: the comparison's name in the suite.
        use: name of its plugin.
        seed: the seed of its cells.
        cells: name of a contestant -> id of its cell.
        note: what the job noted, or why there is none.
    """
    form: dict[str, Any] = {
        "name": name,
        "use": use,
        "seed": seed,
        "cells": list(cells.values()),
        "status": "pending",
        "failure": None,
        "identity": None,
        "headline": None,
        "decimals": 1,
        "standings": [],
        "contrasts": [],
        "counts": {},
        "notes": [],
        "details": {},
        "usage": None,
        "seconds": None,
    }
    if isinstance(note, Failure):
        return {**form, "status": "failed", "failure": failure_to_json(note)}
    if note is None:
        return form
    keys = ("headline", "decimals", "standings", "counts", "notes", "details", "usage", "seconds")
    found = {key: note[key] for key in keys}
    found["standings"] = [_in_cells(one, cells, "contestant") for one in note["standings"]]
    found["contrasts"] = [  # older notes lack them
        _in_cells(one, cells, "contestant", "against") for one in note.get("contrasts", ())
    ]
    return {**form, "status": "done", "identity": note["id"], **found}


def _in_cells(form: Note, cells: Mapping[str, str], *keys: str) -> dict[str, Any]:
    """The form with the cell in place of the contestant's name; some contestants are no cells."""
    return {**form, **{key: cells.get(form[key], form[key]) for key in keys}}


def judges_result(note: Note, prices: Mapping[str, Prices | None]) -> dict[str, Any]:
    """What each judge of a comparison was asked, and what that cost.

    Args:
        note: what the job noted; older ones tell nothing of single judges.
        prices: identity of a model -> its prices.
    """
    wasted = note.get("unanswered", {})
    found = {}
    for name, own in note.get("judges", {}).items():
        its = {key: usage for key, usage in wasted.items() if key == own["identity"]}
        cost = cost_of({**own, "unanswered": its}, own["identity"], prices)
        found[name] = {**own, "cost": cost}
    return found


def comparable(result: Mapping[str, Any]) -> bool:
    """Whether a cell may take part in comparisons: predicted, with hardly any failures."""
    outcomes = result["outcomes"]
    if not outcomes:
        return False
    return bool(outcomes["failed"] <= MOST_FAILURES * result["examples"])


def read_results(folder: Path) -> dict[str, Any]:
    """The ``results.json`` of a run folder.

    Raises:
        UserError: it is missing, damaged, of another version, or names files elsewhere.
    """
    path = folder / "results.json"
    results = read_object(path)
    if results.get("schema") != SCHEMA:
        found = results.get("schema", "no schema")
        hint = "read it with the version of evalkit that wrote it, or run the suite again"
        raise UserError(f"{path}: expected {SCHEMA}, found {str(found)[:80]}", hint)
    check_shape(path, results, results_schema())
    check_names(path, results)
    return results


def lacking(root: Path, suite: str) -> frozenset[str] | None:
    """Ids of the cells of the newest run of a suite that are not done, or not without failures.

    Args:
        root: the output folder.
        suite: name of the suite.

    Returns:
        None if there is no run of it whose results can be read.
    """
    for folder, _ in runs(root):
        try:
            results = read_results(folder)
        except UserError:
            continue
        if results["run"]["suite"] == suite:
            return frozenset(cell["id"] for cell in results["cells"] if not _is_whole(cell))
    return None


def _is_whole(cell: Mapping[str, Any]) -> bool:
    return bool(cell["status"] == "done" and not (cell["outcomes"] or {}).get("failed"))


def results_schema() -> dict[str, Any]:
    """The JSON schema of ``results.json``, version 1."""
    text = files("evalkit").joinpath("results-1.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def assemble(  # noqa: PLR0913 (the parts of the file, all by keyword)
    *,
    run: Mapping[str, Any],
    task: Mapping[str, Any],
    models: Sequence[Mapping[str, Any]],
    cells: Sequence[Mapping[str, Any]],
    comparisons: Sequence[Mapping[str, Any]],
    currency: str | None = None,
    ledger: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The whole of ``results.json``."""
    form: dict[str, Any] = plain(
        {
            "schema": SCHEMA,
            "run": run,
            "task": task,
            "models": models,
            "cells": cells,
            "comparisons": comparisons,
            "currency": currency,
            "ledger": ledger,
        }
    )
    return form
