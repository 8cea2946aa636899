"""The engine: vLLM, started when it is first asked, and ended with all its processes.

vLLM is started without LoRA weights, as it is faster that way. The first request with some
starts it anew, with room for them; so does one of a higher rank.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING

from evalkit import Completion, Engine, EngineError, Failure, LocalWeights, Request, ResolvedModel
from evalkit_vllm.lora import room_for
from evalkit_vllm.params import VllmParams
from evalkit_vllm.quiet import quietly, reason

if TYPE_CHECKING:
    from evalkit_vllm.server import Server

Answers = Iterator[tuple[int, Completion | Failure]]
Answer = Callable[[Sequence[Request]], Answers]

_MEMORY = (
    "set a smaller max-model-len or another gpu-memory (on a processor: cpu-kv-cache-gb),\n"
    "or take a smaller model or dtype"
)


class VllmEngine(Engine):
    """Runs a causal language model through vLLM."""

    params: VllmParams

    def __init__(self, model: ResolvedModel, params: VllmParams) -> None:
        """Keep what is to be loaded; nothing is started yet."""
        super().__init__(model, params)
        self._server: Server | None = None
        self._log: IO[bytes] | None = None

    def generate(self, requests: Sequence[Request]) -> Answers:
        """Answer requests greedily, or sampled where they have a temperature.

        ``completion_tokens`` counts the token that ended the answer. A prompt that, together
        with ``max_tokens``, exceeds the context is a Failure.

        Raises:
            EngineError: vLLM cannot be started, or died.
        """
        if requests and not self._stopping():
            server = self._ready(requests)
            from evalkit_vllm.answering import write  # it imports vLLM, which can be done now

            yield from self._in_parts(requests, partial(write, server, self._stopping))

    def score(self, requests: Sequence[Request]) -> Answers:
        """Answer requests with choices by the log-probability of each whole answer.

        A choice's log-probability is the sum over its tokens and the end of the answer, so that
        choices of different length can be compared; the likeliest becomes the text.

        Raises:
            EngineError: as for `generate`.
        """
        if requests and not self._stopping():
            server = self._ready(requests)
            from evalkit_vllm.answering import weigh  # it imports vLLM, which can be done now

            yield from self._in_parts(requests, partial(weigh, server, self._stopping))

    def close(self) -> None:
        """End vLLM with all its processes."""
        server, self._server = self._server, None
        log, self._log = self._log, None
        if server is not None:
            server.close()
        if log is not None:
            log.close()

    def _stopping(self) -> bool:
        return self.journal.stopping

    def _in_parts(self, requests: Sequence[Request], answer: Answer) -> Answers:
        """Answer the requests that want weights after those that want none.

        In one batch, vLLM 0.32 on a processor applies weights to those that want none as well:
        its operations take their place, -1, for the last.
        """
        for weighted in (False, True):
            part = [at for at, r in enumerate(requests) if (r.weights is not None) is weighted]
            with self._explained():
                for at, found in answer([requests[at] for at in part]):
                    yield part[at], found

    def _ready(self, requests: Sequence[Request]) -> "Server":
        """A running vLLM with all the weights that the requests want."""
        wanted = (r.weights for r in requests if isinstance(r.weights, LocalWeights))
        sets = list(dict.fromkeys(wanted))
        rank = room_for(sets, self.params.max_lora_rank)
        if self._server is not None and rank > self._server.lora_rank:
            self.close()
        if self._server is None:
            self._server = self._start(rank)
        with self._explained():
            self._server.load(sets)
        return self._server

    def _start(self, lora_rank: int) -> "Server":
        if find_spec("vllm") is None:
            raise EngineError(
                f"model {self.model.name}: vLLM is not installed for {sys.executable}",
                "name the interpreter of an environment that has it beside the model's engine:\n"
                'python = "/path/to/env/bin/python"',
            )
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - open as long as vLLM lives
        # Even without compiled models, vLLM would compile small functions when they are needed.
        eager = self.params.eager_on(self.model.device)
        settings = {"TORCHDYNAMO_DISABLE": "1"} if eager else {}
        with self._explained(), quietly(self._log, **settings):
            # vLLM reads its settings when it is imported.
            from evalkit_vllm.server import Server

            return Server(self.model, self.params, lora_rank)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in vLLM's own words why it failed; it is ended then."""
        try:
            yield
        except EngineError:
            self.close()
            raise
        except Exception as error:
            said = reason(self._log) if self._log is not None else ""
            self.close()
            what = said or f"{type(error).__name__}: {error}"
            hint = _MEMORY if "memory" in what.lower() or "KV cache" in what else ""
            raise EngineError(f"model {self.model.name}: vLLM failed: {what}", hint) from error
