"""`evalkit latency`: an open loop, its schedule, and what a finished run must have."""

import itertools
import json
import threading
import time
from math import inf

import pytest

from evalkit.errors import EngineError
from evalkit.interfaces import Program
from evalkit.latency.load import Load
from evalkit.latency.sender import send_all
from evalkit.latency.service import Service
from evalkit.records import Completion, Example, Failure, Message, Request
from evalkit.secrets import HIDDEN
from evalkit.testing import FakeEngine

SERVES = (
    '[[models]]\nname = "parrot"\nengine = "fake"\nanswer = "recall"\n'
    'abilities = ["generate", "choices", "serve"]\n'
)
FAST = Load(rate=500, requests=20, warm_up=20, timeout_s=30)


class TestSchedule:
    def test_the_same_load_gives_the_same_schedule(self):
        assert FAST.schedule() == Load(rate=500, requests=20, warm_up=20).schedule()
        assert FAST.schedule() != Load(rate=500, requests=20, warm_up=20, seed=1).schedule()

    def test_times_between_requests_are_exponential_with_the_rate(self):
        dues = Load(rate=4, requests=20_000, warm_up=20).schedule()
        gaps = [later - due for due, later in itertools.pairwise(dues)]
        mean = sum(gaps) / len(gaps)
        deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
        assert len(dues) == 20_020
        assert mean == pytest.approx(0.25, rel=0.03)
        assert deviation == pytest.approx(mean, rel=0.03)  # as of no other distribution of gaps


class TestOpenLoop:
    def test_a_stall_is_in_the_times_of_the_requests_behind_it(self):
        """A loop that waited for each answer would see one slow request."""
        begun, lock = [], threading.Lock()

        def serve(number, deadline):
            with lock:
                begun.append(time.monotonic())
            time.sleep(max(0.0, begun[0] + 0.5 - time.monotonic()))

        load = Load(rate=100, requests=20, warm_up=20, timeout_s=30)
        found = send_all(load, serve)
        first, *_, last = load.schedule()
        assert last < 0.5, "all requests are due while the server stalls"
        for one, due in zip(found.sent, load.schedule()[20:], strict=True):
            assert one.time_s >= first + 0.5 - due

    def test_the_warm_up_is_left_out(self):
        numbers = []

        def serve(number, deadline):
            numbers.append(number)
            return Failure(reason="cold", kind="engine") if number < 20 else None

        found = send_all(FAST, serve)
        assert sorted(numbers) == list(range(40))
        assert len(found.sent) == 20
        assert all(one.time_s < inf and one.failure is None for one in found.sent)

    def test_timeouts_and_failures_take_for_ever_and_are_told_apart(self):
        def serve(number, deadline):
            if number % 3 == 0:
                raise TimeoutError
            return Failure(reason="no", kind="engine") if number % 3 == 1 else None

        found = send_all(FAST, serve).sent
        kinds = [(one.time_s == inf, one.timed_out, one.failure is not None) for one in found]
        expected = [(True, True, False), (True, False, True), (False, False, False)]
        assert kinds == [expected[number % 3] for number in range(20, 40)]

    def test_an_answer_that_comes_too_late_is_a_timeout(self):
        load = Load(rate=500, requests=1, warm_up=20, timeout_s=0.01)
        (only,) = send_all(load, lambda number, deadline: time.sleep(0.05)).sent
        assert only.timed_out
        assert only.time_s == inf

    def test_a_bound_that_is_reached_is_told_and_part_of_the_times(self):
        load = Load(rate=500, requests=10, warm_up=20, timeout_s=30)
        found = send_all(load, lambda number, deadline: time.sleep(0.02), bound=1)
        assert found.bound == 1
        assert found.most_under_way > 1
        assert found.late == 10
        assert found.latest_s >= 0.3  # 20 requests of 0.02 s before it, all due within 0.1 s
        assert all(one.time_s >= one.late_s + 0.02 for one in found.sent)

    def test_what_could_not_be_sent_in_time_is_a_timeout(self):
        load = Load(rate=500, requests=10, warm_up=20, timeout_s=0.1)
        found = send_all(load, lambda number, deadline: time.sleep(0.02), bound=1)
        assert found.sent[-1].timed_out

    def test_it_ends_when_it_is_interrupted(self):
        def stop(done):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            send_all(FAST, lambda number, deadline: None, progress=stop)


