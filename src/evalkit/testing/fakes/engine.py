"""The engine ``fake``: a FakeEngine whose rule comes from a suite."""

import time
from collections.abc import Callable

from evalkit.errors import EngineError, ModelError
from evalkit.interfaces import Notify
from evalkit.records import Completion, Failure, Request, ResolvedModel
from evalkit.serialization import digest
from evalkit.testing.engine import FakeEngine, echo
from evalkit.testing.fakes.params import FakeEngineParams


def resolve(name: str, params: FakeEngineParams, notify: Notify) -> ResolvedModel:
    """A model that needs no finding.

    Raises:
        ModelError: the parameters say that it is missing.
    """
    if params.missing:
        raise ModelError(f'models: "{name}" is missing', "take `missing = true` out of the suite")
    notify(f"{name}: nothing to fetch")
    return ResolvedModel(
        name=name,
        engine="fake",
        revision=params.revision,
        dtype="float32",
        template_sha256=digest("fake"),
        context_length=params.context_length,
        abilities=frozenset(params.abilities),
        device="cpu",
    )


class RuledEngine(FakeEngine):
    """Answers as its parameters say, and fails as they say."""

    params: FakeEngineParams

    def __init__(self, model: ResolvedModel, params: FakeEngineParams) -> None:
        """Keep the rule."""
        super().__init__(self._answer, model=model)
        self.params = params

    def ask(self, request: Request, *, timeout_s: float) -> Completion | Failure:
        """As FakeEngine; the delay may be longer than anybody waits.

        Raises:
            TimeoutError: it is.
        """
        if self.params.delay >= timeout_s:
            time.sleep(max(0.0, timeout_s))
            raise TimeoutError
        return super().ask(request, timeout_s=timeout_s)

    def check(self) -> None:
        """See Engine.

        Raises:
            ModelError: the parameters say so.
        """
        super().check()
        if self.params.silent:
            raise ModelError(f'"{self.model.name}" does not answer', "take `silent = true` out")

    def _answer(self, request: Request) -> str | Failure:
        params, text = self.params, echo(request)
        time.sleep(params.delay)
        if params.die_on and params.die_on in text:
            raise EngineError(f'the engine died at "{params.die_on}"', "see `die-on`")
        if params.crash_on and params.crash_on in text:
            raise RuntimeError(f'the engine has a bug at "{params.crash_on}"')
        if params.fail_on and params.fail_on in text:
            return Failure(reason=f'told to fail on "{params.fail_on}"', kind="engine")
        rules: dict[str, Callable[[], str]] = {
            "echo": lambda: text,
            "upper": text.upper,
            "fixed": lambda: params.text,
            "recall": lambda: _recalled(request),
        }
        return rules[params.answer]()


def _recalled(request: Request) -> str:
    """The target of the demo that shares most words with the input; the first of equals."""
    *turns, last = request.messages
    wanted = set(last.content.split())
    shown = [message.content for message in turns if message.role != "system"]
    demos = list(zip(shown[::2], shown[1::2], strict=True))
    return max(demos, key=lambda d: len(wanted & set(d[0].split())), default=("", ""))[1]
