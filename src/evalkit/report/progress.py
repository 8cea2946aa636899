"""Progress of a run: a bar on a terminal, plain lines on a pipe."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from evalkit.plan import Job
from evalkit.records import Failure
from evalkit.report.printable import printable, say
from evalkit.wording import counted

_EVERY_S = 10.0
"""On a pipe, a job that takes long says how far it is after so many seconds."""


class PlainProgress:
    """Tells on standard error how a run goes, one line for each job."""

    def __init__(self, *, quiet: bool = False) -> None:
        """With `quiet`, only failures are told."""
        self._quiet = quiet
        self._total = 0
        self._count = 0
        self._last = 0.0

    def __enter__(self) -> "PlainProgress":
        """Nothing to set up."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to tear down."""

    def _say(self, text: str) -> None:
        if not self._quiet:
            say(printable(text), sys.stderr)

    def notice(self, text: str) -> None:
        """A line."""
        self._say(text)

    def plan(self, total: int, finished: int) -> None:
        """How many jobs there are."""
        self._total, self._count = total, finished
        reused = f", {finished} of them finished before" if finished else ""
        self._say(f"{counted(total, 'job')}{reused}")

    def job_start(self, job: Job) -> None:
        """Nothing is printed before a job has something to tell."""
        self._last = time.monotonic()

    def job_progress(self, job: Job, done: int, total: int, note: str) -> None:
        """A line now and then."""
        if time.monotonic() - self._last >= _EVERY_S:
            self._last = time.monotonic()
            self._say(f"  {job.label}: {done}/{total} {note}".rstrip())

    def job_end(self, job: Job, seconds: float, failure: Failure | None) -> None:
        """A line for each job."""
        self._count += 1
        place = f"[{min(self._count, self._total)}/{self._total}]" if self._total else ""
        if failure is not None:
            reason = printable(f"{place} {job.label}: FAILED: {failure.reason}")
            say(reason, sys.stderr)
        else:
            self._say(f"{place} {job.label}: {seconds:.1f} s")


class BarProgress(PlainProgress):
    """The same on a terminal: a bar for the run and one for the job."""

    def __init__(self) -> None:
        """Draw on standard error."""
        super().__init__()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._jobs: TaskID | None = None
        self._job: TaskID | None = None

    def __enter__(self) -> "BarProgress":
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing."""
        self._progress.stop()

    def _say(self, text: str) -> None:
        self._progress.console.print(Text(printable(text)), soft_wrap=True)

    def plan(self, total: int, finished: int) -> None:
        """Open the bar of the run."""
        super().plan(total, finished)
        self._jobs = self._progress.add_task("jobs", total=total, completed=finished, note="")

    def job_start(self, job: Job) -> None:
        """Open the bar of the job."""
        self._job = self._progress.add_task(job.label, total=None, note="")

    def job_progress(self, job: Job, done: int, total: int, note: str) -> None:
        """Move the bar of the job."""
        if self._job is not None:
            self._progress.update(self._job, completed=done, total=total, note=printable(note))

    def job_end(self, job: Job, seconds: float, failure: Failure | None) -> None:
        """Close the bar of the job."""
        if self._job is not None:
            self._progress.remove_task(self._job)
            self._job = None
        super().job_end(job, seconds, failure)
        if self._jobs is not None:
            self._progress.update(self._jobs, completed=min(self._count, self._total))
