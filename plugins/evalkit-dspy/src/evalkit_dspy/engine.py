"""DSPy's custom engine on top of evalkit's: the one module that knows DSPy's LM interface.

DSPy 3.4 hands a ``dspy.lm15.Request`` to an engine and expects a ``dspy.lm15.Response``
(https://dspy.ai/community/normalized-lm-api-migration/); the interface changed in 3.3 and 3.4 and
will change in 3.5. Caches and retries are DSPy's no more: whatever is asked goes through the
core, which batches, keeps and accounts for it.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace

import dspy
from dspy import lm15

from evalkit import AdaptContext, Completion, EngineError, Json, Message, Request, Usage

_ESCAPE = 6
"""Characters of the longest escape in a JSON text; a text may be cut within one."""


class Halt(BaseException):
    """Ends an optimisation at once.

    DSPy takes every Exception for a bad answer and scores it 0, in some places without a word.
    Only what is no Exception gets through to us, out of its threads too.

    Attributes:
        error: why.
    """

    def __init__(self, error: Exception) -> None:
        """Carry the error."""
        super().__init__(error)
        self.error = error


class Line:
    """The line to the core: asks each question once, counts, and goes dead at the first error.

    DSPy asks again what takes over two minutes, and evaluates some candidates twice. A question
    that was asked before, or is being asked, is not asked again.

    Attributes:
        usage: what was asked, and the tokens that it took.
    """

    def __init__(self, context: AdaptContext) -> None:
        """Ask through `context`."""
        self.usage = Usage()
        self._context = context
        self._lock = threading.Lock()
        self._answers: dict[tuple[str | None, str], Future[Completion]] = {}
        self._error: Exception | None = None

    def ask(self, request: Request, *, model: str | None) -> Completion:
        """The answer to a request, from any thread.

        Raises:
            Halt: there is none, here or to an earlier request.
        """
        key = (model, repr(request))
        with self._lock:
            known = self._answers.get(key)
            future = self._answers.setdefault(key, Future())
        try:
            if known is None:
                self._fetch(request, model, future)
            return future.result()
        except Exception as error:
            raise Halt(error) from error

    def cut(self, error: Exception) -> None:
        """Answer no further question; threads that still ask end with `error`."""
        with self._lock:
            self._error = self._error or error

    def check(self) -> None:
        """Raise the error that ended the line, should anybody have swallowed it."""
        if self._error is not None:
            raise self._error

    def _fetch(self, request: Request, model: str | None, future: Future[Completion]) -> None:
        try:
            self.check()
            completion = self._context.ask(request, model=model)
        except BaseException as error:
            self.cut(error if isinstance(error, Exception) else EngineError("interrupted"))
            future.set_exception(error)
            raise
        with self._lock:
            self.usage = self.usage.plus(Usage.of(completion))
        future.set_result(completion)


class CoreEngine:
    """A DSPy engine that asks the core. It does not stream, and has nothing to close.

    Attributes:
        supports_response_schema: tells DSPy whether to send JSON schemas.
        supported_params: what else DSPy may send.
    """

    def __init__(
        self, line: Line, base: Request, *, model: str | None, schema: bool, seed: int
    ) -> None:
        """Send requests like `base`, with DSPy's messages.

        Args:
            line: the line to the core.
            base: gives the limits, stop texts, choices and schema of every request.
            model: the suite's name of the model; None is the cell's own.
            schema: whether DSPy may send JSON schemas of its own.
            seed: from it, what a sampled request asks, and how often that was asked before,
                follows the seed of the request: the order of arrival plays no part.
        """
        self.supports_response_schema = schema
        self.supported_params = frozenset({"response_format"} if schema else ())
        self._line = line
        self._base = base
        self._model = model
        self._seed = seed
        self._sampled: Counter[str] = Counter()
        self._lock = threading.Lock()

    def complete(self, request: lm15.Request) -> lm15.Response:
        """DSPy's request, answered by the core."""
        asked = self._request(request)
        completion = self._line.ask(asked, model=self._model)
        # An answer to the task is left as it is: prediction will read it like that.
        own = asked.schema is not self._base.schema
        cut = own and completion.finish_reason == "length"
        text = closed(completion.text) if cut else completion.text
        return lm15.Response(
            id=None,
            model=request.model,
            message=lm15.Message.assistant([lm15.TextPart(text)]),
            finish_reason="length" if completion.finish_reason == "length" else "stop",
            usage=lm15.Usage(
                input_tokens=completion.prompt_tokens, output_tokens=completion.completion_tokens
            ),
        )

    def _request(self, request: lm15.Request) -> Request:
        temperature = request.config.temperature or 0.0
        turns = tuple(Message(turn.role, turn.text or "") for turn in request.messages)
        system = (Message("system", request.system),) if request.system is not None else ()
        asked = replace(
            self._base,
            messages=system + turns,
            temperature=temperature,
            schema=_schema(request.config.response_format) or self._base.schema,
        )
        return replace(asked, seed=self._seed_of(asked)) if temperature else asked

    def _seed_of(self, asked: Request) -> int:
        """A seed of 31 bits; another one each time that the same is asked."""
        content = repr(asked)
        with self._lock:
            number = self._sampled[content]
            self._sampled[content] += 1
        digest = hashlib.sha256(f"{self._seed}/{number}/{content}".encode()).digest()
        return int.from_bytes(digest[:4]) >> 1


def closed(text: str) -> str:
    """A JSON object that was cut within its last text, with the text and the object ended.

    DSPy would repair it too, but takes any bracket in the text for its end. What was cut
    elsewhere stays as it is.
    """
    for end in range(len(text), max(0, len(text) - _ESCAPE), -1):
        with suppress(ValueError):
            json.loads(text[:end] + '"}')
            return text[:end] + '"}'
    return text


def language_model(engine: CoreEngine) -> dspy.LM:
    """DSPy's view of an engine: greedy unless an optimiser says otherwise, no cache, no retries.

    DSPy reads rules of providers out of a model's name, so it is not told the real one.
    """
    return dspy.LM("evalkit", engine=engine, cache=False, num_retries=0, temperature=0.0)


def _schema(response_format: Mapping[str, Json] | None) -> Mapping[str, Json] | None:
    schema = (response_format or {}).get("schema")
    return schema if isinstance(schema, Mapping) else None
