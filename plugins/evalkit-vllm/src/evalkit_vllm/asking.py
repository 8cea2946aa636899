"""Requests as vLLM takes them: token ids, sampling parameters, trained weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jinja2 import TemplateError
from vllm import SamplingParams
from vllm.exceptions import VLLMClientError
from vllm.lora.request import LoRARequest
from vllm.sampling_params import StructuredOutputsParams

from evalkit import ChatTemplate, Failure, HostedModel, LocalWeights, Request

REFUSED = (ValueError, VLLMClientError)
"""What vLLM raises for a request that it will not take."""

FindWeights = Callable[[LocalWeights | None], LoRARequest | Failure | None]
"""Weights as vLLM refers to them, None for none; or why they cannot be applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What vLLM is asked.

    Attributes:
        prompt: token ids of the rendered prompt, at least one.
        sampling: how to go on from there.
        weights: trained weights to apply; None for the bare model.
    """

    prompt: list[int]
    sampling: SamplingParams
    weights: LoRARequest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A request with choices, as token ids.

    Attributes:
        request: the request.
        prompt: token ids of the rendered prompt.
        choices: token ids of each choice, tokenised by itself; one may be empty.
        weights: trained weights to apply; None for the bare model.
    """

    request: Request
    prompt: list[int]
    choices: tuple[tuple[int, ...], ...]
    weights: LoRARequest | None


class Preparer:
    """Makes of requests what vLLM takes, or Failures that say why it cannot."""

    def __init__(self, chat: ChatTemplate, context_length: int, weights: FindWeights) -> None:
        """Prepare for one model.

        Args:
            chat: renders its chats.
            context_length: the most tokens of prompt and answer.
            weights: finds the weights of a request.
        """
        self._chat = chat
        self._context_length = context_length
        self._weights = weights

    def question(self, request: Request) -> Ask | Failure:
        """What to ask for a request whose answer is to be generated."""
        prompt = self._prompt(request, room=lambda: request.max_tokens)
        if isinstance(prompt, Failure):
            return prompt
        try:
            sampling = _sampling(request)
        except REFUSED as error:
            return failed(f"vLLM refuses the request: {error}")
        weights = self._lora(request)
        if isinstance(weights, Failure):
            return weights
        return Ask(prompt=prompt, sampling=sampling, weights=weights)

    def choice(self, request: Request) -> Choice | Failure:
        """A request with choices, tokenised."""
        if not request.choices:
            return failed("there are no choices to choose from")
        try:
            choices = tuple(tuple(self._chat.plain(text)) for text in request.choices)
        except UnicodeEncodeError as error:
            return failed(f"the choices hold what is no text: {error}")
        # One more than the longest: behind it, the model is asked whether the answer ends.
        prompt = self._prompt(request, room=lambda: max(map(len, choices)) + 1)
        if isinstance(prompt, Failure):
            return prompt
        weights = self._lora(request)
        if isinstance(weights, Failure):
            return weights
        return Choice(request=request, prompt=prompt, choices=choices, weights=weights)

    def _lora(self, request: Request) -> LoRARequest | Failure | None:
        if isinstance(request.weights, HostedModel):
            return failed("this engine runs local models only")
        return self._weights(request.weights)

    def _prompt(self, request: Request, room: Callable[[], int]) -> list[int] | Failure:
        """The ids of the prompt, if it leaves room for so many tokens behind it."""
        try:
            prompt = self._chat.tokens(request.messages)
        except UnicodeEncodeError as error:
            return failed(f"the messages hold what is no text: {error}")
        except TemplateError as error:
            return failed(f"the chat template refuses the messages: {error}")
        if len(prompt) + room() > self._context_length:
            return Failure(
                reason=f"{len(prompt)} tokens of prompt and {room()} of answer are "
                f"{len(prompt) + room()}, the model's context holds {self._context_length}",
                kind="prompt",
                hint="use fewer demos, shorter inputs or a smaller max-tokens",
            )
        return prompt


def _sampling(request: Request) -> SamplingParams:
    """Greedy, or a plain sample at the request's temperature."""
    return SamplingParams(
        temperature=request.temperature,
        max_tokens=request.max_tokens,
        stop=list(request.stop),
        seed=request.seed if request.temperature > 0 else None,
        structured_outputs=(
            StructuredOutputsParams(json=dict(request.schema))
            if request.schema is not None
            else None
        ),
    )


def next_token(ids: Sequence[int]) -> SamplingParams:
    """Ask for one token, and for the log-probabilities of given ones in its place."""
    return SamplingParams(
        temperature=0, max_tokens=1, logprob_token_ids=list(ids), detokenize=False
    )


def failed(reason: str, hint: str = "") -> Failure:
    """A Failure of this engine."""
    return Failure(reason=reason, kind="engine", hint=hint)
