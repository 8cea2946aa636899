"""A plugin with one engine, ``varied``: it answers at once, the better the more demos it is shown.

It knows the triples of the evaluation split, and gives them with the faults that models make: facts
left out, worded otherwise, taken from another text, and now and then no triples at all. The same
request always has the same answer. Asked for a schema it is a judge, with reasons.
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from zlib import crc32

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

DATA = "data/test.jsonl"
"""The evaluation split, seen from the working directory: rows with ``text`` and ``triples``."""

_ABILITIES = frozenset({"generate", "schema", "independent"})
_VERDICTS = ("A", "B", "TIE")
_REASONS = (
    "{0} lists every fact of the text; the other one leaves out {1}.",
    "{0} says that {1}, which the text does not.",
    "Both give {1}; {0} words it as the text does.",
)
_SECONDS_A_WORD = 0.02

Triple = Sequence[str]


@hookimpl
def evalkit_engines() -> Iterable[Entry]:
    """The one engine."""
    return [
        Entry(
            name="varied",
            target="benchmarks.varied:VariedEngine",
            resolver="benchmarks.varied:resolve",
            summary="answers from a table, with the faults of a model, at once",
        )
    ]


def resolve(name: str, params: Params, notify: Notify) -> ResolvedModel:
    """The model that there is."""
    return ResolvedModel(name=name, engine="varied", revision="1", abilities=_ABILITIES)


class VariedEngine(Engine):
    """Answers from a table that is made before the first request."""

    def __init__(self, model: ResolvedModel, params: Params) -> None:
        """Read the evaluation split."""
        super().__init__(model, params)
        rows = map(json.loads, Path(DATA).read_text(encoding="utf-8").splitlines())
        self._triples: Mapping[str, Sequence[Triple]] = {r["text"]: r["triples"] for r in rows}
        self._others = [triple for triples in self._triples.values() for triple in triples]

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | Failure]]:
        """Answer by a chance that repeats."""
        for index, request in enumerate(requests):
            demos = sum(message.role == "assistant" for message in request.messages)
            given = request.messages[-1].content
            chance = random.Random(crc32(f"{demos} {given}".encode()))
            text = self._verdict(chance) if request.schema else self._answer(given, demos, chance)
            words = len(text.split())
            yield (
                index,
                Completion(
                    text=text,
                    finish_reason="stop",
                    prompt_tokens=60 * (demos + 1),
                    completion_tokens=2 * words,
                    latency_s=round(_SECONDS_A_WORD * words * chance.uniform(0.8, 1.6), 6),
                ),
            )

    def _answer(self, text: str, demos: int, chance: random.Random) -> str:
        if chance.random() < 0.1 / (demos + 1):
            return f"The text says: {text}"
        skill = 0.5 + 0.5 * demos / (demos + 4)
        kept = [self._worded(triple, skill, chance) for triple in self._triples[text]]
        added = [chance.choice(self._others)] if chance.random() > skill else []
        return "\n".join(" | ".join(triple) for triple in [*filter(None, kept), *added])

    def _worded(self, triple: Triple, skill: float, chance: random.Random) -> Triple | None:
        if chance.random() < skill:
            return triple
        subject, relation, thing = triple
        return chance.choice(
            [None, (subject, relation, f"the {thing}"), (thing, relation, subject)]
        )

    def _verdict(self, chance: random.Random) -> str:
        verdict = chance.choice(_VERDICTS)
        fact = " ".join(chance.choice(self._others))
        reason = chance.choice(_REASONS).format(verdict, fact)
        return json.dumps({"rationale": reason[:700], "verdict": verdict})
