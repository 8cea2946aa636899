"""Requests made ready for the model: rendered, tokenised, measured."""

from dataclasses import dataclass

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from evalkit import ChatTemplate, Completion, Failure, HostedModel, Request
from evalkit_transformers.constraints import Grammars, SchemaError
from evalkit_transformers.decode import Answer

_SIMPLER = "leave that out of the schema; a declared task may also set constrain = false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request that is ready for the model.

    Attributes:
        index: its position among the requests handed over.
        request: the request.
        prompt: token ids of the rendered prompt, at least one.
        choices: token ids of each choice; empty if the answer is to be generated.
    """

    index: int
    request: Request
    prompt: list[int]
    choices: tuple[list[int], ...] = ()

    @property
    def room(self) -> int:
        """The most tokens that can follow the prompt."""
        return max(map(len, self.choices)) if self.choices else self.request.max_tokens

    def written(self, answer: Answer, *, cached: int, latency_s: float) -> Completion | Failure:
        """The completion of a generated answer."""
        assert answer.reason is not None
        if answer.guide is not None and answer.guide.problem:
            return _failure(f"the JSON schema could not be followed: {answer.guide.problem}")
        return Completion(
            text=answer.text,
            finish_reason=answer.reason,
            prompt_tokens=len(self.prompt),
            completion_tokens=len(answer.tokens),
            cached_tokens=cached,
            latency_s=latency_s,
        )

    def chosen(self, logprobs: tuple[float, ...], *, cached: int, latency_s: float) -> Completion:
        """The completion of a choice: the likeliest, the first of equals."""
        assert self.request.choices is not None
        return Completion(
            text=self.request.choices[logprobs.index(max(logprobs))],
            finish_reason="choice",
            prompt_tokens=len(self.prompt),
            completion_tokens=sum(map(len, self.choices)),
            cached_tokens=cached,
            latency_s=latency_s,
            logprobs=logprobs,
        )


class Preparer:
    """Turns requests into jobs."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, grammars: Grammars, context_length: int
    ) -> None:
        """Prepare for one model; a context length of 0 means that it is not known."""
        self._grammars = grammars
        self._chat = ChatTemplate(tokenizer, TemplateError)
        self._context_length = context_length

    def prepare(self, index: int, request: Request) -> Job | Failure:
        """The job of a request, or why it cannot be answered."""
        if isinstance(request.weights, HostedModel):
            return _failure("this engine runs local models only")
        if request.choices == ():
            return _failure("there are no choices to choose from")
        try:
            self._grammars.guide(request.schema)
            prompt = self._chat.tokens(request.messages)
            # Each choice by itself, since another prompt may go before it.
            choices = tuple(self._chat.plain(text) for text in request.choices or ())
        except UnicodeEncodeError as error:
            return _failure(f"the request holds what is no text: {error}")
        except SchemaError as error:
            return _failure(f"the JSON schema cannot be enforced: {error}", _SIMPLER)
        except TemplateError as error:
            return _failure(f"the chat template refuses the messages: {error}")
        job = Job(index=index, request=request, prompt=prompt, choices=choices)
        length = len(prompt) + job.room
        if self._context_length and length > self._context_length:
            return Failure(
                reason=f"{len(prompt)} tokens of prompt and {job.room} of answer are {length}, "
                f"the model's context holds {self._context_length}",
                kind="prompt",
                hint="use fewer demos, shorter inputs or a smaller max-tokens",
            )
        return job


def _failure(reason: str, hint: str = "") -> Failure:
    return Failure(reason=reason, kind="engine", hint=hint)
