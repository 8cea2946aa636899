"""A plugin with one engine, ``echo``: it answers at once with the question, and remembers nothing.

The fake engine of `evalkit.testing` keeps all that it was asked, which a measurement of memory
would measure too.
"""

from collections.abc import Iterable, Iterator, Sequence

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


@hookimpl
def evalkit_engines() -> Iterable[Entry]:
    """The one engine."""
    return [
        Entry(
            name="echo",
            target="benchmarks.echo:EchoEngine",
            resolver="benchmarks.echo:resolve",
            summary="answers with the question, at once",
        )
    ]


def resolve(name: str, params: Params, notify: Notify) -> ResolvedModel:
    """The model that there is."""
    abilities = frozenset({"generate", "independent"})
    return ResolvedModel(name=name, engine="echo", revision="1", abilities=abilities, device="cpu")


class EchoEngine(Engine):
    """Answers with the last turn."""

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | Failure]]:
        """Say what was said."""
        for index, request in enumerate(requests):
            text = request.messages[-1].content
            yield index, Completion(text=text, finish_reason="stop", completion_tokens=8)
