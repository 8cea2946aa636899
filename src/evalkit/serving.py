"""What ``evalkit worker`` does: jobs, or questions to an engine, one after another.

A line of standard input is a job, as `evalkit.executors` sends it, or questions (``ask``), as
`evalkit.remote` sends them. Standard output is kept for events alone: whatever a library prints
goes to standard error.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import IO, Any

from evalkit.child import STOP
from evalkit.errors import EvalkitError, UserError
from evalkit.interfaces import Attempt, Journal
from evalkit.jobs import run_job
from evalkit.predict import answers_of
from evalkit.records import Json
from evalkit.serialization import answer_to_json, line, request_from_json
from evalkit.workshop import Workshop, told

Tell = Callable[[Mapping[str, Any]], None]


def serve(heard: IO[str], *, parent: int | None = None) -> None:
    """Do what is heard until it ends.

    An interrupt is left to the parent, which asks its worker to stop, or ends it. If the parent is
    gone without a word, this process ends with all that it has started.

    Args:
        heard: jobs and questions, a line each.
        parent: the process that started this one; None is the one that is its parent now.

    Raises:
        UserError: `parent` is not its parent: it was killed meanwhile.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid() if parent is None else parent
    if os.getppid() != parent:  # what it has said already is not done: nobody waits for it
        what = f"process {parent} is not, or not any more, the parent of this worker"
        raise UserError(what, "a `python` must be the interpreter itself, or be replaced by it")
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    workshop = Workshop()
    signal.signal(STOP, lambda *_: workshop.stop())
    with _events() as tell:
        desk = _Desk(workshop, tell, heard)
        while text := heard.readline():
            form = json.loads(text)
            if "ask" in form:
                tell({"ended": desk.answer(form)})
            else:
                tell(_done(workshop, form, tell))
        workshop.close()
    if os.getpgrp() == os.getpid():  # what an engine left behind must not outlive it
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)


def _done(workshop: Workshop, job: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Do a job; the event that ends it."""
    try:
        return {"ended": run_job(workshop, job, tell)}
    except KeyboardInterrupt:
        return {"ended": None, "stopped": True}


@contextmanager
def _events() -> Iterator[Tell]:
    """A way to write events where standard output was."""
    one_at_a_time = threading.Lock()  # adapters report progress from their threads
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as events:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

        def tell(event: Mapping[str, Any]) -> None:
            with one_at_a_time:
                events.write(line(event) + "\n")
                events.flush()

        yield tell


def _end_with(parent: int) -> None:
    """End this process and its group once its parent is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


class _Desk:
    """Answers questions for a parent, with the journal of the job that it is at."""

    def __init__(self, workshop: Workshop, tell: Tell, heard: IO[str]) -> None:
        self._workshop = workshop
        self._tell = tell
        self._heard = heard
        self._journal = Journal()
        self._job: int | None = None

    def answer(self, form: Mapping[str, Any]) -> dict[str, Any] | None:
        """Answer questions; None, or why there can be no more answers."""
        try:
            if form["job"] != self._job:
                self._job = form["job"]
                self._journal = _Parents(form["recorded"], self._tell, self._heard, self._workshop)
            self._workshop.ready({**form, "models": {"": form["model"]}}, self._journal)
            requests = [request_from_json(request) for request in form["ask"]]
            if not requests:  # the parent wants to know whether the engine is here
                return None
            self._journal.wave = form["wave"]
            engine = self._workshop.engine(form["model"], self._journal)
            gone = partial(self._workshop.forget, engine)
            for index, answer in answers_of(engine, requests, gone=gone):
                self._tell({"answer": [index, answer_to_json(answer)]})
        except BaseException as error:  # whatever happens here, the parent must be told
            reason, hint = told(error)
            ended = {"reason": reason, "hint": hint}
            if isinstance(error, EvalkitError) and error.__cause__ is None:
                return ended
            return {**ended, "traceback": "".join(traceback.format_exception(error))}
        return None


class _Parents(Journal):
    """The journal that the parent keeps."""

    def __init__(
        self, recorded: Mapping[str, Json], tell: Tell, heard: IO[str], workshop: Workshop
    ) -> None:
        super().__init__()
        self.records.update(recorded)
        self._tell = tell
        self._heard = heard
        self._workshop = workshop

    @property
    def stopping(self) -> bool:
        """See the base class."""
        return self._workshop.stopping

    def attempt(self, attempt: Attempt) -> None:
        """Let the parent enter it."""
        self._tell({"attempt": asdict(attempt)})

    def record(self, key: str, value: Json) -> None:
        """Tell the parent, and wait until it says that the record is safe."""
        super().record(key, value)
        self._tell({"record": [key, value]})
        self._heard.readline()

    def notice(self, text: str) -> None:
        """Let the parent tell the user."""
        self._tell({"notice": text})
