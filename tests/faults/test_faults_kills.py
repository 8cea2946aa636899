"""A run that is killed anywhere, and run again, ends as one that was left alone.

The kill is a SIGKILL, before, within or after a write, or at some moment. Nothing is asked twice
but what was under way, no process and no lock is left, and no half of a job.
"""

import json
import subprocess
import sys

import pytest
from tests.faults.lives import Killing, Lab, points
from tests.faults.suites import ASKING, TOGETHER, WEIGHING, WORKER, remote, slow

pytestmark = pytest.mark.timeout(900)


def test_every_kind_of_job_on_an_engine_that_answers_at_once(labs, rng):
    killing = Killing(labs(ASKING), points(70), rng, every=True)
    names = killing.run()
    assert killing.done >= killing.number
    kinds = {name.split()[1].split("-ID")[0].rpartition("/")[2] for name in names}
    assert kinds >= {"adapt", "predict", "score", "compare", "analysis"}


def test_choices_and_weights(labs, rng):
    Killing(labs(WEIGHING), points(20), rng, every=True).run()


def test_answers_that_depend_on_the_batch(labs, rng):
    """Groups are asked again as a whole, and only those that were not answered in full."""
    Killing(labs(TOGETHER), points(24), rng, in_flight=12, every=True).run()


def test_a_worker(labs, rng):
    """It ends soon after its parent, and gives its lock back."""
    killing = Killing(labs(WORKER), points(6), rng, in_flight=2, timed=0.7)
    killing.run()


def test_an_engine_in_a_process_of_its_own(labs, rng):
    """What it answered while its parent died may be lost on the way."""
    Killing(labs(remote(sys.executable)), points(6), rng, in_flight=24, timed=0.7).run()


@pytest.mark.parametrize("number", range(1 if points(200) < 200 else 6))
def test_a_process_as_a_user_starts_it(tmp_path, light, rng, number):
    """No fork: from the start of the interpreter, at moments that nobody chose."""
    whole = Lab(tmp_path / "whole", ASKING, light)
    assert whole.live().code == 0
    lab = Lab(tmp_path / "killed", ASKING, light)
    kills = 0
    for _ in range(2):
        process = lab.start()
        try:
            process.wait(rng.uniform(0.2, 3.0))
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        process.communicate(timeout=60)
    assert lab.spawn().code == 0
    assert lab.outcome() == whole.outcome()
    assert len(lab.asked) <= len(whole.asked) + kills
    assert lab.left() == []


def test_time_adds_up_over_the_attempts(labs):
    """All but the last second of each attempt, which is as often as it is written down."""
    lab = labs(slow(0.3, test=10))("slow")
    journal = "pwrite runs/jobs/.unfinished/predict-ID.journal"
    kill = {"kind": "kill", "at": journal, "number": 6, "when": "after"}
    assert lab.live(fault=kill).killed
    assert lab.live().code == 0
    (cell,) = [path for path in (lab.runs / "jobs" / "predict").glob("*/job.json")]
    assert json.loads(cell.read_text())["seconds"] >= 10 * 0.3 - 1.3
    assert len(lab.asked) <= 10 + 4 + 1
