"""How a suite is run, who is told how it goes, and what comes of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from evalkit.plan import Job
from evalkit.records import Failure
from evalkit.results import comparable


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
        verbose: show the estimate though no model has prices.
        modules: as given to ``-p``.
        local: folders whose local plugins are loaded.
        command: the command line, for the manifest.
    """

    output: Path
    fresh: bool = False
    cache: Literal["use", "refresh", "off"] = "use"
    keep_going: bool = False
    max_failures: int = 0
    verbose: bool = False
    modules: tuple[str, ...] = ()
    local: tuple[Path, ...] = ()
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far a run is.

    Attributes:
        cells: how many there are.
        over: how many of them are done, or failed.
        seconds_left: what the jobs that are left will take, by finished jobs of the same kind;
            None if nothing is known of any.
        at_least: whether jobs are left of which nothing is known; they come on top.
    """

    cells: int
    over: int
    seconds_left: float | None
    at_least: bool


class Observer(Protocol):
    """Who is told how a run goes."""

    def notice(self, text: str) -> None:
        """Something worth a line."""

    def plan(self, total: int, finished: int) -> None:
        """So many jobs in all, so many of them finished before."""

    def course(self, course: Course) -> None:
        """How far the run is: before `plan`, with each `job_progress`, and before `job_end`."""

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
        stopped: why it stopped before its end, and what is left; empty if it did not.
        written: the files that reporters wrote.
    """

    folder: Path
    results: dict[str, Any]
    problems: tuple[str, ...] = ()
    stopped: str = ""
    written: tuple[Path, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """What a user should be told of it, beside the results."""
        return ((self.stopped,) if self.stopped else ()) + self.problems

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
