"""Runs a suite: plans it, runs its jobs through an executor, contains failures, keeps results.

Finished jobs are found by identity in the output folder and are not run again, so that running
a suite a second time, or after a crash, does only what is left.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from evalkit import __version__
from evalkit.errors import StopRequested, SuiteError
from evalkit.interfaces import Event, Executor
from evalkit.manifest import (
    evaluation_sha256,
    make_manifest,
    provenances,
    read_manifest,
    stamp,
    write_manifest,
)
from evalkit.plan import Inputs, Job, Planner, contestant
from evalkit.plugins import Plugins
from evalkit.preflight import Fault, gather_inputs
from evalkit.prices import currencies
from evalkit.records import Cell, Failure
from evalkit.results import (
    Contested,
    Record,
    assemble,
    cell_result,
    comparable,
    model_result,
    shareable,
)
from evalkit.run_folder import RunFolder, open_run
from evalkit.serialization import digest, pretty
from evalkit.signals import first_stops
from evalkit.store import Store, write_atomically
from evalkit.suite import RawSuite, Suite, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run a suite.

    Attributes:
        output: the output folder.
        fresh: run every job anew, finished or not, and ask every question anew.
        cache: what the response cache is for: "use", "refresh" (write to it, do not read it) or
            "off".
        keep_going: cells with faults found by the preflight fail, the others run.
        max_failures: stop after this many failed cells; 0 means never.
        modules: as given to ``-p``.
        local: folders whose local plugins are loaded.
        command: the command line, for the manifest.
    """

    output: Path
    fresh: bool = False
    cache: Literal["use", "refresh", "off"] = "use"
    keep_going: bool = False
    max_failures: int = 0
    modules: tuple[str, ...] = ()
    local: tuple[Path, ...] = ()
    command: tuple[str, ...] = ()


