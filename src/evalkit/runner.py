"""Runs a suite: plans it, runs its jobs through an executor, contains failures, keeps results.

Finished jobs are found by identity in the output folder and are not run again, so that running
a suite a second time, or after a crash, does only what is left.
"""

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit import __version__
from evalkit.agenda import Agenda, asked_by, left_in_words
from evalkit.budget import Budget
from evalkit.errors import StopRequested, SuiteError
from evalkit.estimate import Estimator
from evalkit.forecast import forecast
from evalkit.interfaces import Event, Executor
from evalkit.ledger import Ledger
from evalkit.manifest import evaluation_sha256, make_manifest, provenances, stamp
from evalkit.options import Finished, Observer, Options
from evalkit.params import kebab
from evalkit.plan import Inputs, Job
from evalkit.plugins import Plugins
from evalkit.preflight import Fault, gather_inputs, unfit_comparisons
from evalkit.prices import currencies
from evalkit.readiness import bytes_needed, check_space, engine_faults, plugin_faults
from evalkit.records import Cell, Failure
from evalkit.results import Record, assemble, cell_result, model_result, shareable
from evalkit.run_folder import LEDGER, RunFolder, open_run, refuse_taken, unfinished_run
from evalkit.secrets import hide
from evalkit.serialization import digest, pretty
from evalkit.signals import first_stops
from evalkit.store import Store, write_atomically
from evalkit.suite import LimitKeys, RawSuite, Suite
from evalkit.tracking import Tracked, Tracker

