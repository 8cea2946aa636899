"""The one way from prompts to predictions, shared by every method, judge and optimiser.

A prompt is a generator of requests. All of them advance together: the requests of one wave go
to the engine as one batch, so that batching, prefix sharing and accounting are the same for a
method that asks once and for one that asks five times. No more than ``OPEN_AT_ONCE`` of them are
open at a time, so that memory does not grow with the number of examples.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import islice
from typing import Any, Generic, TypeVar

from evalkit.errors import EngineError, JobError
from evalkit.interfaces import DirectPredictor, Engine, Program, Steps, Task
from evalkit.lines import storable
from evalkit.records import (
    AdaptedModel,
    Completion,
    Demo,
    Example,
    Failure,
    Message,
    Outcome,
    Parsed,
    Prediction,
    Prompt,
    Request,
    Usage,
)
from evalkit.secrets import hide
from evalkit.serialization import digest

T = TypeVar("T")
Answer = Completion | Failure
Answering = Callable[[Sequence[Request]], Iterator[tuple[int, Answer]]]

OPEN_AT_ONCE = 4096
"""Conversations that are open at a time: far more than any engine computes at once."""


def render(prompt: Prompt, input_text: str) -> tuple[Message, ...]:
    """The chat for an input: the one template that every method shares.

    The instruction is the system turn (none if it is empty), each demo a user and an assistant
    turn, the input the last user turn. Prompts of one method therefore share everything but
    their last turn.
    """
    return (*_opening(prompt), Message("user", input_text))


@lru_cache(maxsize=8)  # every example's request holds the same records
def _opening(prompt: Prompt) -> tuple[Message, ...]:
    """The turns before the input."""
    demos = (
        message
        for demo in prompt.demos
        for message in (Message("user", demo.input), Message("assistant", demo.target))
    )
    system = (Message("system", prompt.instruction),) if prompt.instruction else ()
    return (*system, *demos)


def template_sha256() -> str:
    """Hash of the template and of the rules by which requests are made; part of identities."""
    probe = Prompt(instruction="i", demos=(Demo("a", "b"),))
    return digest([[m.role, m.content] for m in render(probe, "x")] + ["greedy"])


def make_request(task: Task, adapted: AdaptedModel, example: Example) -> Request:
    """The request for an example: shared template, the task's limits, greedy decoding."""
    return Request(
        messages=render(adapted.prompt, task.render_input(example)),
        max_tokens=task.max_tokens,
        stop=task.stop,
        schema=task.schema,
        choices=task.choices,
        weights=adapted.weights,
    )


def answers_of(
    engine: Engine, requests: Sequence[Request], *, gone: Callable[[], None] = lambda: None
) -> Iterator[tuple[int, Answer]]:
    """Answers in the order in which they come, one for each request, whatever the engine does.

    An engine that gives up, or forgets a request, leaves a Failure for what it did not answer;
    of several answers to one request the first counts. `gone` is called when it gives up.
    """
    for method, chosen in (
        (engine.generate, [i for i, r in enumerate(requests) if r.choices is None]),
        (engine.score, [i for i, r in enumerate(requests) if r.choices is not None]),
    ):
        open_indices = set(chosen)
        reason, hint = "the engine returned no answer to this request", ""
        try:
            for position, answer in method([requests[i] for i in chosen]) if chosen else ():
                _check_answer(position, answer, len(chosen))
                if chosen[position] in open_indices:
                    open_indices.remove(chosen[position])
                    if isinstance(answer, Failure):
                        answer = without_keys(answer)
                    yield chosen[position], answer
        except EngineError as error:
            reason, hint = hide(error.message), hide(error.hint)
            gone()
        for index in sorted(open_indices):
            yield index, Failure(reason=reason, kind="engine", hint=hint)


def _check_answer(position: Any, answer: Any, count: int) -> None:
    """Refuse what an engine must not return."""
    if not isinstance(position, int) or not 0 <= position < count:
        raise EngineError(f"the engine answered request {position!r}, which was not asked")
    if not isinstance(answer, Completion | Failure):
        raise EngineError(f"the engine answered with {type(answer).__name__}, no Completion")


_NOTHING_USED = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Generic[T]):
    """How one conversation ended.

    Attributes:
        result: what its generator returned; None if it failed.
        failure: why it failed; None if it did not.
        last: the last Completion it received; None if it asked nothing.
        usage: tokens and requests of all its steps.
        latency_s: seconds over all its steps.
    """

    result: T | None = None
    failure: Failure | None = None
    last: Completion | None = None
    usage: Usage = field(default_factory=Usage)
    latency_s: float = 0.0


class Conversation(Generic[T]):
    """One generator of requests, and what it has cost so far."""

    __slots__ = ("_kind", "_last", "_latency_s", "_refusal", "_start", "_steps", "_usage")

    def __init__(self, start: Callable[[], Steps[T]], kind: str) -> None:
        """Nothing is started before ``advance``.

        Args:
            start: makes the generator.
            kind: kind of the plugin that wrote it, for its Failures.
        """
        self._start = start
        self._kind = kind
        self._last: Completion | None = None
        self._usage = _NOTHING_USED
        self._latency_s = 0.0

    def advance(self, answer: Answer | None) -> Request | Ended[T]:
        """Send an answer (None at first); the next Request, or how the conversation ended."""
        try:
            request = self._next(answer)
            if not isinstance(request, Request):
                raise TypeError(f"steps yielded {type(request).__name__}, not a Request")
            return request
        except StopIteration as stop:
            return self._ended(result=stop.value)
        except Exception as error:  # a plugin's fault must not take the others with it
            if isinstance(answer, Failure) and error is self._refusal:
                return self._ended(failure=answer)  # the program let it pass: its kind is kept
            return self._ended(failure=failure_of(error, self._kind))

    def _next(self, answer: Answer | None) -> Request:
        if answer is None:
            self._steps = self._start()
            return next(self._steps)
        if isinstance(answer, Failure):
            self._refusal = EngineError(answer.reason, answer.hint)
            return self._steps.throw(self._refusal)
        used = Usage.of(answer)
        self._usage = used if self._last is None else self._usage.plus(used)
        self._last = answer
        self._latency_s += answer.latency_s
        return self._steps.send(answer)

    def _ended(self, result: T | None = None, failure: Failure | None = None) -> Ended[T]:
        return Ended(
            result=result,
            failure=failure,
            last=self._last,
            usage=self._usage,
            latency_s=self._latency_s,
        )