class Observer(Protocol):
    """Who is told how a run goes."""

    def notice(self, text: str) -> None:
        """Something worth a line."""

    def plan(self, total: int, finished: int) -> None:
        """So many jobs in all, so many of them finished before."""

    def job_start(self, job: Job) -> None:
        """A job begins."""

    def job_progress(self, job: Job, done: int, total: int, note: str) -> None:
        """A job goes on."""

    def job_end(self, job: Job, seconds: float, failure: Failure | None) -> None:
        """A job is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A run that is over.

    Attributes:
        folder: the run folder.
        results: the content of ``results.json``.
        problems: what went wrong after the results were written.
    """

    folder: Path
    results: dict[str, Any]
    problems: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a cell, a comparison or a report did not end well, or an expectation is not met.

        A cell of which too many answers could not be had did not, though it has scores.
        """
        parts = [*self.results["cells"], *self.results["comparisons"]]
        undone = any(part["status"] != "done" for part in parts)
        short = any(not comparable(cell) for cell in self.results["cells"])
        unmet = any(one["met"] is False for one in self.results.get("expectations", ()))
        return undone or short or unmet or bool(self.problems)


class Run:
    """One execution of a suite."""

    def __init__(
        self,
        raw: RawSuite,
        suite: Suite,
        plugins: Plugins,
        *,
        options: Options,
        observer: Observer,
    ) -> None:
        """Prepare; nothing is read or written before ``execute``."""
        self._raw = raw
        self._suite = suite
        self._plugins = plugins
        self._options = options
        self._observer = observer
        self._store = Store(options.output)
        self._run = RunFolder(Path(), self._store)
        self._records: list[Record] = []
        self._comparisons: list[Contested] = []
        self._failed: dict[str, Failure] = {}
        self._stopped: str | None = None
        self._provenance = provenances(suite, plugins)
        self._started, self._clock = time.time(), time.monotonic()

    def execute(self, cells: Sequence[Cell]) -> Finished:
        """Run the cells.

        Raises:
            SuiteError: faults of the data, the models or the plan, before any job has run.
            UserError: the output folder cannot be written.
        """
        self._store.check()
        executor = self._executor()
        executor.check()
        keep_going = self._options.keep_going
        inputs, faults = gather_inputs(
            self._suite, cells, self._plugins, notify=self._observer.notice, keep_going=keep_going
        )
        if faults and not keep_going:
            raise SuiteError([fault.error for fault in faults])
        self._plan(cells, inputs, faults)
        executor.offer(self._planner.task_form, inputs.task)
        self._run = self._open_folder()
        try:
            self._run.keep_examples(inputs.task, inputs.evaluation)
            self._write(inputs, over=False)
            with first_stops(lambda: self._stop(executor)):
                results = self._run_all(executor, inputs)
        finally:
            self._run.close()
        return Finished(folder=self._run.path, results=results)

    def _run_all(self, executor: Executor, inputs: Inputs) -> dict[str, Any]:
        try:
            self._run_cells(executor, inputs)
            self._run_comparisons(executor, inputs)
        finally:
            results = self._write(inputs, over=_all_over(self._records, self._comparisons))
            executor.close()
        return results

    def _stop(self, executor: Executor, reason: str = "") -> None:
        """Let the job under way save what it has; none is begun any more."""
        self._stopped = reason
        self._observer.notice("stopping: what is under way is being saved; again to stop at once")
        executor.stop()

    def _plan(self, cells: Sequence[Cell], inputs: Inputs, faults: Sequence[Fault]) -> None:
        self._planner = planner = Planner(self._suite, inputs, self._plugins)
        self._evaluation_sha256 = evaluation_sha256(inputs)
        for cell in cells:
            method = contestant(cell, self._suite)
            fault = next((f for f in faults if cell.id in f.cells), None)
            if fault is None:
                self._records.append(Record(cell=cell, method=method, jobs=planner.jobs(cell)))
                continue
            reason, hint = fault.error.message, fault.error.hint
            failure = Failure(reason=reason, kind="preflight", hint=hint)
            self._records.append(Record(cell=cell, method=method, failure=failure))
        self._comparisons = [
            Contested(use=use, seed=seed, fault=_fault_of(use, faults))
            for use in self._suite.comparisons
            for seed in self._suite.seeds
            if sum(cell.seed == seed for cell in cells) > 1
        ]
        if self._suite.comparisons and not self._comparisons:
            self._observer.notice("no comparison: that takes two cells of one seed")
        if not self._options.fresh:
            for record in self._records:
                for job in record.all_jobs:
                    note = self._store.finished(job.kind, job.id)
                    if note is None and self._store.folder(job.kind, job.id).exists():
                        where = self._store.folder(job.kind, job.id)
                        self._observer.notice(f"{where}: damaged, so {job.label} is done again")
                    if note is not None and not note.get("failures"):  # failures are asked anew
                        record.notes[job.id] = note
                        record.reused.add(job.id)
        jobs = {job.id for record in self._records for job in record.all_jobs}
        finished = {key for record in self._records for key in record.notes}
        self._observer.plan(len(jobs) + len(self._comparisons), len(finished))

    def _open_folder(self) -> RunFolder:
        """The unfinished run of the same suite, or a new one."""
        manifest = make_manifest(
            self._raw, self._suite, self._plugins, command=self._options.command
        )
        identity = digest([self._raw.tables, [r.cell.id for r in self._records]])
        manifest |= {"suite_sha256": identity}
        manifest |= {"started": stamp(self._started), "finished": None}
        return open_run(self._store, self._suite.name, manifest, fresh=self._options.fresh)

    def _executor(self) -> Executor:
        use = self._suite.executor
        params = self._plugins.params("executor", use.use).from_form(use.params)
        executor: Executor = self._plugins.load("executor", use.use)(params)
        return executor

    def _run_cells(self, executor: Executor, inputs: Inputs) -> None:
        for record, job in _in_order(self._records):
            if self._too_many_failures():
                return
            if not record.is_current(job):
                record.forget(job)
                # A metric that fails leaves the cell's other metrics and its predictions alone.
                if record.is_ready(job):
                    self._run_job(executor, record, job)
            self._keep(record, job)
            if job is record.all_jobs[-1]:
                self._write(inputs, over=False)

    def _run_job(self, executor: Executor, record: Record, job: Job) -> None:
        twin = self._note_of_twin(job)
        if twin is None and job.id not in self._failed:
            failure = self._execute_job(executor, job)
            if failure is not None:
                self._failed[job.id] = failure
        if job.id in self._failed:
            record.failure = record.failure or self._failed[job.id]
        else:
            record.notes[job.id] = twin or self._store.finished(job.kind, job.id) or {}

    def _note_of_twin(self, job: Job) -> Mapping[str, Any] | None:
        """The note of a job that another cell of this run has done already."""
        return next((r.notes[job.id] for r in self._records if r.is_current(job)), None)

    def _execute_job(self, executor: Executor, job: Job) -> Failure | None:
        """Run a job; its Failure, or None when it is stored."""
        spec = {
            **job.spec,
            "root": str(self._store.root),
            "cache": self._options.cache,
            "fresh": self._options.fresh,
            "plugins": {
                "modules": list(self._options.modules),
                "local": [str(folder) for folder in self._options.local],
            },
            "provenance": self._provenance,
        }
        if self._stopped is not None:
            raise StopRequested(self._stopped)
        self._observer.job_start(job)
        started = time.monotonic()
        ended = executor.run(spec, lambda event: self._on_event(job, event))
        failure = self._failure(job, ended) if isinstance(ended, Mapping) else None
        self._observer.job_end(job, time.monotonic() - started, failure)
        return failure

    def _on_event(self, job: Job, event: Event) -> None:
        if "notice" in event:
            self._observer.notice(f"{job.label}: {event['notice']}")
        elif "done" in event:
            done, total = int(event["done"]), int(event["total"])
            self._observer.job_progress(job, done, total, str(event["note"]))

    def _failure(self, job: Job, ended: Mapping[str, Any]) -> Failure:
        if "traceback" in ended:
            self._run.log(job.label, ended["traceback"])
        return Failure(reason=ended["reason"], kind=ended["kind"], hint=ended["hint"])

    def _too_many_failures(self) -> bool:
        failed = sum(record.failure is not None for record in self._records)
        return 0 < self._options.max_failures <= failed

    def _keep(self, record: Record, job: Job) -> None:
        """Copy what a job made into the run folder."""
        if job.id not in record.notes or record.jobs is None:
            return
        if job.kind == "predict":
            self._run.keep_predictions(record.cell.id, job.id)
            self._run.keep_near_duplicates(record.cell.id, job.id)
        for name, score in record.jobs.scores.items():
            if score is job:
                self._run.keep_scores(record.cell.id, name, job.id)

    def _run_comparisons(self, executor: Executor, inputs: Inputs) -> None:
        planner = self._planner
        self._run.forget_judgments()
        for contested in self._comparisons:
            if self._too_many_failures():
                return
            records = self._contestants(contested.seed)
            contested.cells = {name: record.cell.id for name, record in records.items()}
            if contested.failure is not None:
                continue
            if len(contested.cells) < 2:
                reason = "fewer than two cells can be compared"
                contested.failure = Failure(reason=reason, kind="comparison")
                continue
            predictions = {name: r.jobs.predict.id for name, r in records.items() if r.jobs}
            job = contested.job = planner.compare(contested.use, contested.seed, predictions)
            note = None if self._options.fresh else self._store.finished("compare", job.id)
            contents = {name: r.content for name, r in records.items()}
            if note is None or note["failures"] or note["from"] != contents:
                contested.failure = self._execute_job(executor, job)
                note = self._store.finished("compare", job.id)
            if contested.failure is None:
                contested.note = note
                named = {"comparison": contested.use.name, "seed": contested.seed}
                self._run.keep_judgments(named, job.id)

    def _contestants(self, seed: int) -> dict[str, Record]:
        """The cells of a seed that may be compared, by their names in a comparison."""
        return {
            record.method: record
            for record in self._records
            if record.cell.seed == seed and comparable(cell_result(record, 0))
        }

    def _write(self, inputs: Inputs, *, over: bool) -> dict[str, Any]:
        finished = stamp(time.time()) if over else None
        prices = {use.name: use.prices for use in self._suite.models}
        results = assemble(
            run={
                "id": self._run.path.name,
                "suite": self._suite.name,
                "description": self._suite.description,
                "profile": self._suite.profile,
                "started": stamp(self._started),
                "finished": finished,
                "seconds": round(time.monotonic() - self._clock, 3),
                "evalkit": __version__,
            },
            task={
                "name": self._suite.task.name,
                "use": self._suite.task.use,
                "params": shareable(self._suite.task.params),
                "split": self._suite.evaluation.split,
                "examples": len(inputs.evaluation),
                "train_examples": len(inputs.train),
                "instruction": inputs.task.instruction,
                "evaluation_sha256": self._evaluation_sha256,
            },
            models=[
                model_result(inputs.models[use.name], use)
                for use in self._suite.models
                if use.name in inputs.models
            ],
            cells=[cell_result(record, len(inputs.train), prices) for record in self._records],
            comparisons=[contested.result(prices) for contested in self._comparisons],
            currency=next(iter(currencies(prices.values())), None),
        )
        write_atomically(self._run.path / "results.json", pretty(results))
        if over:
            write_manifest(self._run.path, {**read_manifest(self._run.path), "finished": finished})
        return results


def _fault_of(use: Use, faults: Iterable[Fault]) -> Failure | None:
    for fault in faults:
        if use.name in fault.comparisons:
            return Failure(reason=fault.error.message, kind="preflight", hint=fault.error.hint)
    return None


def _in_order(records: Sequence[Record]) -> Iterator[tuple[Record, Job]]:
    """Jobs grouped by model: first those that train weights, then the rest, cell by cell."""
    models = dict.fromkeys(record.cell.model for record in records)
    for model in models:
        group = [r for r in records if r.cell.model == model and r.jobs is not None]
        for record in group:
            if record.jobs is not None and record.jobs.adapt.spec["trains_weights"]:
                yield record, record.jobs.adapt
        for record in group:
            yield from ((record, job) for job in record.all_jobs)


def _all_over(records: Sequence[Record], comparisons: Sequence[Contested]) -> bool:
    return all(r.status != "pending" for r in records) and all(c.over for c in comparisons)
