"""Several processes, locks that the dead left, and clocks that do not do as they should."""

import json
import os
import signal

import pytest
from tests.faults.lives import Lab, points
from tests.faults.outcomes import negative
from tests.faults.suites import ASKING, slow


def results(lab, run="latest"):
    return json.loads((lab.runs / run / "results.json").read_text())


def runs(lab):
    return sorted(path.parent.name for path in lab.runs.glob("2*/results.json"))


@pytest.mark.slow
def test_a_second_process_at_one_run_leaves_and_names_the_first(tmp_path):
    lab = Lab(tmp_path, slow(0.2, test=30))
    first = lab.start()
    lab.wait_for(1)
    second = lab.spawn()
    assert second.code == 2
    assert f"process {first.pid}" in second.err
    assert str(lab.runs) in second.err
    assert second.out == ""
    first.communicate(timeout=120)
    assert first.returncode == 0
    assert len(lab.asked) == 30
    assert lab.left() == []


@pytest.mark.slow
def test_two_suites_with_one_job_do_it_once(tmp_path):
    """The second waits for the first, and takes what it made."""
    suite = slow(0.1, test=30)
    lab = Lab(tmp_path, suite)
    (lab.path / "other.toml").write_text(suite.replace('"faults"', '"other"'))
    first = lab.start()
    lab.wait_for(1)
    second = lab.spawn(suite="other.toml")
    first.communicate(timeout=120)
    assert (first.returncode, second.code) == (0, 0), second.err
    assert f"waiting for process {first.pid}, which does the same job" in second.err
    assert len(lab.asked) == 30
    one, other = runs(lab)
    assert results(lab, one)["cells"][0]["scores"] == results(lab, other)["cells"][0]["scores"]
    assert lab.left() == []


@pytest.mark.slow
def test_who_waits_for_a_process_that_is_killed_goes_on_with_its_job(tmp_path):
    suite = slow(0.1, test=20)
    lab = Lab(tmp_path, suite)
    (lab.path / "other.toml").write_text(suite.replace('"faults"', '"other"'))
    first = lab.start()
    lab.wait_for(3)
    second = lab.start(suite="other.toml")
    while "waiting" not in (said := second.stderr.readline()):
        assert said
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)
    _, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    assert len(lab.asked) <= 21


def test_a_lock_that_a_dead_process_left_is_taken_over(tmp_path, light):
    lab = Lab(tmp_path, ASKING, light)
    journal = "pwrite runs/jobs/.unfinished/predict-ID.journal"
    fault = {"kind": "kill", "at": journal, "number": 2, "when": "after"}
    assert lab.live(fault=fault).killed
    assert any(name.endswith("run/.lock") or ".lock" in name for name in lab.left())
    end = lab.live()
    assert end.code == 0
    assert "waiting" not in end.err
    assert lab.left() == []


def test_runs_of_one_second_have_folders_of_their_own(tmp_path, light):
    lab = Lab(tmp_path, ASKING, light)
    fault = {"kind": "clock stands", "at": 1_800_000_000.0}
    for _ in range(3):
        assert lab.live(fault=fault).code == 0
    first, *_, last = runs(lab)
    assert len(runs(lab)) == 3
    assert last == f"{first}-3"
    assert (lab.runs / "latest").resolve().name == last


@pytest.mark.parametrize("after", [2, 5, 8] if points(200) < 200 else range(12))
def test_a_clock_that_is_put_back_makes_no_time_negative(tmp_path, light, after):
    lab = Lab(tmp_path, ASKING, light)
    fault = {"kind": "clock back", "after": after, "by_s": 86_400.0}
    kill = {"kind": "kill", "at": "mkdir runs/jobs/.unfinished/score-ID-draft"}
    assert lab.live(fault={**kill, "number": 1, "when": "before"}).killed
    assert lab.live(fault=fault).code == 0
    assert list(negative(results(lab))) == []
    run = results(lab)["run"]
    assert run["started"] <= run["finished"]
    assert len(runs(lab)) == 1


def test_a_clock_that_was_put_back_between_two_runs_leaves_the_latest_the_latest(tmp_path, light):
    lab = Lab(tmp_path, ASKING, light)
    for at in (1_800_000_000.0, 1_700_000_000.0):
        assert lab.live(fault={"kind": "clock stands", "at": at}).code == 0
    first, second = runs(lab)
    assert (lab.runs / "latest").resolve().name == first < second
