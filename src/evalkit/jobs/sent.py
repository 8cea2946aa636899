"""What a method was taught, and what it really sent for the first examples.

For people who want to see the prompt and not what it should be: the program's own requests, with
the answers that it got, seen between the program and the core.
"""

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from evalkit.interfaces import DirectPredictor, Program, Steps
from evalkit.records import AdaptedModel, Completion, Example, HostedModel, Request
from evalkit.secrets import hide_in, hider

FIRST: Final = 3
"""So many examples are noted: their prompts differ in the input, and perhaps in demos."""

MOST_OF_A_TEXT: Final = 200_000
"""Characters of a text that are kept."""

MOST_OF_AN_EXAMPLE: Final = 1_000_000
"""Characters sent and answered after which the further steps of an example are only counted."""

Form = dict[str, Any]


@dataclass(slots=True)
class _Step:
    """A request, and the text that came back; None if none did."""

    request: Request
    answer: str | None = None

    @property
    def size(self) -> int:
        """Characters of it that are kept."""
        texts = [*(message.content for message in self.request.messages), self.answer or ""]
        return sum(min(len(text), MOST_OF_A_TEXT) for text in texts)


class Sent:
    """Notes what is sent for the first examples, and what comes back."""

    def __init__(self, examples: Sequence[Example]) -> None:
        """Note nothing yet."""
        self._first = {example.id for example in examples[:FIRST]}
        self._steps: dict[str, list[_Step]] = {}

    def by(self, program: Program | DirectPredictor) -> Program | DirectPredictor:
        """The same program, overheard. One that answers by itself sends nothing."""
        return program if isinstance(program, DirectPredictor) else _Overheard(program, self)

    def hear(self, example_id: str, steps: Steps[str]) -> Steps[str]:
        """The steps for an example, noted if it is among the first."""
        if example_id not in self._first:
            return steps
        return _noting(steps, self._steps.setdefault(example_id, []))

    def form(self, adapted: AdaptedModel) -> Form:
        """All of it as JSON, with keys hidden and very long texts cut.

        Beside a text that was cut stands ``left_out``, how many characters it lacks; beside the
        steps of an example ``more_steps``, how many there are that are not kept.
        """
        weights = adapted.weights
        kind = weights.provider if isinstance(weights, HostedModel) else weights and weights.kind
        form = {
            "instruction": adapted.prompt.instruction,
            "demos": [asdict(demo) for demo in adapted.prompt.demos],
            "weights": {"kind": kind} if weights else None,
            "sent": [_conversation(id_, steps) for id_, steps in self._steps.items()],
        }
        bounded: Form = _bounded(hide_in(form, hider()))
        return bounded


class _Overheard(Program):
    """A program whose conversations are noted."""

    def __init__(self, program: Program, sent: Sent) -> None:
        self._steps = program.steps
        self._sent = sent

    def steps(self, example: Example) -> Steps[str]:
        return self._sent.hear(example.id, self._steps(example))


def _noting(steps: Steps[str], noted: list[_Step]) -> Generator[Request, Completion, str]:
    """The same steps: whatever is sent, thrown, yielded, raised or returned passes through."""
    try:
        request = next(steps)
        while True:
            if isinstance(request, Request):  # whatever else it is, the core will refuse it
                noted.append(_Step(request))
            try:
                answer = yield request
            except Exception as error:
                request = steps.throw(error)
            else:
                noted[-1].answer = answer.text
                request = steps.send(answer)
    except StopIteration as stop:
        result: str = stop.value
        return result


def _conversation(example_id: str, steps: Sequence[_Step]) -> Form:
    kept: list[Form] = []
    size = 0
    for step in steps:
        if size > MOST_OF_AN_EXAMPLE:
            break
        size += step.size
        kept.append(_step(step))
    left = len(steps) - len(kept)
    return {"example": example_id, "steps": kept, **({"more_steps": left} if left else {})}


def _step(step: _Step) -> Form:
    request = step.request
    return {
        "messages": [asdict(message) for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
        "stop": list(request.stop),
        "choices": None if request.choices is None else list(request.choices),
        "schema": request.schema,
        "answer": step.answer,
    }


def _bounded(form: Any) -> Any:
    """A form with its long texts cut, which its objects then tell."""
    if isinstance(form, dict):
        texts = [text for text in form.values() if isinstance(text, str)]
        left_out = sum(max(0, len(text) - MOST_OF_A_TEXT) for text in texts)
        found = {key: _bounded(value) for key, value in form.items()}
        return {**found, "left_out": left_out} if left_out else found
    if isinstance(form, list):
        return [_bounded(item) for item in form]
    return form[:MOST_OF_A_TEXT] if isinstance(form, str) else form
