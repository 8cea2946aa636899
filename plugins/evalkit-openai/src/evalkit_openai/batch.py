"""One batch of requests: asks again where that may help.

It ends early when the endpoint is given up, or when the user asks to stop.

Waits between attempts are drawn with full jitter, see M. Brooker, "Exponential backoff and
jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
"""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from evalkit import Attempt, EngineError, Failure, Journal
from evalkit_openai.answer import attempt_of
from evalkit_openai.body import encode
from evalkit_openai.endpoint import Endpoint
from evalkit_openai.health import IN_A_ROW
from evalkit_openai.pace import TooLateError, WaitTooLongError
from evalkit_openai.reply import (
    Again,
    Data,
    Fault,
    Gone,
    Reply,
    TooLong,
    context_failure,
    outcome_of,
    read,
)

T = TypeVar("T")
Reader = Callable[[Data, float], T | Again | TooLong | Failure]
"""Reads an answer out of a reply's JSON and its latency in seconds."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 60.0
_CHARACTERS_OF_A_TOKEN = 4
_LOOK_S = 0.1
"""How long it may take to notice that the user asked to stop, while nothing happens."""

_SPENT = "is the endpoint in order? raise retries to go on asking it"


class StoppedError(Exception):
    """The user asked to stop before a request was sent, or sent again."""


@dataclass(slots=True, eq=False)
class _Asked:
    """What became of one request so far.

    Attributes:
        attempts: how many were made.
        deadline: when, by the clock, there may be no more of them.
        fault: what the last one lacked.
        seconds: how long the last one took.
    """

    attempts: int = 0
    deadline: float = math.inf
    fault: str = ""
    seconds: float = 0.0


class Batch:
    """Requests that were handed over together. All methods belong to the endpoint's loop."""

    def __init__(
        self, endpoint: Endpoint, tell: Callable[[str | Attempt], None], journal: Journal
    ) -> None:
        """Ask an endpoint.

        Args:
            endpoint: the endpoint.
            tell: gets lines for the user, and every attempt.
            journal: says whether the user asked to stop; nothing else of it is used here, as this
                is another thread.
        """
        self.tell = tell
        self._endpoint = endpoint
        self._params = endpoint.params
        self._journal = journal
        self._over: EngineError | StoppedError | None = None
        self._waits: set[asyncio.Timeout] = set()

    def __enter__(self) -> Self:
        """Take part in what the endpoint tells."""
        self._endpoint.batches.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        """Take no part any more."""
        self._endpoint.batches.discard(self)

    def end(self, gone: EngineError | StoppedError) -> None:
        """Send nothing more, and wake what waits to be sent; what is under way goes on."""
        if self._over is None:
            self._over = gone
            for wait in self._waits:
                wait.reschedule(0)

    async def watch(self) -> None:
        """End when the user asks to stop."""
        while not self._journal.stopping:
            await asyncio.sleep(_LOOK_S)
        self.end(StoppedError())

    async def ask(self, body: Mapping[str, Any], reader: Reader[T]) -> T | Failure:
        """What `reader` makes of the reply to `body`, or why there is none.

        Raises:
            EngineError: no request has a chance.
            StoppedError: the user asked to stop, and no answer is under way.
        """
        asked = _Asked()
        self._endpoint.health.begun(asked)
        try:
            return await self._ask(body, reader, asked)
        finally:
            self._endpoint.health.ended(asked)

    async def _ask(self, body: Mapping[str, Any], reader: Reader[T], asked: _Asked) -> T | Failure:
        payload = encode(body)
        tokens = len(payload) / _CHARACTERS_OF_A_TOKEN + body.get(self._params.max_tokens_key, 0)
        dice = random.Random(payload)  # the same request waits alike, others do otherwise
        while True:
            reply = await self._attempt(payload, tokens, asked)
            outcome = self._read(reply, reader, body, asked)
            if not isinstance(outcome, Again):
                return outcome
            self._check()
            wait = dice.uniform(0, min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (asked.attempts - 1)))
            exhausted = asked.attempts >= self._params.attempts or wait >= self._left(asked)
            if outcome.last or exhausted:
                return self._without(outcome, asked.attempts)
            if not self._endpoint.may_repeat():
                spent = f"{outcome.reason}; all {self._params.retries} retries are spent"
                return self._without(replace(outcome, reason=spent, hint=_SPENT), asked.attempts)
            asked.fault = outcome.reason
            async with self._waiting():
                await self._endpoint.clock.sleep(wait)

    async def _attempt(self, payload: bytes, tokens: float, asked: _Asked) -> Reply | Again:
        """Send when the endpoint's limits allow it, once."""
        pace, patience = self._endpoint.pace, self._params.total_timeout
        try:
            async with self._waiting():
                ticket = await pace.enter(tokens, patience, asked.deadline)
        except WaitTooLongError as error:
            wait = f"the endpoint takes no request for {error.args[0]:.0f} s"
            return Again(reason=wait, hint="raise total-timeout, or try again later", last=True)
        except TooLateError:
            reason = f"{asked.fault}, and no time was left to ask again"
            return Again(reason=reason, hint="raise total-timeout", last=True)
        reply: Reply | Again | None = None
        try:
            self._check()
            if not asked.attempts:
                asked.deadline = self._endpoint.clock.now() + self._params.total_timeout
            asked.attempts += 1
            began = self._endpoint.clock.now()
            reply = await self._endpoint.send(payload, self._left(asked))
            asked.seconds = self._endpoint.clock.now() - began
            return reply
        finally:
            await pace.leave(ticket, reply if isinstance(reply, Reply) else None)

    def _left(self, asked: _Asked) -> float:
        """Seconds that are left for a request that was sent."""
        return asked.deadline - self._endpoint.clock.now()

    def _check(self) -> None:
        if self._journal.stopping:
            self.end(StoppedError())
        if self._over is not None:
            raise self._over

    @asynccontextmanager
    async def _waiting(self) -> AsyncIterator[None]:
        """A wait before something is sent.

        Raises:
            EngineError: the endpoint was given up, before or meanwhile.
            StoppedError: the user asked to stop, before or meanwhile.
        """
        self._check()
        try:
            async with asyncio.timeout(None) as wait:
                self._waits.add(wait)
                try:
                    yield
                finally:
                    self._waits.discard(wait)
        except TimeoutError:
            self._check()
            raise

    def _read(
        self, reply: Reply | Again, reader: Reader[T], body: Mapping[str, Any], asked: _Asked
    ) -> T | Again | Failure:
        """An answer, a Failure, or Again; what it says of the endpoint is kept."""
        if isinstance(reply, Again):
            if not reply.last:
                self.tell(attempt_of(reply.outcome, asked.seconds))
            return reply
        found = read(reply)
        if isinstance(found, Again | Gone | TooLong | Failure):
            self.tell(attempt_of(outcome_of(reply, found), asked.seconds))
            return self._faulty(found, body, asked)
        answer = reader(found, reply.latency_s)
        outcome = answer.outcome if isinstance(answer, Again) else "answered"
        self.tell(attempt_of(outcome, asked.seconds, found))
        if isinstance(answer, Again):
            return answer
        self._endpoint.health.answered()  # whatever the answer is worth
        return self._too_long(answer) if isinstance(answer, TooLong) else self._shown(answer)

    def _faulty(self, fault: Fault, body: Mapping[str, Any], asked: _Asked) -> Again | Failure:
        """What becomes of a request whose reply is no answer."""
        if isinstance(fault, Again):
            return fault
        if isinstance(fault, TooLong):
            return self._too_long(fault)
        if isinstance(fault, Gone):
            if not (fault.of_model and body["model"] != self._params.model):
                raise self._give_up(fault.reason, fault.hint)
            fault = Failure(reason=fault.reason, kind="engine", hint=fault.hint)
        return self._refused(fault, asked)

    def _too_long(self, fault: TooLong) -> Failure:
        return self._shown(context_failure(fault, self._params.context_length))

    def _refused(self, failure: Failure, asked: _Asked) -> Failure:
        """A request that the endpoint will not answer; it may be its first of many."""
        if self._endpoint.health.refused(asked):
            raise self._lost(failure.reason, failure.hint)
        return self._shown(failure)

    def _without(self, fault: Again, attempts: int) -> Failure:
        """A request that got no answer in the time and the attempts it has."""
        times = f", {attempts} attempts" if attempts > 1 else ""
        failure = Failure(reason=f"{fault.reason}{times}", kind="engine", hint=fault.hint)
        if self._endpoint.health.lost():
            raise self._lost(failure.reason, failure.hint)
        return self._shown(failure)

    def _lost(self, reason: str, hint: str) -> Exception:
        return self._give_up(f"{IN_A_ROW} requests in a row got no answer: {reason}", hint)

    def _give_up(self, reason: str, hint: str) -> Exception:
        """The error that ends all batches; in each, the first one counts."""
        gone = self._endpoint.give_up(reason, hint)
        return self._over or gone

    def _shown(self, outcome: T) -> T:
        return self._endpoint.shown(outcome)
