"""A plugin of the tests: the fake engine, which writes down on disk what it is asked.

The file is named by ``FAULTS_ASKED``. Each request is a line, written at once and whole.
"""

import dataclasses
import hashlib
import json
import os
import sys
from collections.abc import Iterable

from pydantic import Field

from evalkit import AdaptationError, Entry, Metric, Params, hookimpl
from evalkit.testing.fakes.adapter import FakeAdapter
from evalkit.testing.fakes.engine import RuledEngine
from evalkit.testing.fakes.engine import resolve as resolve_fake
from evalkit.testing.fakes.params import FakeAdapterParams, FakeEngineParams

HERE = "tests.faults.engines"
NASTY = "lone \ud800, NUL \x00, bidi \u202e\u2066, bell \x07, \x1b[2J\x1b]0;title\x07, <b>&amp;"


@hookimpl
def evalkit_engines() -> Iterable[Entry]:
    resolver = f"{HERE}:resolve"
    return [
        Entry(name="noted", target=f"{HERE}:NotedEngine", resolver=resolver, params=f"{HERE}:Noted")
    ]


@hookimpl
def evalkit_adapters() -> Iterable[Entry]:
    return [
        Entry(name=name, target=f"{HERE}:{cls}", params=params)
        for name, cls, params in (
            ("exits", "Exits", f"{HERE}:ExitsParams"),
            ("says", "Says", "evalkit.testing.fakes.params:FakeAdapterParams"),
        )
    ]


@hookimpl
def evalkit_metrics() -> Iterable[Entry]:
    return [Entry(name="odd", target=f"{HERE}:Odd", params=f"{HERE}:OddParams")]


class Noted(FakeEngineParams):
    """As the fake engine."""

    batchwise: bool = Field(default=False, description="Answers depend on the batch.")
    say: str = Field(default="", description="`nasty` or `huge`: what it answers to all.")


def resolve(name, params, notify):
    return resolve_fake(name, params, notify)


class NotedEngine(RuledEngine):
    """Writes down what it is asked, before it answers."""

    def generate(self, requests):
        for index, request in enumerate(requests):
            if self.journal.stopping:
                return
            note("asked", request, size=len(requests))
            yield index, self._shaped(self._generated(request), len(requests))

    def score(self, requests):
        for index, request in enumerate(requests):
            if self.journal.stopping:
                return
            note("asked", request, size=len(requests))
            yield index, self._chosen(request)

    def _answer(self, request):
        text = super()._answer(request)
        if self.params.say == "nasty":
            return NASTY
        return "x" * 50_000_000 if self.params.say == "huge" else text

    def _shaped(self, answer, size):
        if not self.params.batchwise:
            return answer
        told = f"{answer.text} {self.journal.wave}/{size}"
        return dataclasses.replace(answer, text=told)


def note(what, request, *, size):
    """Append a line with what identifies a request."""
    form = [[m.role, m.content] for m in request.messages], request.choices, request.max_tokens
    digest = hashlib.sha256(json.dumps(form).encode()).hexdigest()[:16]
    line = json.dumps({"key": digest, "process": os.getpid(), "size": size})
    descriptor = os.open(os.environ["FAULTS_ASKED"], os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


class ExitsParams(Params):
    """How it leaves."""

    how: str = Field(default="sys.exit", description="`sys.exit` or `os._exit`.")


class Exits(FakeAdapter):
    """An adapter that ends its process."""

    def adapt(self, context):
        if self.params.how == "os._exit":
            os._exit(0)
        sys.exit(0)


class Says(FakeAdapter):
    """An adapter that fails with a text that no terminal should see."""

    params: FakeAdapterParams

    def adapt(self, context):
        raise AdaptationError(NASTY, NASTY)


class OddParams(Params):
    """What is odd."""

    value: float = Field(default=0.0, allow_inf_nan=True, description="What `aggregate` gives.")


class Odd(Metric):
    """A metric whose headline is no number."""

    headline = "odd"

    def score(self, target, value):
        return {"odd": 1.0}

    def aggregate(self, scores):
        return {"odd": float("nan") if self.params.value == 0 else float("inf")}
