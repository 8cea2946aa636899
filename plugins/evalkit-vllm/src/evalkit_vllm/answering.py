"""Answers requests with a server: generates, or weighs choices."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

from vllm import RequestOutput

from evalkit import Completion, Failure, Request
from evalkit_vllm.asking import Ask, Choice, failed, next_token
from evalkit_vllm.choices import Beginning, Weighing
from evalkit_vllm.server import Server

Answers = Iterator[tuple[int, Completion | Failure]]
Stopping = Callable[[], bool]


def write(server: Server, stopping: Stopping, requests: Sequence[Request]) -> Answers:
    """Generate the answers, until no more are wanted."""
    started = perf_counter()
    asked = ((at, server.preparer.question(request)) for at, request in enumerate(requests))
    for at, output in server.run(asked, stopping):
        yield at, output if isinstance(output, Failure) else _written(output, started)


def weigh(server: Server, stopping: Stopping, requests: Sequence[Request]) -> Answers:
    """Find the log-probabilities of the choices, until no more are wanted."""
    started = perf_counter()
    scales: dict[int, Scale] = {}

    def asked() -> Iterator[tuple[tuple[int, Beginning], Ask | Failure]]:
        for at, request in enumerate(requests):
            choice = server.preparer.choice(request)
            if isinstance(choice, Failure):
                yield (at, ()), choice
            else:
                scales[at] = Scale(choice, Weighing(choice.choices, server.ends))
                yield from (((at, beginning), ask) for beginning, ask in scales[at].asks())

    answered: set[int] = set()
    for (at, beginning), output in server.run(asked(), stopping):
        if at in answered:
            continue  # one of its questions failed
        answer = output if isinstance(output, Failure) else scales[at].put(beginning, output)
        if isinstance(answer, Failure):
            yield at, answer
            answered.add(at)
        elif answer:
            yield at, scales.pop(at).chosen(perf_counter() - started)


@dataclass(slots=True)
class Scale:
    """A request with choices while they are weighed.

    Attributes:
        choice: the request.
        weighing: what is known of its choices.
        cached: tokens of its prompt that were not computed anew.
    """

    choice: Choice
    weighing: Weighing
    cached: int = 0

    def asks(self) -> Iterator[tuple[Beginning, Ask]]:
        """What to ask, each with the beginning of choices that it concerns."""
        for beginning, ids in self.weighing.questions:
            prompt = [*self.choice.prompt, *beginning]
            sampling = next_token(ids)
            yield beginning, Ask(prompt=prompt, sampling=sampling, weights=self.choice.weights)

    def put(self, beginning: Beginning, output: RequestOutput) -> bool | Failure:
        """Put an output on the scale; whether it was the last."""
        (answer,) = output.outputs
        if not answer.logprobs:
            return failed(f"vLLM gave the request up: {answer.finish_reason}")
        if not beginning:
            self.cached = output.num_cached_tokens or 0
        found = {token: entry.logprob for token, entry in answer.logprobs[0].items()}
        return self.weighing.learn(beginning, found)

    def chosen(self, latency_s: float) -> Completion:
        """The likeliest choice, the first of equals; after the last output."""
        logprobs = self.weighing.logprobs()
        texts = self.choice.request.choices
        assert texts is not None
        return Completion(
            text=texts[logprobs.index(max(logprobs))],
            finish_reason="choice",
            prompt_tokens=len(self.choice.prompt),
            completion_tokens=sum(map(len, self.choice.choices)),
            cached_tokens=self.cached,
            latency_s=latency_s,
            logprobs=logprobs,
        )


def _written(output: RequestOutput, started: float) -> Completion | Failure:
    """What vLLM generated."""
    (answer,) = output.outputs
    if answer.finish_reason not in ("stop", "length"):
        return failed(f"vLLM gave the request up: {answer.finish_reason}")
    return Completion(
        text=answer.text,
        finish_reason=answer.finish_reason,
        prompt_tokens=len(output.prompt_token_ids),
        completion_tokens=len(answer.token_ids),
        cached_tokens=output.num_cached_tokens or 0,
        latency_s=perf_counter() - started,
    )
