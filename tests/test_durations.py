"""`evalkit run --durations`: the slowest jobs of an execution."""

import pytest

from evalkit.report.durations import Took, duration_lines, finished_jobs


def took(label, seconds, failed=False):
    return Took(id=label, label=label, seconds=seconds, failed=failed)


JOBS = [took("adapt a", 0.5), took("predict a", 12.25), took("score a", 3.0, failed=True)]


class TestLines:
    def test_the_slowest_come_first(self):
        assert list(duration_lines(JOBS, 2, ())) == [
            "slowest 2 of 3 jobs that ran:",
            "  12.25 s  predict a",
            "   3.00 s  score a  FAILED",
        ]

    @pytest.mark.parametrize("most", [0, 3, 100])
    def test_nought_lists_all(self, most):
        lines = list(duration_lines(JOBS, most, ()))
        assert lines[0] == "slowest 3 of 3 jobs that ran:"
        assert lines[-1] == "   0.50 s  adapt a"

    def test_jobs_that_were_finished_before_are_counted_alone(self):
        first, *_ = duration_lines(JOBS, 1, {"x", "y", "adapt a"})
        assert first == "slowest 1 of 3 jobs that ran (2 jobs finished before: not counted):"

    def test_nothing_ran(self):
        assert list(duration_lines([], 5, {"x"})) == [
            "slowest jobs: none ran (1 job finished before: not counted)"
        ]
        assert list(duration_lines([], 5, ())) == ["slowest jobs: none ran"]

    def test_which_were_finished_stands_in_the_results(self):
        cells = [{"jobs": {"reused": ["1", "2"]}}, {"jobs": None}, {"jobs": {"reused": ["2"]}}]
        comparisons = [
            {"status": "done", "identity": "3"}, {"status": "pending", "identity": None}
        ]  # fmt: skip
        found = finished_jobs({"cells": cells, "comparisons": comparisons})
        assert found == {"1", "2", "3"}


class TestCommand:
    def test_a_run_lists_what_it_did_and_not_what_was_there(self, lab):
        lab.suite()
        text = lab.run("--durations", "2").stdout
        jobs = len(lab.results()["cells"]) * 3
        assert f"\n  slowest 2 of {jobs} jobs that ran:\n" in text
        again = lab.run("--durations", "0").stdout
        assert f"\n  slowest jobs: none ran ({jobs} jobs finished before: not counted)\n" in again
        assert "slowest" not in lab.run().stdout

    def test_less_than_nothing_is_refused(self, lab):
        lab.suite()
        assert lab.run("--durations", "-1").exit_code == 2
