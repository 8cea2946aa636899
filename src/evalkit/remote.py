"""An engine that runs in another environment, asked through a child process.

Some engines pin other versions of the libraries that evalkit's other plugins need. A model of
the suite may therefore name an interpreter; its engine then lives in an ``evalkit worker`` of
that interpreter, and this stands in its place. The child is started by the first question and
ends with ``close``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.child import Child, check_interpreter
from evalkit.errors import EngineError, JobError, UserError
from evalkit.interfaces import Attempt, Engine, Journal
from evalkit.params import Params
from evalkit.records import Completion, Failure, Request, ResolvedModel
from evalkit.serialization import answer_from_json, request_to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an engine runs, and what runs there.

    Attributes:
        python: the interpreter.
        model: the engine's name, its parameters and the resolved model, as a job has them.
        plugins: which modules and folders to load beside what is installed.
        provenance: the engine's plugin, which must be the same there.
    """

    python: Path
    model: Mapping[str, Any]
    plugins: Mapping[str, Any]
    provenance: Sequence[Mapping[str, str]]


def check_place(place: Place, *, where: str) -> None:
    """Ask whether the engine is there, and the same, without loading it.

    Args:
        place: where it shall run.
        where: the suite's key that names the interpreter, for errors.

    Raises:
        UserError: it is missing there, or another version.
    """
    check_interpreter(place.python, where=where)
    child = Child(place.python, where=where)
    try:
        child.tell(_call(place, [], Journal()))
        ended: dict[str, Any] = {"reason": "its process ended", "hint": ""}
        for event in child.events():
            ended = event.get("ended", ended)
    finally:
        child.close()
    if ended is not None:
        engine = place.model["engine"]
        hint = f"install the plugin of the engine {engine} in that environment, in this version"
        raise UserError(f"{where}: {place.python}: {ended['reason']}", hint)


def _call(
    place: Place, requests: Sequence[Request], journal: Journal, *, job: int = 0
) -> dict[str, Any]:
    """Questions to an engine, as `evalkit.serving` takes them; those of one job share a journal."""
    return {
        "ask": [request_to_json(request) for request in requests],
        "model": place.model,
        "plugins": place.plugins,
        "provenance": place.provenance,
        "recorded": journal.recall_all(),
        "wave": journal.wave,
        "job": job,
    }


class RemoteEngine(Engine):
    """Stands for an engine in a child process."""

    def __init__(self, model: ResolvedModel, params: Params, place: Place) -> None:
        """Keep where to ask; nothing is started yet."""
        super().__init__(model, params)
        self._place = place
        self._child: Child | None = None
        self._job = 0
        self._asked_for: Journal | None = None

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | Failure]]:
        """See Engine."""
        yield from self._ask(requests)

    def score(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | Failure]]:
        """See Engine."""
        yield from self._ask(requests)

    def close(self) -> None:
        """End the child and all that it started."""
        if self._child is not None:
            child, self._child = self._child, None
            child.close()

    def stop(self) -> None:
        """Let the child end what it is doing; may be called by a signal handler."""
        if self._child is not None:
            self._child.stop()

    def _ask(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | Failure]]:
        """Send all requests, and pass on what is told until the end."""
        if not requests or self.journal.stopping:
            return
        where = f"the python of model {self.model.name}"
        child = self._child = self._child or Child(self._place.python, where=where)
        if self._asked_for is not self.journal:
            self._asked_for, self._job = self.journal, self._job + 1
        child.tell(_call(self._place, requests, self.journal, job=self._job))
        whole = False
        try:
            for event in child.events():
                if "answer" in event:
                    index, form = event["answer"]
                    yield index, answer_from_json(form)
                elif "ended" in event:
                    whole = True
                    self._check(event["ended"])
                else:
                    self._pass_on(child, event)
            if not whole:
                self._give_up(child)
        finally:
            if not whole:  # the rest of its answers would be taken for those to other questions
                self.close()

    def _pass_on(self, child: Child, event: Mapping[str, Any]) -> None:
        """Tell the journal what the engine tells it there."""
        if "record" in event:
            key, value = event["record"]
            self.journal.record(key, value)
            child.tell({"recorded": key})
        elif "notice" in event:
            self.journal.notice(event["notice"])
        elif "attempt" in event:
            self.journal.attempt(Attempt(**event["attempt"]))

    def _check(self, ended: Mapping[str, Any] | None) -> None:
        if ended is None:
            return
        what = f"model {self.model.name}: {ended['reason']}"
        if "traceback" not in ended:
            raise EngineError(what, ended["hint"])
        bug = JobError(what, ended["hint"])
        bug.add_note(ended["traceback"])
        raise bug

    def _give_up(self, child: Child) -> None:
        raise EngineError(
            f"model {self.model.name}: its process {child.how_it_ended()}",
            "what it printed stands above; a killed process often means too little memory",
        )
