"""The frozen records that flow through a run: plain data, one word for each thing.

A record never holds a model, a file handle or a secret, so that it can be written to JSON and
sent to another process as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""Whatever strict JSON can hold (no NaN, no infinity)."""

Outcome: TypeAlias = Literal["parsed", "malformed", "empty", "truncated", "refused"]
"""What an answer was. Every outcome is scored on what can be read of the answer."""

FinishReason: TypeAlias = Literal["stop", "length", "choice", "refusal"]
"""Why a completion ended: a stop rule, the token limit, a forced choice, or a refusal."""

SOURCE_JOIN = " + "
"""Between the ids of the entries from which one example was put together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One input with its target.

    Attributes:
        id: unique within its split.
        source: id of the entry it was made from, or ids of several joined by ``SOURCE_JOIN``;
            examples that share an entry are not independent.
        fields: the named values that a task renders into its input, for instance ``text``.
        target: the right answer, in the form that the task's ``parse`` returns.
        groups: names by which results may be broken down, for instance ``domain``.
    """

    id: str
    source: str
    fields: Mapping[str, Json]
    target: Json
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of the entries it was made from."""
        return tuple(self.source.split(SOURCE_JOIN))


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat.

    Attributes:
        role: who speaks.
        content: the text of the turn.
    """

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalWeights:
    """Trained weights in a folder on this machine.

    Attributes:
        folder: absolute path of the folder with the files.
        kind: how they are applied, for instance ``lora``.
        sha256: hash over the weight files; caches are keyed by it.
    """

    folder: str
    kind: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedModel:
    """Weights that a provider trained and keeps.

    Attributes:
        provider: who keeps them.
        job_id: the provider's id of the training job.
        model_id: the name under which the provider serves them.
    """

    provider: str
    job_id: str
    model_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to an engine.

    Attributes:
        messages: the chat so far; the engine renders it with the model's own template.
        max_tokens: the most tokens to generate.
        temperature: 0 is greedy.
        stop: texts that end the answer; they are not part of it.
        seed: seed of the sampling; without effect at temperature 0.
        schema: JSON schema that the answer must follow, where the engine can enforce one.
        choices: if given, nothing is generated: the answer is the likeliest of these texts.
        weights: trained weights to apply on top of the model.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    seed: int | None = None
    schema: Mapping[str, Json] | None = None
    choices: tuple[str, ...] | None = None
    weights: LocalWeights | HostedModel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """An engine's answer to one Request.

    Attributes:
        text: what was generated, special tokens and stop texts removed; for a request with
            choices, the chosen one.
        finish_reason: why it ended.
        prompt_tokens: tokens of the rendered prompt, shared prefixes counted in full.
        completion_tokens: tokens generated (with choices: tokens of all choices).
        cached_tokens: prompt tokens that were not computed anew, thanks to a shared prefix.
        latency_s: seconds from handing the request's batch to the model until this answer
            was complete. In a batch this is no serving latency.
        logprobs: with choices, the natural-log probability of each choice given the prompt,
            summed over its tokens, in the order of the request.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    latency_s: float = 0.0
    logprobs: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """No answer could be had. Never a score of 0.

    Attributes:
        reason: what failed, for a person.
        kind: ``engine``, ``adapter``, ``metric``, ``comparison``, ``task``, ``plugin`` or
            ``machine``; ``prompt`` if it does not fit into the model's context.
        hint: what to do about it, or an empty string.
    """

    reason: str
    kind: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one or more answers took.

    Attributes:
        requests: how many requests were sent.
        prompt_tokens: tokens of the prompts.
        completion_tokens: tokens generated.
        cached_tokens: prompt tokens that a shared prefix saved.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0

    def plus(self, other: "Usage") -> "Usage":
        """The sum of both."""
        return Usage(
            requests=self.requests + other.requests,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
        )

    @classmethod
    def of(cls, completion: Completion) -> "Usage":
        """The usage of a single completion."""
        return cls(
            requests=1,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            cached_tokens=completion.cached_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a task read out of an answer.

    Attributes:
        value: the readable part, in the form of ``Example.target``; what cannot be read at
            all is the task's empty value.
        malformed: whether some of the answer could not be read.
    """

    value: Json
    malformed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The answer to one Example, or the Failure to get one.

    Attributes:
        example_id: id of the Example.
        text: the raw answer; empty when there is a failure.
        value: what the task read out of it; None when there is a failure.
        outcome: what the answer was; None when there is a failure.
        failure: why there is no answer; None when there is one.
        usage: tokens and requests.
        latency_s: seconds over all steps, as in Completion.
    """

    example_id: str
    text: str = ""
    value: Json = None
    outcome: Outcome | None = None
    failure: Failure | None = None
    usage: Usage = field(default_factory=Usage)
    latency_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a metric says of one Prediction.

    Attributes:
        example_id: id of the Example.
        values: named parts, finite numbers; the metric's ``aggregate`` knows their meaning.
    """

    example_id: str
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Demo:
    """An example as it is shown in a prompt.

    Attributes:
        input: the rendered input.
        target: the rendered target.
        id: id of the training Example it shows; empty for one that was made up.
    """

    input: str
    target: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a method puts before the input.

    Attributes:
        instruction: what to do and how to write the answer.
        demos: solved examples, in the order in which they are shown.
    """

    instruction: str
    demos: tuple[Demo, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptedModel:
    """What an adapter returns: a prompt, weights, or both. Plain data plus files.

    Attributes:
        prompt: what is put before the input.
        weights: trained weights, if there are any.
        state: whatever else the adapter's ``program`` needs at prediction.
        report: what the adaptation has to tell (loss curve, candidates, counts). The keys
            ``demos`` (int) and ``optimizer`` (str) appear in the table. By ``demos_requested``
            (int: how many demos it was asked to show) and ``weights_applied`` (bool: whether its
            weights were seen to change what the model computes) comparisons are checked.
    """

    prompt: Prompt
    weights: LocalWeights | HostedModel | None = None
    state: Mapping[str, Json] = field(default_factory=dict)
    report: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedModel:
    """A model as an engine found it: what exactly would answer.

    Attributes:
        name: the name by which the suite refers to it.
        engine: name of the engine plugin.
        revision: hash or commit of the weights; another revision is another model.
        dtype: number format in which it will really compute.
        folder: folder with config, tokenizer and safetensors, if there is a local one.
        template_sha256: hash of the chat template.
        context_length: the most tokens of prompt and answer together; 0 if unknown.
        abilities: what the engine can do with it: ``generate``, ``choices``, ``schema``,
            ``weights:lora``, ``files`` (the folder may be trained on), ``independent`` (an answer
            does not depend on what else is asked with it), ``serve`` (single requests at any
            time), ...
        device: where it will run, for instance ``cpu`` or ``cuda``.
    """

    name: str
    engine: str
    revision: str
    dtype: str = ""
    folder: str | None = None
    template_sha256: str = ""
    context_length: int = 0
    abilities: frozenset[str] = frozenset({"generate"})
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One point of the matrix: task x model x adapter x parameters x training size x seed.

    Attributes:
        id: short, readable, unique within the suite, fit for a file name.
        task: name of the task.
        model: name of the model.
        adapter: name by which the suite refers to the adapter.
        use: name of the adapter plugin.
        params: the adapter's parameters, in the suite's spelling.
        train_size: training examples in reach of the adapter: 0 if it uses none, None for all.
        seed: seed of the draw of training examples and of the adapter.
    """

    id: str
    task: str
    model: str
    adapter: str
    use: str
    params: Mapping[str, Json]
    train_size: int | None
    seed: int