def failure_of(error: Exception, kind: str) -> Failure:
    """The Failure that stands for an exception raised by a plugin of this kind."""
    if isinstance(error, JobError):
        kind = "engine" if isinstance(error, EngineError) else kind
        return without_keys(Failure(reason=error.message, kind=kind, hint=error.hint))
    return without_keys(Failure(reason=f"{type(error).__name__}: {error}", kind=kind))


def without_keys(failure: Failure) -> Failure:
    """A Failure of a plugin as it may be kept, see ``evalkit.secrets``."""
    return replace(failure, reason=hide(failure.reason), hint=hide(failure.hint))


def drive(
    conversations: Mapping[str, Callable[[], Steps[T]]],
    answering: Answering,
    *,
    kind: str,
) -> Iterator[tuple[str, Ended[T]]]:
    """Advance all conversations in waves; yield each as it ends.

    Args:
        conversations: key -> function that starts the generator.
        answering: answers a batch, in any order.
        kind: kind of the plugin that wrote the generators.
    """
    yield from _drive(conversations.items(), answering, kind)


def _drive(
    conversations: Iterable[tuple[str, Callable[[], Steps[T]]]], answering: Answering, kind: str
) -> Iterator[tuple[str, Ended[T]]]:
    """Advance conversations, ``OPEN_AT_ONCE`` of them at a time."""
    rest = iter(conversations)
    while some := [(key, Conversation(start, kind)) for key, start in islice(rest, OPEN_AT_ONCE)]:
        yield from _drive_together(some, answering)


def _drive_together(
    conversations: Sequence[tuple[str, Conversation[T]]], answering: Answering
) -> Iterator[tuple[str, Ended[T]]]:
    wave: list[tuple[str, Conversation[T], Request]] = []
    for key, conversation in conversations:
        step = conversation.advance(None)
        if isinstance(step, Ended):
            yield key, step
        else:
            wave.append((key, conversation, step))
    while wave:
        following: list[tuple[str, Conversation[T], Request]] = []
        for index, answer in answering([request for _, _, request in wave]):
            key, conversation, _ = wave[index]
            step = conversation.advance(answer)
            if isinstance(step, Ended):
                yield key, step
            else:
                following.append((key, conversation, step))
        wave = sorted(following, key=lambda item: item[0])  # the same batches in every run


def predict(
    task: Task,
    program: Program | DirectPredictor,
    examples: Sequence[Example],
    answering: Answering,
) -> Iterator[Prediction]:
    """A Prediction for every example, as they come."""
    if isinstance(program, DirectPredictor):
        yield from _predict_directly(task, program, examples)
        return
    starts = ((example.id, partial(program.steps, example)) for example in examples)
    for example_id, ended in _drive(starts, answering, "adapter"):
        yield _prediction(task, example_id, ended)


def _predict_directly(
    task: Task, program: DirectPredictor, examples: Sequence[Example]
) -> Iterator[Prediction]:
    for example, answer in zip(examples, program.predict(examples), strict=True):
        ended: Ended[str] = (
            Ended(failure=without_keys(answer))
            if isinstance(answer, Failure)
            else Ended(result=answer)
        )
        yield _prediction(task, example.id, ended)


def _prediction(task: Task, example_id: str, ended: Ended[str]) -> Prediction:
    text = ended.result
    try:
        if ended.failure is not None:
            return _failed(example_id, ended, ended.failure)
        if not isinstance(text, str):
            reason = f"the program returned {type(text).__name__}, not the text of an answer"
            return _failed(example_id, ended, Failure(reason=reason, kind="adapter"))
        parsed = task.parse(text)
        if not isinstance(parsed, Parsed):
            raise TypeError(f"parse returned {type(parsed).__name__}, no evalkit.Parsed")
        value = storable(parsed.value)  # what cannot be stored is no value
    except Exception as error:  # parse must not raise; if it does, say so and go on
        return _failed(example_id, ended, failure_of(error, "task"))
    return Prediction(
        example_id=example_id,
        text=text,
        value=value,
        outcome=outcome_of(text, parsed.malformed, ended.last),
        usage=ended.usage,
        latency_s=ended.latency_s,
    )


def _failed(example_id: str, ended: Ended[str], failure: Failure) -> Prediction:
    return Prediction(
        example_id=example_id, failure=failure, usage=ended.usage, latency_s=ended.latency_s
    )


def outcome_of(text: str, malformed: bool, last: Completion | None) -> Outcome:
    """What an answer was; the first that applies of refused, empty, truncated, malformed."""
    reason = last.finish_reason if last else "stop"
    if reason == "refusal":
        return "refused"
    if not text.strip():
        return "empty"
    if reason == "length":
        return "truncated"
    return "malformed" if malformed else "parsed"
