"""A plugin with one engine, ``instant``: it answers at once, so that only evalkit's work is timed.

It looks an input up in the sample corpus and answers with its triples; every third answer has
one triple wrong and one too many, so that metrics have something to match.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from evalkit import (
    Completion,
    Engine,
    Entry,
    Failure,
    Notify,
    Params,
    Request,
    ResolvedModel,
    hookimpl,
)
from evalkit_webnlg.params import TriplesParams
from evalkit_webnlg.task import TriplesTask


@hookimpl
def evalkit_engines() -> Iterable[Entry]:
    """The one engine."""
    return [
        Entry(
            name="instant",
            target="benchmarks.instant:InstantEngine",
            resolver="benchmarks.instant:resolve",
            summary="answers from a table, at once",
        )
    ]


def resolve(name: str, params: Params, notify: Notify) -> ResolvedModel:
    """The model that there is."""
    return ResolvedModel(name=name, engine="instant", revision="1", device="cpu")


class InstantEngine(Engine):
    """Answers from a table that is made before the first request."""

    def __init__(self, model: ResolvedModel, params: Params) -> None:
        """Make the table."""
        super().__init__(model, params)
        self._answers = answers()

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | Failure]]:
        """Look each input up."""
        answers = self._answers
        for index, request in enumerate(requests):
            yield index, answers[request.messages[-1].content]


def answers() -> Mapping[str, Completion]:
    """Text of the sample corpus -> the answer to it."""
    task = TriplesTask(TriplesParams())
    table = {}
    for number, example in enumerate(task.load("test")):
        triples = [list(triple) for triple in example.target]
        if number % 3 == 0:
            triples[0][2] = "something else"
            triples.append(["one", "too", "many"])
        text = task.render_target(triples)
        words = len(text.split())
        table[task.render_input(example)] = Completion(
            text=text, finish_reason="stop", prompt_tokens=60, completion_tokens=2 * words
        )
    return table
