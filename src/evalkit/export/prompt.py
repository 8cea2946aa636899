"""``prompt.json``: what a cell asks, so that it can be asked without evalkit."""

from dataclasses import asdict
from typing import Any, NoReturn

from evalkit.contexts import PredictionContext, TaskView
from evalkit.interfaces import Adapter, DirectPredictor, Program, SingleRequest, Task
from evalkit.predict import make_request
from evalkit.records import AdaptedModel, Example, Request

PROMPT = "prompt.json"
SCHEMA = "evalkit-prompt/1"


class _OutOfReach:
    """In place of what a chat for all inputs cannot depend on: looking at it is an error."""

    def _refuse(self, *_: object) -> NoReturn:
        raise RuntimeError("there is no example when a prompt is exported")

    __len__ = __bool__ = __iter__ = __contains__ = __getitem__ = _refuse


_UNKNOWN: Any = _OutOfReach()
_BLANK = Example(id="", source="", fields=_UNKNOWN, target=None)


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
    program = _program(adapter, adapted, blank)
    asked = _first_request(program, placeholder)
    request = asked or make_request(blank, adapted, _BLANK)
    plain = type(program) is SingleRequest
    code = type(adapter if program is None else program)
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
        "program": None if plain else f"{code.__module__}:{code.__qualname__}",
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


def _program(
    adapter: Adapter, adapted: AdaptedModel, blank: _BlankTask
) -> Program | DirectPredictor | None:
    """The method's program; None if it cannot be made without the training examples."""
    try:
        return adapter.program(adapted, PredictionContext(blank, _UNKNOWN, adapted))
    except Exception:  # a method is not made to work without them
        return None


def _first_request(program: Program | DirectPredictor | None, placeholder: str) -> Request | None:
    """What a program asks first about an input.

    None if that cannot be said beforehand: a program may look into the example, or choose
    training examples that fit it.
    """
    if program is None or isinstance(program, DirectPredictor):
        return None
    try:
        request = next(program.steps(_BLANK))
    except Exception:  # a program is not made to be asked without an example
        return None
    shown = any(placeholder in message.content for message in request.messages)
    return request if shown else None
