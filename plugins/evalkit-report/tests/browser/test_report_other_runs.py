"""Reports of other runs than the planted one: several seeds, several runs, hardly anything."""

import json
import shutil

import pytest

from evalkit.testing import Project

from .measuring import OF_CHARTS, OF_PAGE, axe_faults
from .watching import NARROW

pytestmark = pytest.mark.browser
SUITE = """
name = "small"
seeds = [1, 2]

[task]
use = "fake-task"
test = 12

[[models]]
name = "parrot"
engine = "fake"
answer = "recall"

[[adapters]]
use = "fake-adapter"
k = [2, 4]

[[metrics]]
use = "contains"
"""
LABELS = """
name = "labels"

[task]
instruction = "Is it good or bad?"
input = "{text}"
target = "label"
answer = "label"
labels = ["good", "bad"]
constrain = false
train = "train.jsonl"
test = "test.jsonl"

[[models]]
name = "parrot"
engine = "fake"
answer = "fixed"
text = "good"

[[adapters]]
use = "zero-shot"
models = ["parrot"]

[[adapters]]
use = "fake-adapter"
name = "broken"
models = ["parrot"]
fail = "no paper"

[[metrics]]
use = "accuracy"

[[metrics]]
use = "macro-f1"
"""


@pytest.fixture
def small(tmp_path):
    """Runs a suite with the fakes, and reports it; the report."""
    project = Project(tmp_path)

    def do(suite, *more):
        project.write("suite.toml", suite)
        project.run("run", "suite.toml", "--no-cache", "-p", "evalkit.testing.fakes")
        project.run("report", "runs/latest", *more, "-o", tmp_path / "report.html", check=True)
        return tmp_path / "report.html"

    return do


def test_answers_of_all_seeds_can_be_looked_at(visit, small):
    with visit(small(SUITE)) as visited:
        page = visited.page
        page.locator("#browser-list a").first.wait_for()
        cards = page.locator("[data-cell]")
        assert cards.count() == 2
        page.locator("#browser-seed").select_option(value="all")
        page.wait_for_function("() => document.querySelectorAll('[data-cell]').length === 4")
        page.locator("#browser-more summary").click()
        page.locator("#browser-clear").click()  # does not choose other answers than are shown
        assert page.locator("#browser-seed").input_value() == "all"
        assert cards.count() == 4
        assert page.evaluate(OF_CHARTS) == []
        assert axe_faults(page) == {}


def test_a_run_of_which_nothing_came_can_be_reported(visit, small):
    suite = SUITE.replace("k = [2, 4]", 'fail = "<b>no</b> paper"')
    with visit(small(suite), viewport=NARROW) as visited:
        page = visited.page
        assert "<b>no</b> paper" in page.locator("#methods").inner_text()
        assert page.evaluate(OF_PAGE) == []
        assert axe_faults(page) == {}


def test_only_what_there_is_to_show_of_examples_can_be_chosen(visit, small, tmp_path):
    """No method without answers, no metric that scores all examples together and none alone."""
    for split in ("train", "test"):
        rows = [{"text": f"{split} {n}", "label": ("good", "bad")[n % 2]} for n in range(8)]
        lines = (json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{split}.jsonl").write_text("".join(lines), "utf-8")
    with visit(small(LABELS)) as visited:
        page = visited.page
        example = page.locator("#browser-example[data-example]")
        example.wait_for()
        methods = page.locator("#browser-method option").all_text_contents()
        assert methods == ["any", "zero-shot"]
        assert page.locator("#browser-metric option").all_text_contents() == ["accuracy"]
        text = example.inner_text()
        assert "broken has no answers: no paper" in text
        assert "1.000" in text
        assert "macro-f1" not in text


def test_runs_stand_side_by_side(visit, reported, planted_run, tmp_path):
    """The same run again, under another id, as if it had been repeated."""
    again = tmp_path / "runs" / "again"
    shutil.copytree(reported.run, again)
    results = json.loads((again / "results.json").read_text("utf-8"))
    results["run"]["id"] = "again"
    (again / "results.json").write_text(json.dumps(results), "utf-8")
    path = tmp_path / "both.html"
    planted_run.run("report", "runs/latest", again, "-o", path, check=True)
    with visit(path) as visited:
        page = visited.page
        page.locator("#browser-list a").first.wait_for()
        assert page.locator("#methods-table tbody tr").count() == 10
        assert page.locator("[data-cell]").count() == 10
        assert page.evaluate(OF_CHARTS) == []
