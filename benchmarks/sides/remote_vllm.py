"""Our side of vLLM: the engine ``vllm`` in its own environment, asked through the core."""

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from jinja2 import TemplateError
from transformers import AutoTokenizer

from benchmarks.serve import serve
from benchmarks.sides.common import answer_facts, prompt_facts, read_requests
from benchmarks.sides.engine import completed
from evalkit import ChatTemplate
from evalkit.serialization import request_from_json, resolved_from_json
from evalkit.testing import remote_engine
from evalkit_vllm.params import VllmParams


class Generation:
    """Answers the requests through a RemoteEngine."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Start the other process by a first question."""
        model = resolved_from_json(setup["model"])
        params = VllmParams.from_form(setup["params"])
        self._tokenizer = AutoTokenizer.from_pretrained(model.folder)
        self._renderer = ChatTemplate(self._tokenizer, TemplateError)
        self._requests = {
            shots: [request_from_json(form) for form in forms]
            for shots, forms in read_requests(setup["requests"]).items()
        }
        self._engine = remote_engine(model, params, Path(setup["python"]))
        first = next(iter(self._requests.values()))[:1]
        completed(answer for _, answer in self._engine.generate(first))
        self.facts: Mapping[str, Any] = {}

    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer the requests with so many demos."""
        requests = self._requests[order["shots"]]
        started = perf_counter()
        answered = dict(self._engine.generate(requests))
        seconds = perf_counter() - started
        answers = completed(answered[at] for at in range(len(requests)))
        texts = [answer.text for answer in answers]
        prompts = prompt_facts([self._renderer.tokens(one.messages) for one in requests])
        if sum(answer.prompt_tokens for answer in answers) != prompts["tokens"]:
            raise RuntimeError("the engine counted other prompt tokens than the template gives")
        return {"seconds": seconds, "prompts": prompts, **answer_facts(texts, self._tokenizer)}

    def close(self) -> None:
        """End the other process."""
        self._engine.close()


if __name__ == "__main__":
    serve(Generation, "evalkit-core", "evalkit-vllm")
