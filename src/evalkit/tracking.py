"""How far a run is: cells that are over, and the time that what is left may take.

The time is that of finished jobs of the same kind, whether they ran now or before; the job under
way counts by how far it is.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from evalkit.options import Course, Observer
from evalkit.plan import Job
from evalkit.records import Failure
from evalkit.results import Record

Kind: TypeAlias = tuple[str, ...]


@dataclass(slots=True)
class _Times:
    """Seconds of finished jobs, by their kind."""

    totals: dict[Kind, tuple[float, int]] = field(default_factory=dict)

    def add(self, kind: Kind, seconds: float) -> None:
        total, count = self.totals.get(kind, (0.0, 0))
        self.totals[kind] = (total + seconds, count + 1)

    def mean(self, kind: Kind) -> float | None:
        total, count = self.totals.get(kind, (0.0, 0))
        return total / count if count else None


class Tracker:
    """Follows a run from job to job."""

    def __init__(self, records: Sequence[Record], left: Iterable[Job]) -> None:
        """Begin.

        Args:
            records: the cells.
            left: the jobs that are to run, those of comparisons among them.
        """
        self._left = {job.id: job for job in left}
        self._kinds = Counter(map(_kind, self._left.values()))
        self._pending: dict[str, set[str]] = {}  # id of a cell -> its jobs that are left
        self._cells: dict[str, list[str]] = {}  # id of a job -> the cells that need it
        self._made_of: dict[str, list[Job]] = {}  # id of a job -> the jobs that need it
        self._times = _Times()
        self._job: Job | None = None
        self._began = self._share = 0.0
        self._count = len(records)
        known: set[str] = set()
        for record in records:
            self._take(record, known)

    def _take(self, record: Record, known: set[str]) -> None:
        """Note what a cell has left; `known` are the jobs whose times were learned."""
        for job in record.all_jobs:
            if job.id in self._left:
                self._cells.setdefault(job.id, []).append(record.cell.id)
            elif job.id not in known and "seconds" in record.notes.get(job.id, {}):
                known.add(job.id)
                self._times.add(_kind(job), record.notes[job.id]["seconds"])
        if record.jobs is not None:
            later = [record.jobs.predict, *record.jobs.scores.values()]
            self._made_of.setdefault(record.jobs.adapt.id, []).extend(later)
            self._made_of.setdefault(record.jobs.predict.id, []).extend(later[1:])
        if record.status == "pending":
            ids = {job.id for job in record.all_jobs}
            self._pending[record.cell.id] = ids & self._left.keys()

    def begin(self, job: Job) -> None:
        """A job begins."""
        self._job, self._began, self._share = job, time.monotonic(), 0.0

    def go_on(self, done: int, total: int) -> None:
        """The job under way has done so many parts of so many."""
        self._share = done / total if total else 0.0

    def end(self, job: Job, seconds: float, *, failed: bool) -> None:
        """A job is over; if it failed, so are the cells that need it, and what needs its result."""
        self._job = None
        self._drop(job)
        cells = self._cells.get(job.id, ())
        if not failed:
            self._times.add(_kind(job), seconds)
            for cell in cells:
                self._pending.get(cell, set()).discard(job.id)
        for later in self._made_of.get(job.id, ()) if failed else ():
            self._drop(later)
        for cell in cells:
            if failed or not self._pending.get(cell):
                self._pending.pop(cell, None)

    def _drop(self, job: Job) -> None:
        """Take a job off those that are left."""
        key = job.id
        if key not in self._left and job.kind == "compare":  # it was planned with other cells
            alike = (key for key, one in self._left.items() if _kind(one) == _kind(job))
            key = next(alike, key)
        if self._left.pop(key, None) is not None:
            self._kinds[_kind(job)] -= 1

    @property
    def course(self) -> Course:
        """How far the run is now."""
        own = _kind(self._job) if self._job is not None else None
        known, unknown = 0.0, False
        for kind, count in self._kinds.items():
            mean = self._times.mean(kind)
            rests = [mean] * count
            if kind == own and rests:
                rests[0] = self._rest(mean)
            known += sum(rest for rest in rests if rest is not None)
            unknown = unknown or None in rests
        nothing = unknown and not known
        return Course(
            cells=self._count,
            over=self._count - len(self._pending),
            seconds_left=None if nothing else known,
            at_least=unknown and not nothing,
        )

    def _rest(self, mean: float | None) -> float | None:
        """What the job under way still takes: as it goes, or as others of its kind took."""
        elapsed = time.monotonic() - self._began
        if self._share > 0:
            return elapsed * (1 - self._share) / self._share
        return None if mean is None else max(0.0, mean - elapsed)


class Tracked:
    """An Observer that also tells another one how far the run is."""

    def __init__(self, observer: Observer, tracker: Tracker) -> None:
        """Pass on to `observer` what is told."""
        self._observer = observer
        self._tracker = tracker

    def notice(self, text: str) -> None:
        """Pass it on."""
        self._observer.notice(text)

    def plan(self, total: int, finished: int) -> None:
        """Tell how many cells there are, too."""
        self._observer.course(self._tracker.course)
        self._observer.plan(total, finished)

    def course(self, course: Course) -> None:
        """Pass it on."""
        self._observer.course(course)

    def job_start(self, job: Job) -> None:
        """Pass it on."""
        self._tracker.begin(job)
        self._observer.job_start(job)

    def job_progress(self, job: Job, done: int, total: int, note: str) -> None:
        """Tell how far the run is, too."""
        self._tracker.go_on(done, total)
        self._observer.job_progress(job, done, total, note)
        self._observer.course(self._tracker.course)

    def job_end(self, job: Job, seconds: float, failure: Failure | None) -> None:
        """Tell before it how far the run is with that."""
        self._tracker.end(job, seconds, failed=failure is not None)
        self._observer.course(self._tracker.course)
        self._observer.job_end(job, seconds, failure)


def _kind(job: Job) -> Kind:
    """What jobs have in common that take about the same time."""
    spec = job.spec
    if job.kind == "score":
        return job.kind, spec["metric"]["name"]
    if job.kind == "compare":
        return job.kind, spec["comparison"]["name"]
    model = spec["models"][spec["model"]]["identity"]
    return (job.kind, model, spec["adapter"]["use"]) if job.kind == "adapt" else (job.kind, model)