class Echo(Program):
    """Asks as often as it says, about the example's text."""

    def __init__(self, times=1):
        self.times = times

    def steps(self, example):
        for _ in range(self.times):
            found = yield Request(messages=(Message("user", example.fields["text"]),), max_tokens=9)
        return found.text


def examples(count):
    return [
        Example(id=str(n), source=str(n), fields={"text": f"text {n}"}, target="")
        for n in range(count)
    ]


def soon():
    return time.monotonic() + 60


class TestService:
    def test_the_examples_come_in_their_order_over_and_over(self):
        engine = FakeEngine()
        service = Service(Echo(), engine, examples(3))
        assert [service.serve(number, soon()) for number in range(5)] == [None] * 5
        asked = [request.messages[-1].content for request in engine.requests]
        assert asked == ["text 0", "text 1", "text 2", "text 0", "text 1"]

    def test_a_conversation_is_one_answer(self):
        engine = FakeEngine()
        assert Service(Echo(times=3), engine, examples(1)).serve(0, soon()) is None
        assert len(engine.requests) == 3

    def test_the_steps_of_a_conversation_share_its_time(self):
        class Slow(FakeEngine):
            def ask(self, request, *, timeout_s):
                time.sleep(0.06)
                return super().ask(request, timeout_s=timeout_s)

        engine = Slow()
        with pytest.raises(TimeoutError):
            Service(Echo(times=9), engine, examples(1)).serve(0, time.monotonic() + 0.1)
        assert 1 <= len(engine.requests) <= 2

    def test_what_an_engine_refuses_or_raises_is_a_failure(self):
        class Odd(FakeEngine):
            found = None

            def ask(self, request, *, timeout_s):
                if isinstance(self.found, Exception):
                    raise self.found
                return self.found

        engine = Odd()
        service = Service(Echo(), engine, examples(1))
        for found, reason in (
            (Failure(reason="full", kind="engine"), "full"),
            (EngineError("gone"), "gone"),
            (RuntimeError("bug"), "RuntimeError: bug"),
            (None, "the engine answered with NoneType, no Completion"),
        ):
            engine.found = found
            assert service.serve(0, soon()) == Failure(reason=reason, kind="engine")

    def test_a_key_in_a_failure_is_hidden(self, monkeypatch):
        monkeypatch.setenv("CANARY_API_KEY", "canary-0123456789")
        refusal = Failure(reason="no canary-0123456789", kind="engine", hint="canary-0123456789")
        service = Service(Echo(), FakeEngine(lambda request: refusal), examples(1))
        hidden = Failure(reason=f"no {HIDDEN}", kind="engine", hint=HIDDEN)
        assert service.serve(0, soon()) == hidden

    def test_an_engine_that_does_not_offer_it_refuses(self):
        class Batches(FakeEngine):
            ask = FakeEngine.__mro__[1].ask

        failure = Service(Echo(), Batches(), examples(1)).serve(0, soon())
        assert failure.reason == "this engine does not serve single requests"

    def test_programs_are_run_by_one_thread_at_a_time(self):
        class Alone(Program):
            running = 0

            def steps(self, example):
                self.running += 1
                assert self.running == 1
                time.sleep(0.01)
                self.running -= 1
                yield Request(messages=(Message("user", "x"),), max_tokens=9)
                return "x"

        service = Service(Alone(), FakeEngine(lambda r: Completion(text="x", finish_reason="stop")),
                          examples(1))  # fmt: skip
        found = send_all(FAST, service.serve)
        assert [one.failure for one in found.sent] == [None] * 20


@pytest.fixture
def finished(lab):
    lab.suite(models=SERVES)
    assert lab.run().exit_code == 0
    return lab


def measure(lab, *more, rate="500"):
    return lab.do("latency", "runs/latest", "--rate", rate, *more)


def stored(lab, cell):
    path = lab.path / "runs" / "latest" / "latency" / f"{cell}.json"
    return json.loads(path.read_text(), parse_constant=pytest.fail)


