"""A model as DSPy gets it without evalkit: every question is computed by itself."""

from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from evalkit import Completion, Engine, Failure, Params, Request, ResolvedModel


class Unbatched(Engine):
    """Answers one request after another by the library's own ``generate``."""

    def __init__(self, model: ResolvedModel) -> None:
        """Load the model."""
        super().__init__(model, Params())
        assert model.folder is not None
        self._tokenizer: Any = AutoTokenizer.from_pretrained(model.folder)
        self._model: Any = AutoModelForCausalLM.from_pretrained(
            model.folder, dtype=getattr(torch, model.dtype)
        )

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | Failure]]:
        """Answer greedily."""
        for at, request in enumerate(requests):
            yield at, self._answer(request)

    @torch.no_grad()
    def _answer(self, request: Request) -> Completion:
        started = perf_counter()
        chat = [{"role": turn.role, "content": turn.content} for turn in request.messages]
        inputs = self._tokenizer.apply_chat_template(
            chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        length = inputs["input_ids"].shape[1]
        out = self._model.generate(**inputs, max_new_tokens=request.max_tokens, do_sample=False)
        ids = out[0, length:].tolist()
        ended = ids[-1] == self._tokenizer.eos_token_id
        return Completion(
            text=self._tokenizer.decode(ids, skip_special_tokens=True),
            finish_reason="stop" if ended else "length",
            prompt_tokens=length,
            completion_tokens=len(ids),
            latency_s=perf_counter() - started,
        )
