"""How fast an endpoint is asked."""

import asyncio
import contextlib
import re
import threading
from collections import Counter

import pytest

from evalkit import EngineError, Failure
from evalkit_openai.pace import (
    Allowance,
    Pace,
    TooLateError,
    WaitTooLongError,
    retry_after,
    seconds_of,
)
from evalkit_openai.reply import Reply

from .conftest import FastClock
from .endpoints import LONGEST_WAIT_S, error, saying
from .test_openai_contract import ask

HEADERS = {
    "x-ratelimit-limit-requests": "10",
    "x-ratelimit-remaining-requests": "2",
    "x-ratelimit-reset-requests": "30s",
}


def test_exactly_so_many_requests_as_allowed_are_under_way(serve, connect):
    """Each waits until sixteen are in; if ever fewer were sent at a time, none would get on."""
    total, width = 200, 16
    state = threading.Condition()
    busy = most = arrived = 0

    def behave(exchange):
        nonlocal busy, most, arrived
        with state:
            busy, arrived = busy + 1, arrived + 1
            most = max(most, busy)
            wave = -(-arrived // width) * width
            state.notify_all()
            assert state.wait_for(lambda: arrived >= min(wave, total), LONGEST_WAIT_S)
        exchange.server.closing.wait(0.02)  # time for one too many to come in
        with state:
            busy -= 1
        exchange.say("fine")

    server = serve(behave)
    engine = connect(server.url, max_connections=width)
    found = dict(engine.generate([ask(f"Number {n}.") for n in range(total)]))
    assert len(found) == total
    assert {answer.text for answer in found.values()} == {"fine"}
    assert most == width


class Limited:
    """Answers ten requests in each minute of a clock, refuses more, and says what is left."""

    def __init__(self, clock):
        self.clock = clock
        self.lock = threading.Lock()
        self.minutes = Counter()
        self.refused = 0

    def __call__(self, exchange):
        with self.lock:
            minute, second = divmod(self.clock.time, 60)
            self.minutes[minute] += 1
            left = 10 - self.minutes[minute]
            self.refused += left < 0
        headers = {
            "x_ratelimit_limit_requests": "10",
            "x_ratelimit_remaining_requests": str(max(0, left)),
            "x_ratelimit_reset_requests": f"{60.001 - second:.6f}s",
        }
        exchange.json(*((429, error("stop")) if left < 0 else (200, saying("fine"))), **headers)


def test_an_endpoint_that_tells_its_limits_never_has_to_say_stop(serve, connect, clock):
    limited = Limited(clock)
    server = serve(limited)
    engine = connect(server.url, max_connections=4)
    notices = []
    engine.journal.notice = notices.append
    found = dict(engine.generate([ask(f"Number {n}.") for n in range(35)]))
    assert {answer.text for answer in found.values()} == {"fine"}
    assert limited.refused == 0
    assert len(server.seen) == 35
    # Whoever is under way may not have been counted yet: so careful, and no more, is the count.
    assert max(limited.minutes.values()) >= 10 - 2 * 3, "it was slower than it had to be"
    assert notices
    assert "limits the rate" in notices[0]


def test_an_endpoint_that_only_says_stop_is_asked_less_at_a_time(serve, connect):
    """It bears two at a time and refuses the rest."""
    lock, first_wave = threading.Lock(), threading.Barrier(32, timeout=LONGEST_WAIT_S)
    busy, seen = 0, []

    def behave(exchange):
        nonlocal busy
        with lock:
            busy += 1
            mine = busy
            seen.append(mine)
        if exchange.number <= 32:
            first_wave.wait()
        exchange.server.closing.wait(0.01)
        with lock:
            busy -= 1
        exchange.json(*((429, error("stop")) if mine > 2 else (200, saying("fine"))))

    engine = connect(serve(behave).url, max_connections=32, attempts=50)
    found = dict(engine.generate([ask(f"Number {n}.") for n in range(100)]))
    assert {answer.text for answer in found.values()} == {"fine"}
    assert max(seen[:32]) == 32
    assert max(seen[-32:]) < 16, "it never slowed down"


class TestAllowance:
    def learnt(self, **headers):
        allowance = Allowance()
        spent = allowance.spend(1)
        allowance.settle(spent)
        allowance.learn(spent, {**HEADERS, **headers}, "requests", now=100)
        return allowance

    def test_nothing_is_withheld_before_anything_is_known(self):
        assert Allowance().wait(1e9, now=0) == 0

    def test_what_remains_may_be_sent_and_the_rest_waits_for_the_reset(self):
        allowance = self.learnt()
        for _ in range(2):
            assert allowance.wait(1, now=101) == 0
            allowance.spend(1)
        assert allowance.wait(1, now=101) == 29
        assert allowance.wait(1, now=130) == 0

    def test_after_the_reset_only_the_limit_may_be_sent(self):
        allowance = self.learnt()
        assert allowance.wait(1, now=130) == 0
        allowance.spend(10)
        assert allowance.wait(1, now=130) == 30

    def test_what_was_sent_after_the_request_that_tells_comes_on_top(self):
        allowance = Allowance()
        tickets = [allowance.spend(1) for _ in range(3)]
        allowance.learn(tickets[0], HEADERS, "requests", now=100)
        assert allowance.wait(1, now=100) == 30

    def test_what_it_may_have_overtaken_comes_on_top(self):
        allowance = Allowance()
        allowance.spend(1)
        second = allowance.spend(1)
        allowance.settle(second)
        allowance.learn(second, HEADERS, "requests", now=100)
        assert allowance.wait(1, now=100) == 0
        allowance.spend(1)
        assert allowance.wait(1, now=100) == 30

    def test_an_older_reply_tells_nothing_new(self):
        allowance = Allowance()
        tickets = [allowance.spend(1) for _ in range(2)]
        allowance.learn(
            tickets[1], {**HEADERS, "x-ratelimit-remaining-requests": "0"}, "requests", 0
        )
        allowance.learn(tickets[0], HEADERS, "requests", now=0)
        assert allowance.wait(1, now=0) == 30

    def test_a_request_larger_than_the_limit_goes_out_when_all_is_free(self):
        allowance = self.learnt()
        assert allowance.wait(100, now=100) == 30
        assert allowance.wait(100, now=130) == 0

    @pytest.mark.parametrize("odd", ["", "many", "-1", "nan", "inf"])
    def test_headers_that_are_no_numbers_are_ignored(self, odd):
        allowance = self.learnt(**{"x-ratelimit-remaining-requests": odd})
        assert allowance.wait(1e9, now=100) == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360),
        ("120ms", 0.12),
        ("1h2m3.5s", 3723.5),
        ("1.5", 1.5),
        ("0s", 0),
        ("1d", 86400),
        ("", None),
        ("soon", None),
        ("5 minutes", None),
        ("-5s", None),
    ],
)
def test_durations(text, seconds):
    assert seconds_of(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 40),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:10 GMT"}, 0),
        ({"retry-after": "later"}, None),
        ({"retry-after": "-3"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert retry_after(headers, wall=60) == seconds


class Busy(FastClock):
    """Whenever somebody waits, another takes what becomes free, up to twenty times."""

    def __init__(self):
        super().__init__()
        self.pace = Pace(2, self, lambda text: None)
        self.taken = 0

    async def take(self):
        headers = {
            "x-ratelimit-limit-requests": "1",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "1s",
        }
        ticket = await self.pace.enter(1, 60.0)
        await self.pace.leave(ticket, Reply(status=200, headers=headers, text=""))

    async def sleep(self, seconds):
        await super().sleep(seconds)
        self.taken += 1
        if self.taken <= 20:
            await self.take()


def test_waiting_for_others_ends_at_the_deadline():
    async def wait():
        clock = Busy()
        await clock.take()
        deadline = clock.now() + 3.0
        with pytest.raises((TooLateError, WaitTooLongError)):
            await clock.pace.enter(1, 60.0, deadline)
        assert clock.now() <= deadline
        assert clock.taken == 3

    asyncio.run(wait())


def test_waiting_for_a_place_ends_at_the_deadline(clock):
    async def wait():
        pace = Pace(1, clock, lambda text: None)
        ticket = await pace.enter(1, 60.0)
        with pytest.raises(TooLateError):
            await pace.enter(1, 60.0, clock.now() + 0.05)
        await pace.leave(ticket, None)
        await pace.enter(1, 60.0, clock.now() + 0.05)

    asyncio.run(wait())


def test_a_request_that_was_not_sent_again_is_not_counted(serve, connect, clock):
    """The endpoint takes one request a second, and the others are faster."""
    sent = Counter()
    lock = threading.Lock()

    def behave(exchange):
        text = exchange.body["messages"][0]["content"]
        with lock:
            sent[text] += 1
            first = sent[text] == 1
        headers = {
            "x_ratelimit_limit_requests": "1",
            "x_ratelimit_remaining_requests": "0",
            "x_ratelimit_reset_requests": "1s",
        }
        busy = first and int(text) < 6
        exchange.json(*((503, error("busy")) if busy else (200, saying("fine"))), **headers)

    engine = connect(serve(behave).url, max_connections=12, total_timeout=3.0)
    found = {}
    with contextlib.suppress(EngineError):  # five of them may be lost in a row
        found.update(engine.generate([ask(str(n)) for n in range(26)]))
    for at, answer in found.items():
        if isinstance(answer, Failure):
            assert "busy" in answer.reason or "takes no request" in answer.reason
            told = re.search(r", (\d+) attempts", answer.reason)
            assert sent[str(at)] == (int(told[1]) if told else 1)
    assert found