class TestCommand:
    def test_it_writes_a_file_for_each_cell(self, finished, asked):
        before = finished.results()
        result = measure(finished, "--requests", "30", "--seed", "4")
        assert result.exit_code == 0, result.output
        for cell in ("fake-adapter", "fake-bare"):
            form = stored(finished, cell)
            assert form["schema"] == "evalkit-latency/1"
            assert (form["cell"], form["engine"], form["examples"]) == (cell, "fake", 4)
            assert form["load"] == {
                "arrivals": "poisson", "rate": 500, "requests": 30, "warm_up": 20,
                "timeout_s": 60, "seed": 4,
            }  # fmt: skip
            assert len(form["times_s"]) == 30
            assert all(seconds > 0 for seconds in form["times_s"])
            assert (form["timeouts"], form["failures"], form["first_failure"]) == (0, 0, None)
            assert f"{cell}: p50 " in result.stdout
        assert len(asked) == 100
        assert len({request.messages[-1].content for request in asked}) == 4
        assert finished.results() == before

    def test_the_adapted_method_is_asked(self, finished, asked):
        measure(finished, "-k", "fake-adapter", "--requests", "1")
        demos = [turn for turn in asked[0].messages if turn.role == "assistant"]
        assert len(demos) == 2
        assert not (finished.path / "runs/latest/latency/fake-bare.json").exists()

    def test_compare_has_the_columns(self, finished):
        assert "p95" not in finished.project.run("compare", "runs/latest").stdout
        measure(finished, "--requests", "30")
        table = finished.project.run("compare", "runs/latest", check=True).stdout
        assert "p50 s" in table
        assert "p95 s" in table
        assert "500 requests a second on average (poisson arrivals, seed 0)" in table
        again = ("--metric", "contains", "--name", "again")
        assert finished.do("score", "runs/latest", *again).exit_code == 0
        (first, _) = finished.results()["analysis"]["methods"]
        assert first["latency"][0]["requests"] == 30

    def test_an_engine_that_serves_nobody_is_refused(self, lab, asked):
        lab.suite()
        assert lab.run().exit_code == 0
        asked.clear()
        result = measure(lab)
        assert result.exit_code == 2
        assert "fake-adapter, fake-bare: the engine fake of the model parrot" in result.stderr
        assert "behind an endpoint, run the suite on it with the engine openai" in result.stderr
        assert asked == []

    def test_nothing_selected_is_4(self, finished):
        assert measure(finished, "-k", "no-such-cell").exit_code == 4

    def test_no_answer_at_all_is_1(self, lab):
        lab.suite(models=SERVES + "delay = 0.02\n")
        assert lab.run().exit_code == 0
        result = measure(lab, "-k", "bare", "--requests", "5", "--timeout", "0.01")
        assert result.exit_code == 1, result.output
        form = stored(lab, "fake-bare")
        assert (form["times_s"], form["timeouts"]) == ([None] * 5, 5)
        assert "p50 never s" not in result.stdout
        assert "p50 never" in result.stdout
        assert "5 timed out and 0 failed" in result.stdout

    def test_a_delay_is_in_the_times(self, lab):
        lab.suite(models=SERVES + "delay = 0.02\n")
        assert lab.run().exit_code == 0
        measure(lab, "-k", "bare", "--requests", "10")
        assert min(stored(lab, "fake-bare")["times_s"]) >= 0.02

    @pytest.mark.parametrize(
        "args",
        [
            ["--rate", "0"], ["--rate", "inf"], ["--rate", "nan"], ["--warm-up", "19"],
            ["--timeout", "0"], ["--requests", "0"], ["-k", "and"],
        ],
        ids=" ".join,
    )  # fmt: skip
    def test_odd_loads_are_refused(self, finished, args):
        assert finished.do("latency", "runs/latest", "--rate", "9", *args).exit_code == 2

    def test_adaptations_that_are_gone(self, finished):
        for path in finished.path.glob("runs/jobs/adapt/*/adapted.json"):
            path.unlink()
        result = measure(finished)
        assert result.exit_code == 2
        assert 'cell "fake-adapter"' in result.stderr

    def test_a_model_that_is_another_one_now(self, finished):
        manifest = finished.path / "runs/latest/manifest.json"
        manifest.write_text(manifest.read_text().replace('"revision": "1"', '"revision": "2"'))
        result = measure(finished)
        assert result.exit_code == 2
        assert "the model parrot is not the one of the run" in result.stderr
