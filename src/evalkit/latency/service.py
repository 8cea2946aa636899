"""A cell as it would serve users: a request in, a conversation with the model, an answer."""

import threading
import time
from collections.abc import Sequence
from functools import partial

from evalkit.interfaces import Engine, Program
from evalkit.predict import Answer, Conversation, Ended, failure_of, without_keys
from evalkit.records import Completion, Example, Failure, Request


class Service:
    """Answers the evaluated examples one by one, in their order, over and over."""

    def __init__(self, program: Program, engine: Engine, examples: Sequence[Example]) -> None:
        """Answer `examples` by `program`, which asks `engine`."""
        self._program = program
        self._engine = engine
        self._examples = examples
        self._lock = threading.Lock()  # a program may count on being run by one thread

    def serve(self, number: int, deadline: float) -> Failure | None:
        """Answer a request; see ``evalkit.latency.sender.Serve``."""
        example = self._examples[number % len(self._examples)]
        conversation = Conversation(partial(self._program.steps, example), "adapter")
        step = self._advance(conversation, None)
        while isinstance(step, Request):
            step = self._advance(conversation, self._ask(step, deadline))
        return step.failure

    def _advance(
        self, conversation: Conversation[str], answer: Answer | None
    ) -> Request | Ended[str]:
        with self._lock:
            return conversation.advance(answer)

    def _ask(self, request: Request, deadline: float) -> Answer:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            answer = self._engine.ask(request, timeout_s=left)
        except TimeoutError:
            raise
        except Exception as error:  # whatever an engine raises is the engine's fault
            return failure_of(error, "engine")
        if not isinstance(answer, Completion | Failure):
            what = f"the engine answered with {type(answer).__name__}, no Completion"
            return Failure(reason=what, kind="engine")
        return answer if isinstance(answer, Completion) else without_keys(answer)
