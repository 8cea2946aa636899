"""How far a run is, and what time is left."""

import pytest

from evalkit.plan import CellJobs, Job
from evalkit.records import Cell, Failure
from evalkit.results import Record
from evalkit.tracking import Tracker


def job(kind, name, use="lora"):
    """A job as the planner makes it, as far as its kind depends on it."""
    spec = {
        "model": "m",
        "models": {"m": {"identity": "1"}},
        "adapter": {"use": use},
        "metric": {"name": "f1"},
        "comparison": {"name": "duel"},
    }
    return Job(kind=kind, id=f"{kind}-{name}", label=f"{kind} {name}", spec=spec)


def record(name, use="lora", done=(), adapt=None):
    """A cell with its jobs; `done` maps the kinds that are finished to the seconds they took."""
    cell = Cell(
        id=name, task="t", model="m", adapter=name, use=use, params={}, train_size=0, seed=1
    )
    jobs = CellJobs(
        cell=cell,
        adapt=adapt or job("adapt", name, use),
        predict=job("predict", name),
        scores={"f1": job("score", name)},
    )
    made = Record(cell=cell, method=name, jobs=jobs)
    for one in made.all_jobs:
        if one.kind in done:
            made.notes[one.id] = {"seconds": done[one.kind], "from": "x", "content": "x"}
    return made


def tracker(*records, more=()):
    left = {one.id: one for r in records for one in r.all_jobs if one.id not in r.notes}
    return Tracker(records, [*left.values(), *more])


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is told the time."""
    now = [100.0]
    monkeypatch.setattr("evalkit.tracking.time.monotonic", lambda: now[0])
    return now


def test_a_cell_is_over_when_its_last_job_is():
    made = record("a")
    run = tracker(made, record("b"))
    for one in made.all_jobs:
        assert run.course.over == 0
        run.begin(one)
        run.end(one, 1.0, failed=False)
    assert (run.course.over, run.course.cells) == (1, 2)


def test_cells_that_were_finished_or_cannot_be_planned_are_over():
    done = record("a", done={"adapt": 1.0, "predict": 1.0, "score": 1.0})
    unfit = record("b")
    unfit.jobs, unfit.failure = None, Failure(reason="no", kind="preflight")
    run = tracker(done, unfit, record("c"))
    assert (run.course.over, run.course.cells) == (2, 3)


def test_a_shared_job_that_fails_ends_all_its_cells():
    shared = job("adapt", "shared")
    run = tracker(record("a", adapt=shared), record("b", adapt=shared), record("c"))
    run.begin(shared)
    run.end(shared, 1.0, failed=True)
    assert run.course.over == 2
    other = record("c")
    for one in other.all_jobs:
        run.begin(one)
        run.end(one, 2.0, failed=False)
    assert (run.course.over, run.course.seconds_left) == (3, 0.0)


def test_nothing_is_said_of_the_time_without_a_basis():
    run = tracker(record("a"), record("b"))
    assert (run.course.seconds_left, run.course.at_least) == (None, False)


def test_jobs_of_the_same_kind_are_the_basis():
    first = record("a")
    run = tracker(first, record("b"), record("c"))
    for seconds, one in zip((10.0, 5.0, 1.0), first.all_jobs, strict=True):
        run.begin(one)
        run.end(one, seconds, failed=False)
    assert (run.course.seconds_left, run.course.at_least) == (32.0, False)


def test_what_was_finished_before_counts_as_a_basis():
    done = record("a", done={"adapt": 10.0, "predict": 5.0, "score": 1.0})
    assert tracker(done, record("b")).course.seconds_left == 16.0


def test_a_method_of_another_kind_makes_it_a_lower_bound():
    done = record("a", done={"adapt": 10.0, "predict": 5.0, "score": 1.0})
    course = tracker(done, record("b", use="other")).course
    assert (course.seconds_left, course.at_least) == (6.0, True)


def test_a_job_that_failed_is_no_basis():
    first = record("a")
    run = tracker(first, record("b"))
    run.begin(first.jobs.adapt)
    run.end(first.jobs.adapt, 0.1, failed=True)
    assert run.course.seconds_left is None


def test_the_job_under_way_counts_by_how_far_it_is(clock):
    done = record("a", done={"adapt": 10.0, "predict": 5.0, "score": 1.0})
    left = record("b")
    run = tracker(done, left)
    run.begin(left.jobs.adapt)
    clock[0] += 4
    assert run.course.seconds_left == 6 + 5 + 1
    run.go_on(1, 5)
    assert run.course.seconds_left == 16 + 5 + 1
    run.go_on(0, 0)
    clock[0] += 100
    assert run.course.seconds_left == 5 + 1  # longer than the others took: any moment now


def test_progress_is_a_basis_where_there_is_no_other(clock):
    only = record("a", done={"predict": 5.0, "score": 1.0})
    run = tracker(only)
    run.begin(only.jobs.adapt)
    clock[0] += 3
    run.go_on(1, 4)
    assert (run.course.seconds_left, run.course.at_least) == (9.0, False)


def test_a_comparison_of_other_cells_than_planned_is_the_one_that_was_planned():
    done = record("a", done={"adapt": 1.0, "predict": 1.0, "score": 1.0})
    run = tracker(done, more=[job("compare", "all"), job("compare", "seed2")])
    other = job("compare", "fewer")
    run.begin(other)
    run.end(other, 7.0, failed=False)
    assert run.course.seconds_left == 7.0
    run.begin(job("compare", "seed2"))
    run.end(job("compare", "seed2"), 7.0, failed=False)
    assert run.course.seconds_left == 0.0


def test_a_job_that_runs_though_it_was_not_left_changes_nothing():
    done = record("a", done={"adapt": 1.0, "predict": 1.0, "score": 1.0})
    run = tracker(done, record("b"))
    run.begin(done.jobs.adapt)
    run.end(done.jobs.adapt, 1.0, failed=False)
    assert (run.course.over, run.course.seconds_left) == (1, 3.0)


def test_a_run_tells_how_far_it_is(lab):
    lab.suite()
    lines = lab.run().stderr.splitlines()
    count = len(lab.results()["cells"])
    assert any(line.startswith(f"{count} cells, {count * 3} jobs") for line in lines)
    assert f"({count} of {count} cells)" in lines[-1]
