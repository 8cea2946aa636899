"""What a run has to do: the jobs of its cells and comparisons, which are finished, which are left.

Finished jobs are found by identity in the output folder and are not run again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.interfaces import Notify
from evalkit.plan import Inputs, Job, Planner, contestant
from evalkit.plugins import Plugins
from evalkit.preflight import Fault
from evalkit.records import Cell, Failure
from evalkit.results import Contested, Record, cell_result, comparable
from evalkit.secrets import hide
from evalkit.store import Store
from evalkit.suite import Suite

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A job that is left, and for what.

    Attributes:
        job: the job.
        cells: ids of the cells that need it.
        comparison: name of the comparison that it is; empty if it is none.
    """

    job: Job
    cells: frozenset[str] = frozenset()
    comparison: str = ""


class Agenda:
    """The cells and comparisons of a run, and what is known of each while it goes on.

    Attributes:
        planner: makes the jobs.
        records: the cells.
        comparisons: the comparisons, one for each seed with two cells.
    """

    def __init__(
        self, suite: Suite, plugins: Plugins, inputs: Inputs, *, store: Store, fresh: bool
    ) -> None:
        """Nothing is planned yet.

        Args:
            suite: the suite.
            plugins: everything that was discovered.
            inputs: data and models.
            store: where finished jobs are.
            fresh: take no job for finished.
        """
        self.planner = Planner(suite, inputs, plugins)
        self.records: list[Record] = []
        self._known: dict[str, str | None] = {}
        self.comparisons: list[Contested] = []
        self._suite, self._store, self._fresh = suite, store, fresh

    def plan(self, cells: Sequence[Cell], faults: Sequence[Fault], notify: Notify) -> None:
        """Plan the jobs of the cells that no fault concerns, and look for finished ones."""
        for cell in cells:
            method = contestant(cell, self._suite)
            jobs = self.planner.jobs(cell) if not any(cell.id in f.cells for f in faults) else None
            self.records.append(Record(cell=cell, method=method, jobs=jobs))
        self.comparisons = [
            Contested(use=use, seed=seed)
            for use in self._suite.comparisons
            for seed in self._suite.seeds
            if sum(cell.seed == seed for cell in cells) > 1
        ]
        for fault in faults:
            self.drop(fault)
        for record in self.records:
            self._look_for_finished(record, notify)

    def known(self, job: Job) -> str | None:
        """Hash of the note that a job had when it was planned; None if it had none."""
        if job.id in self._known:
            return self._known[job.id]
        note = self._store.finished(job.kind, job.id)
        return None if note is None else str(note["note_sha256"])

    def _look_for_finished(self, record: Record, notify: Notify) -> None:
        for job in record.all_jobs:
            self.tell_damage(job, notify)
            note = self._store.finished(job.kind, job.id)
            self._known[job.id] = None if note is None else note["note_sha256"]
            if self._fresh:
                continue
            if note is not None and not note.get("failures"):  # failures are asked anew
                record.notes[job.id] = note
                record.reused.add(job.id)

    def tell_damage(self, job: Job, notify: Notify) -> None:
        """Tell of a job that was finished, and is damaged now."""
        where = self._store.folder(job.kind, job.id)
        if not self._fresh and where.exists() and self._store.finished(job.kind, job.id) is None:
            notify(f"{where}: damaged, so {job.label} is done again")

    def drop(self, fault: Fault) -> None:
        """Let the cells and comparisons that a fault concerns fail."""
        reason, hint = hide(fault.error.message), hide(fault.error.hint)
        failure = Failure(reason=reason, kind="preflight", hint=hint)
        for record in self.records:
            if record.cell.id in fault.cells and record.failure is None:
                record.failure, record.jobs = failure, None
                record.notes.clear()
                record.reused.clear()
        for contested in self.comparisons:
            if contested.use.name in fault.comparisons:
                contested.failure = contested.failure or failure

    @property
    def counts(self) -> tuple[int, int]:
        """How many jobs there are, and how many of the cells' are finished."""
        jobs = {job.id for record in self.records for job in record.all_jobs}
        finished = {key for record in self.records for key in record.notes}
        return len(jobs) + len(self.comparisons), len(finished)

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        cells = all(record.status != "pending" for record in self.records)
        return cells and all(contested.over for contested in self.comparisons)

    def in_order(self) -> Iterator[tuple[Record, Job]]:
        """Jobs grouped by model: first those that train weights, then the rest, cell by cell."""
        for model in dict.fromkeys(record.cell.model for record in self.records):
            group = [r for r in self.records if r.cell.model == model and r.jobs is not None]
            for record in group:
                if record.jobs is not None and record.jobs.adapt.spec["trains_weights"]:
                    yield record, record.jobs.adapt
            for record in group:
                yield from ((record, job) for job in record.all_jobs)

    def left(self) -> list[Work]:
        """The jobs that are left, each once, in their order; those of comparisons at the end."""
        jobs: dict[str, Job] = {}
        cells: dict[str, set[str]] = {}
        for record, job in self.in_order():
            if not record.is_current(job):
                jobs[job.id] = job
                cells.setdefault(job.id, set()).add(record.cell.id)
        found = [Work(job=job, cells=frozenset(cells[key])) for key, job in jobs.items()]
        return [*found, *self._comparisons_left(jobs)]

    def _comparisons_left(self, jobs: Mapping[str, Job]) -> Iterator[Work]:
        """Comparisons that would be held if all cells end well."""
        for contested in self.comparisons:
            records = {
                r.method: r for r in self.records if r.cell.seed == contested.seed and r.jobs
            }
            if contested.over or len(records) < 2:
                continue
            job = self.compare_job(contested, records)
            ready = all(
                r.jobs is not None and r.jobs.predict.id not in jobs for r in records.values()
            )
            if not ready or self.compared(job, records) is None:
                yield Work(job=job, comparison=contested.use.name)

    def contestants(self, seed: int) -> dict[str, Record]:
        """The cells of a seed that may be compared, by their names in a comparison."""
        return {
            record.method: record
            for record in self.records
            if record.cell.seed == seed and comparable(cell_result(record, 0))
        }

    def compare_job(self, contested: Contested, records: Mapping[str, Record]) -> Job:
        """The job of a comparison of these cells."""
        predictions = {name: r.jobs.predict.id for name, r in records.items() if r.jobs}
        return self.planner.compare(contested.use, contested.seed, predictions)

    def compared(self, job: Job, records: Mapping[str, Record]) -> Mapping[str, Any] | None:
        """What a comparison noted, if it was held over what these cells answer now."""
        note = None if self._fresh else self._store.finished("compare", job.id)
        contents = {name: record.content for name, record in records.items()}
        if note is None or note["failures"] or note["from"] != contents:
            return None
        return note


def left_in_words(works: Sequence[Work]) -> str:
    """Which jobs are left, at least one: ``2 jobs are left: predict a, score a f1``."""
    jobs = "1 job is" if len(works) == 1 else f"{len(works)} jobs are"
    labels = ", ".join(work.job.label for work in works[:_SHOWN])
    more = f", and {len(works) - _SHOWN} more" if len(works) > _SHOWN else ""
    return f"{jobs} left: {labels}{more}"


def asked_by(job: Job) -> tuple[str, ...]:
    """Names of the models that a job may ask; a score asks none."""
    models: Mapping[str, Any] = job.spec.get("models", {})
    if job.kind != "adapt" or "engine" in job.spec["requires"]:
        return tuple(models)
    return tuple(name for name in models if name != job.spec["model"])
