"""lm-eval's side of text generation: its backend ``hf``, all texts in one batch.

It runs in the peers' environment. Prompts are handed over rendered, as lm-eval does it when a
chat template is applied.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM

from benchmarks.serve import serve
from benchmarks.sides.common import Form, answer_facts, chat, prompt_facts, read_requests


class Generation:
    """Answers the requests through ``HFLM.generate_until``."""

    def __init__(self, setup: Mapping[str, Any]) -> None:
        """Load the model and render the prompts."""
        model = setup["model"]
        forms = read_requests(setup["requests"])
        self._lm = HFLM(
            pretrained=model["folder"],
            device=model["device"],
            dtype=model["dtype"],
            batch_size=max(map(len, forms.values())),
        )
        self._instances = {
            shots: [self._instance(number, form) for number, form in enumerate(of_shots)]
            for shots, of_shots in forms.items()
        }
        self.facts: Mapping[str, Any] = {
            "prompts": {
                shots: prompt_facts(self._ids([one.args[0] for one in instances]))
                for shots, instances in self._instances.items()
            }
        }

    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer the requests with so many demos."""
        started = perf_counter()
        texts = self._lm.generate_until(self._instances[order["shots"]], disable_tqdm=True)
        seconds = perf_counter() - started
        return {"seconds": seconds, **answer_facts(texts, self._lm.tokenizer)}

    def close(self) -> None:
        """Nothing outlives the process."""

    def _instance(self, number: int, form: Form) -> Instance:
        prompt = self._lm.apply_chat_template(chat(form), add_generation_prompt=True)
        # lm-eval adds the end token to the texts at which it stops.
        rules = {
            "until": form["stop"],
            "max_gen_toks": form["max_tokens"],
            "do_sample": False,
        }
        return Instance("generate_until", {}, (prompt, rules), number)

    def _ids(self, prompts: list[str]) -> list[list[int]]:
        """The tokens of the batch as it goes into the model, padding left out."""
        ids, mask = self._lm.tok_batch_encode(prompts)
        return [row[kept.bool()].tolist() for row, kept in zip(ids, mask, strict=True)]


if __name__ == "__main__":
    serve(Generation, "torch", "transformers", "lm_eval")
