"""How fast to ask: what an endpoint's headers allow, and what it turned out to bear.

An endpoint tells after each request how many more it will take, and until when
(``x-ratelimit-remaining-requests``, ``-tokens``, ``-reset-...``); whoever counts along need not be
told to stop. Where it says nothing but 429, the number of requests under way is halved, and grows
again with every answer, as TCP does after a loss (RFC 5681).
"""

import asyncio
import email.utils
import math
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from evalkit_openai.reply import Reply

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|)")
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WORTH_TELLING_S = 5.0


class Clock:
    """The time, and waiting; tests have another."""

    def now(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class WaitTooLongError(Exception):
    """The endpoint takes no request for longer than one may wait; the argument is in seconds."""


class TooLateError(Exception):
    """The time for a request is over before it could be sent."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a request takes of one kind.

    Attributes:
        amount: so much.
        total: what had been spent in all when it was sent, itself included.
        under_way: of that, by others to which no reply had come.
    """

    amount: float
    total: float
    under_way: float


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request under way."""

    requests: Spent
    tokens: Spent


class Allowance:
    """How much of one kind, requests or tokens, the endpoint will still take."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._spent = 0.0
        self._under_way = 0.0
        self._until = float("inf")  # what may have been spent in all
        self._limit = float("inf")
        self._reset_at = 0.0
        self._period = 0.0
        self._newest = 0.0

    @property
    def spent(self) -> float:
        """All that was spent so far."""
        return self._spent

    def spend(self, amount: float) -> Spent:
        """Count what is being sent."""
        self._spent += amount
        spent = Spent(amount, self._spent, self._under_way)
        self._under_way += amount
        return spent

    def settle(self, spent: Spent) -> None:
        """A request has ended."""
        self._under_way -= spent.amount

    def learn(self, spent: Spent, headers: Mapping[str, str], kind: str, now: float) -> None:
        """Learn from the headers of the reply to a request.

        The endpoint counted what had arrived before it; what was sent since comes on top, and so
        does what was under way, which the request may have overtaken.
        """
        remaining = _number(headers.get(f"x-ratelimit-remaining-{kind}"))
        period = seconds_of(headers.get(f"x-ratelimit-reset-{kind}", ""))
        if remaining is None or period is None or spent.total < self._newest:
            return
        self._newest = spent.total
        self._until = spent.total - spent.under_way + remaining
        self._limit = _number(headers.get(f"x-ratelimit-limit-{kind}")) or float("inf")
        self._reset_at, self._period = now + period, period

    def wait(self, amount: float, now: float) -> float:
        """Seconds until so much may be sent; 0 if at once."""
        if now >= self._reset_at:  # a new period, about which no reply has told yet
            self._until = self._spent + self._limit
            self._reset_at = now + self._period
        if self._spent + min(amount, self._limit) <= self._until:
            return 0.0
        return self._reset_at - now


class Pace:
    """Decides when the next request goes out."""

    def __init__(self, connections: int, clock: Clock, tell: Callable[[str], None]) -> None:
        """Begin with as many requests at a time as allowed.

        Args:
            connections: most requests under way.
            clock: the time.
            tell: told, in one line, of a wait that a user may wonder about.
        """
        self._most = connections
        self._width = float(connections)
        self._clock = clock
        self._tell = tell
        self._busy = 0
        self._freed = asyncio.Condition()
        self._closed_until = 0.0
        self._told_until = 0.0
        self._narrowed_at = 0.0
        self._requests = Allowance()
        self._tokens = Allowance()

    async def enter(self, tokens: float, patience_s: float, deadline: float = math.inf) -> Ticket:
        """Wait until a request of about so many tokens may go out.

        Args:
            tokens: of the prompt and of the answer.
            patience_s: the longest that the endpoint may ask to wait at a time.
            deadline: when, by the clock, all waiting ends.

        Raises:
            WaitTooLongError: the endpoint asks for a longer wait.
            TooLateError: others had all places until the deadline.
        """
        while True:
            async with self._place(deadline):
                wait, left = self._wait(tokens), deadline - self._clock.now()
                if wait <= 0 < left:
                    self._busy += 1
                    return Ticket(self._requests.spend(1), self._tokens.spend(tokens))
            if left <= 0:
                raise TooLateError
            if wait > min(patience_s, left):
                raise WaitTooLongError(wait)
            self._say(wait)
            await self._clock.sleep(wait)

    @asynccontextmanager
    async def _place(self, deadline: float) -> AsyncIterator[None]:
        """Wait for a free place, which nobody else takes in the block."""
        left = None if deadline == math.inf else deadline - self._clock.now()
        try:
            async with asyncio.timeout(left), self._freed:
                await self._freed.wait_for(lambda: self._busy < int(self._width))
                yield
        except TimeoutError:
            raise TooLateError from None

    async def leave(self, ticket: Ticket, reply: Reply | None) -> None:
        """A request has ended; learn from the reply, if there is one."""
        self._busy -= 1
        self._requests.settle(ticket.requests)
        self._tokens.settle(ticket.tokens)
        if reply is not None:
            self._learn(ticket, reply)
        async with self._freed:
            self._freed.notify_all()

    def _say(self, wait: float) -> None:
        """Tell of a long wait, once for all who wait."""
        now = self._clock.now()
        if wait > _WORTH_TELLING_S and now >= self._told_until:
            self._told_until = now + wait
            self._tell(f"the endpoint limits the rate: going on in {wait:.0f} s")

    def _wait(self, tokens: float) -> float:
        now = self._clock.now()
        allowed = max(self._requests.wait(1, now), self._tokens.wait(tokens, now))
        return max(allowed, self._closed_until - now)

    def _learn(self, ticket: Ticket, reply: Reply) -> None:
        now = self._clock.now()
        self._requests.learn(ticket.requests, reply.headers, "requests", now)
        self._tokens.learn(ticket.tokens, reply.headers, "tokens", now)
        asked = retry_after(reply.headers, self._clock.wall())
        if asked is not None and reply.status >= 400:
            self._closed_until = max(self._closed_until, now + asked)
        if reply.status == 429 and ticket.requests.total > self._narrowed_at:
            # One step for all that were under way together.
            self._narrowed_at = self._requests.spent
            self._width = max(1.0, self._width / 2)
        elif reply.status < 400:
            self._width = min(float(self._most), self._width + 1 / self._width)


def retry_after(headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds to wait, as the headers tell in seconds, milliseconds or as a date; None if not."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    told = headers.get("retry-after", "").strip()
    seconds = _number(told)
    if seconds is not None or not told:
        return seconds
    try:
        return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - wall)
    except (ValueError, OverflowError):
        return None


def seconds_of(text: str) -> float | None:
    """A duration such as ``6m0s``, ``120ms`` or ``1.5``, in seconds; None if it is none."""
    parts = _DURATION.findall(text.strip())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _number(text: str | None) -> float | None:
    """A finite number that is not negative; None if the text is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