__all__ = ["Finished", "Observer", "Options", "Run"]


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
        self._observer: Observer = observer
        self._store = Store(options.output)
        self._executor = self._load_executor()
        self._run = RunFolder(Path(), self._store)
        self._prices = {use.name: use.prices for use in suite.models}
        self._currency = next(iter(currencies(self._prices.values())), None)
        self._ledger = Ledger(self._prices)
        self._budget = Budget(suite.limits, self._ledger, self._currency or "")
        self._failed: dict[str, Failure] = {}
        self._stopped: str | None = None
        self._provenance = provenances(suite, plugins, of_jobs=True)
        self._started, self._clock = time.time(), time.monotonic()

    def execute(self, cells: Sequence[Cell]) -> Finished:
        """Run the cells.

        Raises:
            SuiteError: faults of the data, the models, the plugins or the plan, before any job
                has run.
            UserError: the output folder cannot be written, or is full.
        """
        inputs = self._look(cells)
        attempts = self._signs_of_life(inputs)
        if self._options.verbose or self._is_paid():
            for text in self._estimate(inputs):
                self._observer.notice(text)
        left = [work.job for work in self._agenda.left()]
        self._observer = Tracked(self._observer, Tracker(self._agenda.records, left))
        self._observer.plan(*self._agenda.counts)
        executor = self._executor
        executor.offer(self._agenda.planner.task_form, inputs.task)
        manifest = self._manifest()
        self._run = open_run(self._store, self._suite.name, manifest, fresh=self._options.fresh)
        try:
            self._ledger.open(self._run.path / LEDGER, self._observer.notice)
            for attempt in attempts:
                self._ledger.begin(f"check {attempt['model']}", None)
                self._ledger.enter(attempt)
            self._run.keep_examples(inputs.task, inputs.evaluation)
            self._write(inputs, over=False)
            limits = self._budget.timed(self._spend, self._observer.notice)
            with first_stops(self._stop), limits:
                results = self._run_all(inputs)
        finally:
            self._ledger.close()
        return Finished(folder=self._run.path, results=results, stopped=self._what_is_left())

    def close(self) -> None:
        """Let other processes at the run folder."""
        self._run.close()

    def look_ahead(self, cells: Sequence[Cell]) -> list[str]:
        """See whether the cells can be run, and estimate what that takes; no model is asked.

        Raises:
            SuiteError: as `execute`.
            UserError: as `execute`.
        """
        return self._estimate(self._look(cells))

    def _look(self, cells: Sequence[Cell]) -> Inputs:
        """See all that can be seen without asking a model, and plan."""
        self._store.check()
        self._executor.check()
        keep_going, notify = self._options.keep_going, self._observer.notice
        inputs, faults = gather_inputs(
            self._suite, cells, self._plugins, notify=notify, keep_going=keep_going
        )
        self._refuse(faults)
        self._evaluation_sha256 = evaluation_sha256(inputs)
        self._agenda = Agenda(
            self._suite, self._plugins, inputs, store=self._store, fresh=self._options.fresh
        )
        self._agenda.plan(cells, faults, notify)
        if self._suite.comparisons and not self._agenda.comparisons:
            notify("no comparison: that takes two cells of one seed")
        works = self._agenda.left()
        left = {work.comparison for work in works}
        self._drop(unfit_comparisons(self._suite, cells, self._plugins, inputs=inputs, left=left))
        if works:
            check_space(self._store.root, bytes_needed(works, len(inputs.evaluation)))
        if self._executor.in_process:
            self._drop(plugin_faults(self._suite, self._plugins, works))
        return inputs

    def _signs_of_life(self, inputs: Inputs) -> list[dict[str, Any]]:
        """See that the models answer that will be asked; the attempts at that."""
        path = None
        if not self._options.fresh:
            path = unfinished_run(self._store, str(self._manifest()["suite_sha256"]))
        if path is not None:
            refuse_taken(path)  # before anything is paid for
            self._ledger.open(path / LEDGER, lambda _: None)
        works = self._agenda.left()
        if not works or not self._executor.in_process or self._budget.reached:
            return []
        faults, attempts = engine_faults(
            self._suite, self._plugins, works, inputs.models, notify=self._observer.notice
        )
        self._drop(faults)
        return attempts

    def _refuse(self, faults: Sequence[Fault]) -> None:
        if faults and not self._options.keep_going:
            raise SuiteError([fault.error for fault in faults])

    def _drop(self, faults: Sequence[Fault]) -> None:
        """Let the cells and comparisons that faults concern fail, if the others are to run."""
        self._refuse(faults)
        for fault in faults:
            self._observer.notice(hide(str(fault.error)))
            self._agenda.drop(fault)

    def _is_paid(self) -> bool:
        asked = {name for work in self._agenda.left() for name in asked_by(work.job)}
        return any(self._prices[name] is not None for name in asked)

    def _estimate(self, inputs: Inputs) -> list[str]:
        estimator = Estimator(
            self._suite, self._plugins, inputs, agenda=self._agenda, store=self._store
        )
        return forecast(estimator.parts(self._agenda.left()), self._currency)

    def _run_all(self, inputs: Inputs) -> dict[str, Any]:
        try:
            self._run_cells(inputs)
            self._run_comparisons()
        except StopRequested:
            if not self._stopped:  # the user's wish, no limit
                raise
        finally:
            results = self._write(inputs, over=self._agenda.over)
            self._executor.close()
        return results

    def _stop(self, reason: str = "") -> None:
        """Let the job under way save what it has; none is begun any more."""
        self._stopped = reason
        why = f"{reason}; " if reason else ""
        again = "" if reason else "; again to stop at once"
        self._executor.stop()
        with contextlib.suppress(Exception):  # a signal may come while something is printed
            self._observer.notice(f"stopping: {why}what is under way is being saved{again}")

    def _spend(self) -> None:
        """Stop if a limit of the suite leaves no room for more."""
        reached = self._budget.reached if self._stopped is None else ""
        if reached:
            self._stop(reached)

    def _what_is_left(self) -> str:
        """Why the run stopped before its end, and what is left; empty if it did not."""
        works = self._agenda.left() if self._stopped else []
        if not works:
            return ""
        again = "raise the limit and run again: it goes on where it stopped"
        return f"stopped: {self._stopped}\n  {left_in_words(works)}\n  {again}"

    def _manifest(self) -> dict[str, Any]:
        manifest = make_manifest(
            self._raw, self._suite, self._plugins, command=self._options.command
        )
        limits = {kebab(name) for name in LimitKeys.model_fields}
        tables = {key: value for key, value in self._raw.tables.items() if key not in limits}
        identity = digest([tables, [r.cell.id for r in self._agenda.records]])
        manifest |= {"suite_sha256": identity}
        return {**manifest, "started": stamp(self._started), "finished": None}

    def _load_executor(self) -> Executor:
        use = self._suite.executor
        params = self._plugins.params("executor", use.use).from_form(use.params)
        executor: Executor = self._plugins.load("executor", use.use)(params)
        return executor

    def _run_cells(self, inputs: Inputs) -> None:
        for record, job in self._agenda.in_order():
            if self._too_many_failures():
                return
            if not record.is_current(job):
                record.forget(job)
                # A metric that fails leaves the cell's other metrics and its predictions alone.
                if record.is_ready(job):
                    self._run_job(record, job)
            self._keep(record, job)
            if job is record.all_jobs[-1]:
                self._write(inputs, over=False)

    def _run_job(self, record: Record, job: Job) -> None:
        twin = self._note_of_twin(job)
        if twin is None and job.id not in self._failed:
            failure = self._execute_job(job, record.cell.model)
            if failure is not None:
                self._failed[job.id] = failure
        if job.id in self._failed:
            record.failure = record.failure or self._failed[job.id]
        else:
            record.notes[job.id] = twin or self._store.finished(job.kind, job.id) or {}

    def _note_of_twin(self, job: Job) -> Mapping[str, Any] | None:
        """The note of a job that another cell of this run has done already."""
        return next((r.notes[job.id] for r in self._agenda.records if r.is_current(job)), None)

    def _execute_job(self, job: Job, model: str | None = None) -> Failure | None:
        """Run a job, which keeps the device of a model busy.

        Returns:
            Its Failure, or None when it is stored.
        """
        spec = {
            **job.spec,
            "root": str(self._store.root),
            "cache": self._options.cache,
            "fresh": self._options.fresh,
            "known": self._agenda.known(job),
            "plugins": {
                "modules": list(self._options.modules),
                "local": [str(folder) for folder in self._options.local],
            },
            "provenance": self._provenance,
        }
        costs_nothing = job.kind == "score" and not self._budget.out_of_time
        if not costs_nothing:
            self._spend()
        if self._stopped is not None and not (self._stopped and costs_nothing):
            raise StopRequested(self._stopped)
        self._observer.job_start(job)
        self._ledger.begin(job.label, None if job.kind == "score" else model)
        started = time.monotonic()
        try:
            ended = self._executor.run(spec, lambda event: self._on_event(job, event))
        finally:
            self._ledger.end()
        failure = self._failure(job, ended) if isinstance(ended, Mapping) else None
        self._observer.job_end(job, time.monotonic() - started, failure)
        return failure

    def _on_event(self, job: Job, event: Event) -> None:
        if "notice" in event:
            self._observer.notice(f"{job.label}: {event['notice']}")
        elif "attempt" in event:
            self._ledger.enter(event["attempt"])
            self._spend()
        elif "done" in event:
            self._ledger.tick()
            self._spend()
            done, total = int(event["done"]), int(event["total"])
            self._observer.job_progress(job, done, total, str(event["note"]))

    def _failure(self, job: Job, ended: Mapping[str, Any]) -> Failure:
        if "traceback" in ended:
            self._run.log(job.label, ended["traceback"])
        return Failure(reason=ended["reason"], kind=ended["kind"], hint=ended["hint"])

    def _too_many_failures(self) -> bool:
        failed = sum(record.failure is not None for record in self._agenda.records)
        return 0 < self._options.max_failures <= failed

    def _keep(self, record: Record, job: Job) -> None:
        """Copy what a job made into the run folder."""
        if job.id not in record.notes or record.jobs is None:
            return
        if job.kind == "predict":
            self._run.keep_answers(record.cell.id, job.id)
        for name, score in record.jobs.scores.items():
            if score is job:
                self._run.keep_scores(record.cell.id, name, job.id)

    def _run_comparisons(self) -> None:
        self._run.forget_judgments()
        for contested in self._agenda.comparisons:
            if self._too_many_failures():
                return
            records = self._agenda.contestants(contested.seed)
            contested.cells = {name: record.cell.id for name, record in records.items()}
            if contested.failure is not None:
                continue
            if len(contested.cells) < 2:
                reason = "fewer than two cells can be compared"
                contested.failure = Failure(reason=reason, kind="comparison")
                continue
            job = contested.job = self._agenda.compare_job(contested, records)
            note = self._agenda.compared(job, records)
            if note is None:
                self._agenda.tell_damage(job, self._observer.notice)
                contested.failure = self._execute_job(job)
                note = self._store.finished("compare", job.id)
            if contested.failure is None:
                contested.note = note
                named = {"comparison": contested.use.name, "seed": contested.seed}
                self._run.keep_judgments(named, job.id)

    def _write(self, inputs: Inputs, *, over: bool) -> dict[str, Any]:
        now = self._started + time.monotonic() - self._clock  # a clock may be put back
        finished = stamp(now) if over else None
        stopped = None if self._agenda.over else self._stopped or None
        results = assemble(
            run={
                "id": self._run.path.name,
                "suite": self._suite.name,
                "description": self._suite.description,
                "profile": self._suite.profile,
                "started": stamp(self._started),
                "finished": finished,
                "stopped": stopped,
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
            cells=[
                cell_result(record, len(inputs.train), self._prices)
                for record in self._agenda.records
            ],
            comparisons=[one.result(self._prices) for one in self._agenda.comparisons],
            currency=self._currency,
            ledger=self._ledger.summary(),
        )
        write_atomically(self._run.path / "results.json", pretty(results))
        return results
