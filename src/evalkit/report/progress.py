"""Progress of a run: bars on a terminal, plain lines on a pipe."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from evalkit.options import Course
from evalkit.plan import Job
from evalkit.records import Failure
from evalkit.report.durations import Took
from evalkit.report.printable import printable, say
from evalkit.wording import counted, span

_EVERY_S = 10.0
"""On a pipe, a job that takes long says how far it is after so many seconds."""
_WORTH_TELLING_S = 10.0
"""Beside jobs of which nothing is known, fewer seconds than this say nothing."""
_NARROW, _WIDE, _WIDER, _WIDEST = 60, 70, 100, 120
"""Columns from which a terminal shows words, a short bar, a long one and the time, and notes."""
_COUNT = 13
"""Columns of ``100/120 cells``."""


class PlainProgress:
    """Tells on standard error how a run goes, one line for each job.

    Attributes:
        took: the jobs that are over, in their order.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        """With `quiet`, only failures are told."""
        self.took: list[Took] = []
        self._quiet = quiet
        self._total = 0
        self._count = 0
        self._last = 0.0
        self._course: Course | None = None
        self._told = 0

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
        """How much there is to do."""
        self._total, self._count = total, finished
        cells = f"{counted(self._course.cells, 'cell')}, " if self._course else ""
        reused = f", {finished} of them finished before" if finished else ""
        self._say(f"{cells}{counted(total, 'job')}{reused}")

    def course(self, course: Course) -> None:
        """Kept until there is a line to tell it on."""
        if self._course is None:
            self._told = course.over
        self._course = course

    def job_start(self, job: Job) -> None:
        """Nothing is printed before a job has something to tell."""
        self._last = time.monotonic()

    def job_progress(self, job: Job, done: int, total: int, note: str) -> None:
        """A line now and then."""
        if time.monotonic() - self._last >= _EVERY_S:
            self._last = time.monotonic()
            self._say(f"  {job.label}: {done}/{total} {note}".rstrip())

    def job_end(self, job: Job, seconds: float, failure: Failure | None) -> None:
        """A line for each job; with the last one of a cell, how far the run is."""
        self._count += 1
        failed = failure is not None
        self.took.append(Took(id=job.id, label=job.label, seconds=seconds, failed=failed))
        place = f"[{min(self._count, self._total)}/{self._total}]" if self._total else ""
        if failure is not None:
            reason = printable(f"{place} {job.label}: FAILED: {failure.reason}")
            say(reason, sys.stderr)
        else:
            self._say(f"{place} {job.label}: {seconds:.1f} s{self._news()}")

    def _news(self) -> str:
        """How many cells are over, and the time left, if there is a further cell."""
        course = self._course
        if course is None or course.over == self._told:
            return ""
        self._told = course.over
        left = time_left(course, 0.0)
        return f" ({course.over} of {counted(course.cells, 'cell')}{f', {left}' if left else ''})"


def time_left(course: Course, since: float) -> str:
    """The time that a run still takes, in words; empty if it is over or too little is known.

    Args:
        course: how far the run was.
        since: seconds since then.
    """
    if course.seconds_left is None or course.over == course.cells:
        return ""
    seconds = max(1.0, course.seconds_left - since)
    if course.at_least:
        return f"at least {span(seconds)} left" if seconds >= _WORTH_TELLING_S else ""
    return f"about {span(seconds)} left"


class BarProgress(PlainProgress):
    """The same on a terminal: a bar for the run and one for the job."""

    def __init__(self) -> None:
        """Draw on standard error."""
        super().__init__()
        console = Console(stderr=True)
        self._progress = Progress(*_columns(console.width), console=console, transient=True)
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
        self._jobs = self._progress.add_task(
            "run",
            total=total,
            completed=finished,
            note="",
            course=self._course,
            told=time.monotonic(),
        )

    def course(self, course: Course) -> None:
        """Show how many cells are over."""
        super().course(course)
        if self._jobs is not None:
            self._progress.update(self._jobs, course=course, told=time.monotonic())

    def job_start(self, job: Job) -> None:
        """Open the bar of the job."""
        self._job = self._progress.add_task(printable(job.label), total=None, note="")

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


def _columns(width: int) -> list[ProgressColumn]:
    """What fits into a terminal; counts and times are never cut, long names are."""
    bar = 24 if width >= _WIDER else 10 if width >= _WIDE else 0
    elapsed = 8 if width >= _WIDER else 0
    note = width - 104 if width >= _WIDEST else 0
    left = 21 if width >= _NARROW else 9
    name = max(4, width - sum(one + 1 for one in (_COUNT, left, bar, elapsed, note) if one))
    return [
        TextColumn("{task.description}", markup=False, table_column=_whole(max_width=name)),
        *([BarColumn(bar_width=bar)] if bar else []),
        _Count(table_column=_whole()),
        *([TimeElapsedColumn(table_column=_whole())] if elapsed else []),
        _Left(table_column=_whole(), short=width < _NARROW),
        *([_note_column(note)] if note else []),
    ]


def _whole(max_width: int | None = None) -> Column:
    """A column that takes one line."""
    return Column(no_wrap=True, overflow="ellipsis", max_width=max_width)


def _note_column(width: int) -> TextColumn:
    text, column = "{task.fields[note]}", _whole(max_width=width)
    return TextColumn(text, style="dim", markup=False, table_column=column)


class _Count(ProgressColumn):
    """How much is done of how much: cells of the run, parts of the job."""

    def render(self, task: Task) -> Text:
        course: Course | None = task.fields.get("course")
        if course is not None:
            return Text(f"{course.over}/{course.cells} cells", style="progress.download")
        if task.total is None:
            return Text()
        return Text(f"{task.completed:.0f}/{task.total:.0f}", style="progress.download")


class _Left(ProgressColumn):
    """The time that is left, if enough is known of it."""

    def __init__(self, *, table_column: Column, short: bool) -> None:
        """If it is to be `short`, without words."""
        super().__init__(table_column)
        self._short = short

    def render(self, task: Task) -> Text:
        course: Course | None = task.fields.get("course")
        if course is not None:
            text = time_left(course, time.monotonic() - task.fields["told"])
        elif task.time_remaining is None or task.finished:
            text = ""
        else:
            text = f"{span(task.time_remaining)} left"
        if self._short:
            text = text.removeprefix("about ").removesuffix(" left").replace("at least", ">")
        return Text(text, style="progress.remaining")
