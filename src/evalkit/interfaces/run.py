"""Where jobs run, and how results are shown."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from evalkit.records import Json

if TYPE_CHECKING:
    from evalkit.interfaces.task import Task
    from evalkit.params import Params

Event: TypeAlias = Mapping[str, Any]
"""What a running job tells: ``done`` of ``total``, and a ``note`` that may hold a loss; a
``notice``, something worth a line; or an ``attempt`` at a request, for the ledger."""

Written: TypeAlias = Path | Sequence[Path] | None
"""What a reporter wrote: a file, several, or none that a user should be told of."""


class Executor(ABC):
    """Runs jobs, one after another, and keeps engines resident between them."""

    api_version: ClassVar[int] = 1
    in_process: ClassVar[bool] = False
    """Whether jobs run in the process that made it: then their plugins and engines are tried
    there before the first of them."""

    def __init__(self, params: "Params") -> None:
        """Keep the parameters."""
        self.params = params

    def check(self) -> None:
        """Find out, before anything expensive starts, whether jobs can run.

        Raises:
            UserError: they cannot; the hint says what to do.
        """
        return None

    def offer(self, form: Mapping[str, Json], task: "Task") -> None:
        """Take the task that was loaded to plan the jobs, if they run in this process.

        Args:
            form: the task as jobs name it.
            task: the same, with the data that was read.
        """
        return None

    @abstractmethod
    def run(self, job: Mapping[str, Json], on_event: Callable[[Event], None]) -> Json:
        """Run one job (plain JSON) to its end.

        Args:
            job: what ``evalkit.jobs`` wrote.
            on_event: called with progress and messages while the job runs.

        Returns:
            None when the job is finished and stored, else the Failure as JSON.

        Raises:
            StopRequested: the job was stopped; what it did is saved.
        """

    def stop(self) -> None:
        """Let the job under way save what it has and end, whereupon `run` raises StopRequested.

        Called by a signal handler while `run` is under way. An executor that cannot do so need
        not: the job then goes on until it is over, or until the user insists.
        """
        return None

    def close(self) -> None:
        """End processes and give memory back."""
        return None


class Reporter(ABC):
    """Results -> something a person or a program reads."""

    api_version: ClassVar[int] = 1

    def __init__(self, params: "Params") -> None:
        """Keep the parameters."""
        self.params = params

    @abstractmethod
    def report(self, results: Mapping[str, Json], folder: Path) -> Written:
        """Show or write what a run found.

        It is called when a run is over, and by ``evalkit report`` whenever a user wants it again,
        also for runs that are not finished, or were made by older versions.

        Two parameters have a meaning of their own, if there are such: ``file`` is where to write,
        seen from the run folder, and is set by ``evalkit report -o FILE``; ``runs`` are further
        run folders to show beside this one.

        Args:
            results: the content of ``results.json``; ``analysis`` and ``expectations`` may be
                missing. ``RunView(folder, results)`` reads everything else.
            folder: the run folder.

        Returns:
            The file that was written, or several, which the user is told of; None if there is
            none.

        Raises:
            UserError: it cannot be made, and the user can mend that.
        """
