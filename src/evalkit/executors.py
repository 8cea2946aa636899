"""Where jobs run: in this process, or in a child process that keeps its engines."""

from collections.abc import Callable, Mapping

from evalkit.child import Child, check_interpreter
from evalkit.errors import StopRequested
from evalkit.executor_params import WorkerParams
from evalkit.interfaces import Event, Executor, Task
from evalkit.jobs import run_job
from evalkit.params import Params
from evalkit.records import Failure, Json
from evalkit.serialization import failure_to_json
from evalkit.workshop import Workshop


class LocalExecutor(Executor):
    """Runs jobs in this process."""

    in_process = True

    def __init__(self, params: Params) -> None:
        """Keep the parameters; there are none."""
        super().__init__(params)
        self._workshop = Workshop()

    def offer(self, form: Mapping[str, Json], task: Task) -> None:
        """Keep the task: its data would be in memory twice else."""
        self._workshop.lend(form, task)

    def run(self, job: Mapping[str, Json], on_event: Callable[[Event], None]) -> Json:
        """Run one job; see the base class."""
        return run_job(self._workshop, job, on_event)

    def stop(self) -> None:
        """Let the job under way save what it has, and end."""
        self._workshop.stop()

    def close(self) -> None:
        """Give engines back."""
        self._workshop.close()


class WorkerExecutor(Executor):
    """Runs jobs in a child process; a worker that dies costs the job that it had."""

    params: WorkerParams

    def __init__(self, params: WorkerParams) -> None:
        """Keep the parameters; the worker starts with the first job."""
        super().__init__(params)
        self._child: Child | None = None
        self._stopped = False

    def run(self, job: Mapping[str, Json], on_event: Callable[[Event], None]) -> Json:
        """Run one job; see the base class.

        Raises:
            UserError: no worker can be started.
        """
        child = self._child = self._child or Child(self.params.python, where="executor.python")
        child.tell(job)
        for event in child.events():
            if "stopped" in event:
                raise StopRequested
            if "ended" in event:
                ended: Json = event["ended"]
                return ended
            on_event(event)
        if self._stopped:
            raise StopRequested
        reason = f"the worker {child.how_it_ended()}"
        self.close()
        hint = "what it printed stands above; a killed worker often means too little memory"
        return failure_to_json(Failure(reason=reason, kind="machine", hint=hint))

    def stop(self) -> None:
        """Let the worker save what it has, and end its job."""
        self._stopped = True
        if self._child is not None:
            self._child.stop()

    def check(self) -> None:
        """Ask the interpreter for its evalkit.

        Raises:
            UserError: there is none, or another version.
        """
        if self.params.python is not None:
            check_interpreter(self.params.python, where="executor.python")

    def close(self) -> None:
        """Let the worker end; end it if it does not, or has a job that nobody waits for."""
        if self._child is not None:
            child, self._child = self._child, None
            child.close()
