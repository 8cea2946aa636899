"""The harness behind `make bench`, and the page that its results are written to."""

import json
from dataclasses import replace

import pytest
from benchmarks import report
from benchmarks.harness import RESULTS, BenchmarkError, Side, agreed, started
from benchmarks.outcome import Finding, Outcome, ratio
from benchmarks.run_folders import Size, make_run

from evalkit import load_run

SIDE = """
import sys
from benchmarks.serve import serve


class Work:
    def __init__(self, setup):
        self.facts = {"prompts": setup["prompts"]}
        self.setup, self.count = setup, 0

    def go(self, order):
        self.count += 1
        with open(self.setup["log"], "a") as log:
            log.write(self.setup["name"])
        if order.get("fail"):
            sys.exit("no memory left")
        print("noise of a library")
        return {"seconds": self.setup["seconds"] * self.count, "answers": ["a"]}

    def close(self):
        pass


serve(Work, "numpy")
"""


@pytest.fixture
def sides(tmp_path):
    """Two sides, of which the second takes twice as long; each writes its name when it works."""
    (tmp_path / "working_side.py").write_text(SIDE)
    log = tmp_path / "log"

    def side(name, seconds):
        setup = {"name": name, "seconds": seconds, "prompts": "p", "log": str(log)}
        path = {"PYTHONPATH": str(tmp_path)}
        return Side(name=name, module="working_side", setup=setup, environment=path)

    return side("a", 1.0), side("b", 2.0), log


def test_sides_work_by_turns_and_the_first_turn_does_not_count(sides):
    a, b, log = sides
    with started(a, b) as bench:
        assert agreed(bench.facts, "prompts") == {"prompts": "p"}
        ours, theirs = bench.alternate([{}, {}, {}], warm_up={})
    assert log.read_text() == "abababab"
    assert ours.seconds == [2, 3, 4]
    assert ratio(ours, theirs, target=0.6).value == 0.5
    assert set(ours.versions) == {"python", "numpy"}


def test_a_side_that_dies_is_named_with_its_last_words(sides):
    a, b, _ = sides
    with (
        started(a, b) as bench,
        pytest.raises(BenchmarkError, match=r"(?s)a ended.*no memory"),
    ):
        bench.alternate([{"fail": True}], warm_up=None)


def test_sides_that_differ_are_not_compared():
    with pytest.raises(BenchmarkError, match="differ in prompts"):
        agreed([{"prompts": 1}, {"prompts": 2}], "prompts")


def test_a_finding_says_by_how_much_its_target_is_missed():
    slow = Finding(what="time", value=0.9, target=0.6)
    assert slow.missed_by == pytest.approx(0.5)
    assert replace(slow, value=0.6).missed_by == 0
    assert replace(slow, sense="at least", value=0.45).missed_by == pytest.approx(0.25)
    assert replace(slow, sense="at least").missed_by == 0
    assert replace(slow, target=None).missed_by is None


def test_a_result_holds_every_time_and_no_answer(sides, tmp_path):
    a, b, _ = sides
    with started(a, b) as bench:
        measured = bench.alternate([{}, {}], warm_up=None)
    outcome = Outcome(
        name="row",
        order=1,
        what="a row",
        settings={"texts": 1},
        findings=[ratio(*measured, target=0.4)],
        measured=measured,
    )
    form = json.loads(outcome.write(tmp_path).read_text())
    assert [side["seconds"] for side in form["sides"]] == [[1, 2], [2, 4]]
    assert form["sides"][0]["runs"] == [{}, {}]
    assert form["machine"]["cores"] >= 1
    assert form["findings"][0]["missed_by"] == 0.25
    table = report.tables([form])
    assert "| a row | time of a / time of b | **0.5** | at most 0.4 | missed by 25% |" in table
    assert "| a | 1.50 | 1.00, 2.00 |" in table


def test_the_page_shows_the_results_that_are_kept():
    page = report.PAGE.read_text(encoding="utf-8")
    assert report.with_tables(page, report.read(RESULTS)) == page


def test_a_large_run_folder_has_lines_that_evalkit_wrote(tmp_path):
    run = make_run(tmp_path, Size(methods=2, examples=8, judged=1, unique=3))
    for pattern in ("examples.jsonl", "predictions/*", "scores/*/*"):
        for path in run.glob(pattern):
            first, *_ = lines = [json.loads(line) for line in path.read_text().splitlines()]
            assert len({line["id"] for line in lines}) == len(lines) == 8
            again = lines[6]  # the first example, for the third time
            assert again["id"] == f"{first['id']}~2"
            different = {key for key in first if again[key] != first[key]}
            assert different == {"id", *first.keys() & {"sources"}}
    assert {cell["examples"] for cell in load_run(run).results["cells"]} == {8}
