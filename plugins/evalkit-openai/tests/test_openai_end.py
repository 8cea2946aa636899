"""How an engine ends: given up while requests wait, closed while it is asked, asked by several."""

import asyncio
import threading

import pytest

from evalkit import EngineError, ResolvedModel
from evalkit_openai.engine import OpenAIEngine
from evalkit_openai.pace import Clock
from evalkit_openai.params import OpenAIParams

from .endpoints import LONGEST_WAIT_S, error
from .test_openai_contract import ask, only


class SlowClock(Clock):
    """Every wait is one of ten seconds; those that were waited to their end are counted."""

    def __init__(self):
        self.begun = threading.Event()
        self.ended = 0

    async def sleep(self, seconds):
        self.begun.set()
        await asyncio.sleep(10)
        self.ended += 1


@pytest.mark.parametrize("status", [429, 503])
def test_nothing_waits_on_when_the_endpoint_is_given_up(status, serve):
    """One waits to be asked again, one for its turn, when a third finds that the key is bad."""
    clock = SlowClock()
    limited = threading.Event()

    def behave(exchange):
        text = exchange.body["messages"][0]["content"]
        if text == "limited":
            exchange.json(status, error("slow"), Retry_After="8")
            limited.set()
        elif text == "bad key":
            clock.begun.wait(LONGEST_WAIT_S)
            exchange.server.closing.wait(0.2)
            exchange.json(401, error("no"))
        else:
            limited.wait(LONGEST_WAIT_S)
            exchange.say("fine")

    server = serve(behave)
    params = OpenAIParams(model="model", base_url=server.url, api_key_env="", max_connections=3)
    engine = OpenAIEngine(ResolvedModel(name="m", engine="openai", revision=""), params, clock)
    questions = [ask("limited"), ask("bad key"), *(ask(f"Number {n}.") for n in range(20))]
    with pytest.raises(EngineError, match="401"):
        list(engine.generate(questions))
    engine.close()
    assert clock.begun.is_set()
    assert clock.ended == 0
    texts = [body["messages"][0]["content"] for body in server.seen]
    assert texts.count("limited") == 1
    assert "Number 19." not in texts


def in_thread(work):
    """Run `work` in a thread; what it returns, or the fault that it raised, is put into a list."""
    outcome = []

    def run():
        try:
            outcome.append(work())
        except BaseException as fault:
            outcome.append(fault)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, outcome


def test_an_engine_that_is_closed_at_work_says_so(serve, connect):
    under_way = threading.Event()

    def behave(exchange):
        under_way.set()
        exchange.keep_silent()

    engine = connect(serve(behave).url, max_connections=4)
    thread, outcome = in_thread(lambda: list(engine.generate([ask()] * 20)))
    assert under_way.wait(LONGEST_WAIT_S)
    engine.close()
    thread.join(LONGEST_WAIT_S)
    (fault,) = outcome
    assert isinstance(fault, EngineError)
    assert "was closed while it was asked" in str(fault)


def test_several_threads_share_one_endpoint(serve, connect):
    lock, starting = threading.Lock(), threading.Barrier(4, timeout=LONGEST_WAIT_S)
    busy = most = 0

    def behave(exchange):
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        exchange.server.closing.wait(0.02)
        with lock:
            busy -= 1
        exchange.say("fine")

    def work():
        starting.wait()
        return len(list(engine.generate([ask()] * 5)))

    engine = connect(serve(behave).url, max_connections=1)
    threads = [in_thread(work) for _ in range(4)]
    for thread, _ in threads:
        thread.join(LONGEST_WAIT_S)
    assert [outcome for _, outcome in threads] == [[5]] * 4
    assert most == 1


def test_a_batch_that_begins_forgives_no_other(serve, connect):
    """An endpoint is given up for all that are under way, whatever begins meanwhile."""
    in_first, release = threading.Event(), threading.Event()

    def behave(exchange):
        text = exchange.body["messages"][0]["content"]
        if text == "first":
            in_first.set()
            release.wait(LONGEST_WAIT_S)
        exchange.json(*((401, error("no")) if text == "bad key" else (500, error("busy"))))

    server = serve(behave)
    engine = connect(server.url, max_connections=4)
    thread, outcome = in_thread(lambda: list(engine.generate([ask("first")])))
    assert in_first.wait(LONGEST_WAIT_S)
    with pytest.raises(EngineError):
        list(engine.generate([ask("bad key")]))
    second, later = in_thread(lambda: only(engine.generate([ask("second")])))
    second.join(LONGEST_WAIT_S)
    assert "8 attempts" in later[0].reason
    release.set()
    thread.join(LONGEST_WAIT_S)
    (fault,) = outcome
    assert isinstance(fault, EngineError)
    assert [body["messages"][0]["content"] for body in server.seen].count("first") == 1
