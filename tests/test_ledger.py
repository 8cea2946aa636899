"""The ledger: every attempt, whatever happens to the process that enters it."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
import tracemalloc

import pytest
from tests.metering import ANSWER, BARE, CHECK, MODELS, attempts, entries, metered

from evalkit.ledger import Ledger, read_ledger
from evalkit.prices import Prices


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def attempt(outcome="answered", *, model="m", seconds=1.0, requests=1, prompt=1000):
    return {
        "model": model,
        "outcome": outcome,
        "seconds": seconds,
        "prompt_tokens": prompt,
        "completion_tokens": 100,
        "cached_tokens": 0,
        "requests": requests,
    }


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def begun(tmp_path, clock):
    """Open the ledger of a run, as each execution of it does."""

    def begin(prices=None, told=None):
        ledger = Ledger({"m": prices}, clock=clock)
        ledger.open(tmp_path / "ledger.jsonl", (told if told is not None else []).append)
        return ledger

    return begin


TOKENS = Prices(input=1.0, output=10.0)


class TestSums:
    def test_what_was_paid_for_adds_up_over_the_executions(self, begun, clock):
        for outcome in ("answered", "unreadable"):
            ledger = begun(TOKENS)
            ledger.begin("predict a", "m")
            clock.now += 5
            ledger.enter(attempt(outcome))
            ledger.end()
            ledger.close()
        found = begun(TOKENS).totals.summary()
        assert found["executions"] == 2
        assert found["seconds"] == 10
        assert found["cost"] == pytest.approx(2 * ANSWER)
        assert found["models"]["m"]["attempts"] == {"answered": 1, "unreadable": 1}
        assert found["models"]["m"]["prompt_tokens"] == 2000

    def test_without_prices_the_cost_is_unknown_not_nothing(self, begun):
        ledger = begun()
        ledger.enter(attempt())
        assert ledger.totals.cost is None
        assert ledger.totals.summary()["models"]["m"]["cost"] is None

    def test_an_entry_may_stand_for_many_requests(self, begun):
        ledger = begun(TOKENS)
        ledger.enter(attempt(requests=4))
        assert ledger.totals.summary()["models"]["m"]["attempts"] == {"answered": 4}
        assert ledger.totals.dearest == pytest.approx(ANSWER / 4)

    def test_the_time_between_two_executions_is_not_that_of_the_run(self, begun, clock):
        ledger = begun()
        clock.now += 3
        ledger.enter(attempt())
        ledger.close()
        clock.now += 1000
        again = begun()
        clock.now += 2
        assert again.seconds == 5

    def test_nothing_is_written_before_something_happens(self, begun, tmp_path):
        begun().close()
        assert list(tmp_path.iterdir()) == []


def test_sums_can_be_read_while_others_enter(begun):
    ledger, over = begun(), threading.Event()

    def enter():
        for number in range(3000):
            ledger.enter(attempt(model=f"m{number}"))
        over.set()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        entering = threading.Thread(target=enter)
        entering.start()
        while not over.is_set():
            assert (ledger.cost, ledger.dearest) == (None, 0.0)
            assert ledger.summary()["executions"] <= 1
        entering.join()
    finally:
        sys.setswitchinterval(before)
    ledger.close()


class TestDevices:
    """A device that is paid by the hour: each of its seconds counts once."""

    HOURLY = Prices(per_hour=3600.0)

    def test_attempts_that_overlap_are_not_paid_for_twice(self, begun, clock):
        ledger = begun(self.HOURLY)
        ledger.begin("predict a", "m")
        clock.now += 10
        for _ in range(5):
            ledger.enter(attempt(seconds=10.0))
        assert ledger.totals.cost == pytest.approx(10)

    def test_what_a_job_computes_besides_has_an_entry_of_its_own(self, begun, clock):
        ledger = begun(self.HOURLY)
        ledger.begin("adapt a", "m")
        clock.now += 60
        ledger.enter(attempt(seconds=10.0))
        clock.now += 40
        ledger.end()
        assert ledger.totals.cost == pytest.approx(100)
        assert ledger.totals.summary()["models"]["m"]["attempts"] == {"answered": 1}

    def test_long_training_is_entered_as_it_goes_on(self, begun, clock):
        ledger = begun(self.HOURLY)
        ledger.begin("adapt a", "m")
        for _ in range(3):
            clock.now += 20
            ledger.tick()
        assert ledger.totals.cost == pytest.approx(60)
        ledger.close()
        assert begun().totals.cost == pytest.approx(60)

    def test_what_could_not_be_written_is_charged_by_the_next_entry(self, tmp_path, clock):
        ledger = Ledger({"m": self.HOURLY}, clock=clock)
        ledger.open(tmp_path / "gone" / "ledger.jsonl", print)
        ledger.begin("adapt a", "m")
        clock.now += 20
        with pytest.raises(FileNotFoundError):
            ledger.tick()
        (tmp_path / "gone").mkdir()
        clock.now += 20
        ledger.tick()
        assert ledger.cost == pytest.approx(40)
        ledger.close()

    def test_a_judge_keeps_its_own_device_busy(self, begun, clock):
        ledger = begun(self.HOURLY)
        ledger.begin("compare x", None)
        clock.now += 7
        ledger.enter(attempt(seconds=2.0))
        ledger.end()
        assert ledger.totals.cost == pytest.approx(7)


class TestDamage:
    def test_half_a_line_is_cut_off_and_said(self, begun, tmp_path):
        ledger = begun(TOKENS)
        ledger.enter(attempt())
        ledger.close()
        path = tmp_path / "ledger.jsonl"
        whole = path.read_bytes()
        path.write_bytes(whole + whole[:40])
        told = []
        again = begun(TOKENS, told)
        assert told == [f"{path}: a line cut off or damaged: what they say is not counted"]
        again.enter(attempt())
        again.close()
        totals, end = read_ledger(path)
        assert (totals.damaged, end) == (0, path.stat().st_size)
        assert totals.accounts["m"].attempts["answered"] == 2

    @pytest.mark.parametrize("place", [0, 20, -3])
    def test_a_bit_that_flipped_is_not_counted(self, begun, tmp_path, place):
        ledger = begun(TOKENS)
        for _ in range(2):
            ledger.enter(attempt())
        ledger.close()
        path = tmp_path / "ledger.jsonl"
        first, second = path.read_bytes().splitlines(keepends=True)
        spoilt = bytearray(first)
        spoilt[place] ^= 1
        path.write_bytes(bytes(spoilt) + second)
        totals, _ = read_ledger(path)
        assert totals.damaged == 1
        assert totals.accounts["m"].attempts["answered"] == 1

    def test_a_line_without_an_end_needs_no_memory(self, tmp_path):
        path = tmp_path / "ledger.jsonl"
        with path.open("wb") as file:
            file.truncate(64 << 20)
        tracemalloc.start()
        totals, _ = read_ledger(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert totals.damaged == 64
        assert peak < 16 << 20

    def test_a_full_disk_leaves_whole_lines_and_names_the_file(self, tmp_path):
        """A limit on the size of files stands for a small disk."""
        code = (
            "import signal, sys; from pathlib import Path; from evalkit.ledger import Ledger\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "ledger = Ledger({}); path = Path(sys.argv[1]); ledger.open(path, print)\n"
            "form = dict(model='m', outcome='answered', seconds=0.0, requests=1)\n"
            "form |= dict(prompt_tokens=1, completion_tokens=1, cached_tokens=0)\n"
            "try:\n"
            "    for _ in range(100): ledger.enter(form)\n"
            "except OSError as error:\n"
            "    print(error.filename)\n"
        )
        path = tmp_path / "ledger.jsonl"
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            capture_output=True,
            text=True,
            check=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)),
        )
        assert done.stdout == f"{path}\n"
        totals, end = read_ledger(path)
        assert totals.damaged == 0
        assert 0 < end == path.stat().st_size <= 3000


def test_memory_stays_flat(begun, clock):
    ledger = begun(TOKENS)
    for _ in range(1000):
        ledger.enter(attempt())
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(10_000):
        ledger.enter(attempt())
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    ledger.close()
    assert after - before < 100_000
    assert begun().totals.accounts["m"].attempts["answered"] == 11_000


class TestRuns:
    def test_every_attempt_is_entered_with_what_it_took(self, lab):
        metered(lab, models=MODELS + "refuse = true\n")
        assert lab.run().exit_code == 0
        check, *rest = attempts(lab)
        assert check["job"] == "check paid"
        assert [one["outcome"] for one in rest] == ["429", "answered"] * 4
        assert {one["job"] for one in rest} == {"predict fake-bare"}
        assert sum(one["cost"] for one in rest) == pytest.approx(4 * ANSWER)
        found = lab.results()["ledger"]
        assert found["executions"] == 1
        assert found["cost"] == pytest.approx(4 * ANSWER + CHECK)
        assert found["models"]["paid"]["attempts"] == {"429": 4, "answered": 5}

    def test_a_run_in_which_nothing_was_left_to_do_paid_nothing(self, lab):
        metered(lab)
        lab.run()
        assert lab.run().exit_code == 0
        found = lab.results()["ledger"]
        assert found == {"executions": 0, "seconds": 0, "cost": None, "models": {}}

    def test_answers_of_a_local_engine_are_entered_together(self, lab):
        lab.suite(task='[task]\nuse = "fake-task"\ntest = 2000\n', adapters=BARE)
        assert lab.run().exit_code == 0
        lines = attempts(lab)
        assert sum(one["requests"] for one in lines) == 2000
        assert len(lines) < 200
        assert {one["cost"] for one in lines} == {None}

    def test_a_killed_run_keeps_what_it_paid_for(self, lab):
        metered(lab, models=MODELS + "delay = 0.2\n")
        command = [sys.executable, "-m", "evalkit", "run", "suite.toml"]
        process = subprocess.Popen(
            [*command, "-p", "evalkit.testing.fakes"],
            cwd=lab.path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ledger = lab.path / "runs" / "latest" / "ledger.jsonl"
        try:
            while process.poll() is None:
                if ledger.exists() and ledger.read_bytes().count(b'"predict') >= 2:
                    break
                time.sleep(0.01)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
        assert lab.run().exit_code == 0
        assert len(lab.runs()) == 1
        answered = [one for one in attempts(lab) if one["job"].startswith("predict")]
        assert 4 <= len(answered) <= 5  # the one that was under way may be asked for again
        assert {one["execution"] for one in entries(lab)} == {1, 2}
        found = lab.results()["ledger"]
        assert found["executions"] == 2
        assert found["cost"] == pytest.approx(len(answered) * ANSWER + 2 * CHECK)


class TestRepeatedAttempts:
    """An attempt that brought no answer was paid for all the same."""

    def test_they_are_part_of_what_a_cell_costs(self, lab):
        metered(lab, models=MODELS + "refuse = true\n")
        plugin = lab.path / "evalkit_plugins.py"
        told = 'Attempt(outcome="429", seconds=0.0)'
        paid = 'Attempt(outcome="unreadable", seconds=0.0, prompt_tokens=500)'
        plugin.write_text(plugin.read_text().replace(told, paid))
        assert lab.run().exit_code == 0
        cell = lab.cell("fake-bare")
        usage = cell["usage"]["predict"]
        answered = (usage["prompt_tokens"] + 10 * usage["completion_tokens"]) / 1e6
        assert cell["cost"]["predict"] == pytest.approx(answered + 4 * 500 / 1e6)
        (method,) = lab.results()["analysis"]["costs"].values()
        assert method["serving"]["per_1000"] == pytest.approx(1000 * cell["cost"]["predict"] / 4)
