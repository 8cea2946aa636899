"""``prompt.json``: what a cell asks, so that it can be asked without evalkit."""

from dataclasses import asdict
from typing import Any

from evalkit.contexts import PredictionContext, TaskView
from evalkit.interfaces import Adapter, DirectPredictor, Program, SingleRequest, Task
from evalkit.predict import make_request
from evalkit.records import AdaptedModel, Example, Request

PROMPT = "prompt.json"
SCHEMA = "evalkit-prompt/1"
_BLANK = Example(id="", source="", fields={}, target=None)


class _BlankTask(TaskView):
    """A task whose every input is the placeholder."""

    def __init__(self, task: Task, placeholder: str) -> None:
        super().__init__(task)
        self._placeholder = placeholder

    def render_input(self, example: Example) -> str:
        return self._placeholder


def prompt_form(adapter: Adapter, adapted: AdaptedModel, task: Task) -> dict[str, Any]:
    """The content of ``prompt.json``; its fields are documented in the guide on exporting."""
    placeholder = _placeholder(adapted)
    blank = _BlankTask(task, placeholder)
    program = adapter.program(adapted, PredictionContext(blank, (), adapted))
    asked = _first_request(program)
    request = asked or make_request(blank, adapted, _BLANK)
    plain = type(program) is SingleRequest
    return {
        "schema": SCHEMA,
        "instruction": adapted.prompt.instruction,
        "demos": [asdict(demo) for demo in adapted.prompt.demos],
        "placeholder": placeholder,
        "messages": [asdict(message) for message in asked.messages] if asked else None,
        "request": {
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "stop": request.stop,
            "schema": request.schema,
            "choices": request.choices,
        },
        "program": None if plain else f"{type(program).__module__}:{type(program).__qualname__}",
        "state": {} if plain else adapted.state,
    }


def _placeholder(adapted: AdaptedModel) -> str:
    """A text that stands for the input, and stands nowhere in the prompt."""
    texts = [adapted.prompt.instruction]
    texts += [text for demo in adapted.prompt.demos for text in (demo.input, demo.target)]
    placeholder = "{input}"
    while any(placeholder in text for text in texts):
        placeholder = "{" + placeholder + "}"
    return placeholder


def _first_request(program: Program | DirectPredictor) -> Request | None:
    """What a program asks first about an input.

    None if that cannot be said beforehand: a program may look into the example or choose
    training examples that fit it, of which it has none here.
    """
    if isinstance(program, DirectPredictor):
        return None
    try:
        return next(program.steps(_BLANK))
    except Exception:  # a program is not made to be asked without an example
        return None
