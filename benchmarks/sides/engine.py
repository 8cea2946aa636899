"""Our side of text generation: the engine ``transformers`` through ``Engine.generate``."""

from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any

from jinja2 import TemplateError
from transformers import AutoTokenizer

from benchmarks.serve import serve
from benchmarks.sides.common import answer_facts, prompt_facts, read_requests
from evalkit import ChatTemplate, Completion, Engine, Failure, Journal, Message, Request
from evalkit.serialization import request_from_json, resolved_from_json
from evalkit_transformers.engine import TransformersEngine
from evalkit_transformers.params import TransformersParams

_HELLO = Request(messages=(Message("user", "Hello"),), max_tokens=1)


class Generation:
    """Answers the requests with an engine that has forgotten all that it answered before."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Load the model and read the requests."""
        model = resolved_from_json(setup["model"])
        self._tokenizer = AutoTokenizer.from_pretrained(model.folder)
        self._requests = {
            shots: [request_from_json(form) for form in forms]
            for shots, forms in read_requests(setup["requests"]).items()
        }
        self._engine = TransformersEngine(model, TransformersParams(dtype="bfloat16"))
        renderer = ChatTemplate(self._tokenizer, TemplateError)
        self.facts: Mapping[str, Any] = {
            "prompts": {
                shots: prompt_facts([renderer.tokens(one.messages) for one in requests])
                for shots, requests in self._requests.items()
            }
        }

    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer the requests with so many demos."""
        as_new(self._engine)
        requests = self._requests[order["shots"]]
        started = perf_counter()
        answers = dict(self._engine.generate(requests))
        seconds = perf_counter() - started
        texts = [one.text for one in completed(answers[at] for at in range(len(requests)))]
        return {"seconds": seconds, **answer_facts(texts, self._tokenizer)}

    def close(self) -> None:
        """Give the model back."""
        self._engine.close()


def as_new(engine: Engine) -> None:
    """Make an engine as it is at the first batch of a cell: loaded, with nothing remembered.

    It loads the model again, whose prefixes and budget are gone, and answers a greeting.
    """
    engine.close()
    engine.journal = Journal()
    completed(answer for _, answer in engine.generate([_HELLO]))
    engine.journal = Journal()


def completed(answers: Iterable[Completion | Failure]) -> list[Completion]:
    """The answers, none of which may be a Failure.

    Raises:
        RuntimeError: one of them is.
    """
    found = []
    for answer in answers:
        if isinstance(answer, Failure):
            raise RuntimeError(answer.reason)
        found.append(answer)
    return found


if __name__ == "__main__":
    serve(Generation, "torch", "transformers", "evalkit-core", "evalkit-transformers")
