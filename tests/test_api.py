"""evalkit from Python."""

from functools import partial
from pathlib import Path

import pytest

import evalkit
from evalkit import SuiteError, load_run
from evalkit.runner import Finished


class Notes:
    """An Observer that writes everything down."""

    def __init__(self):
        self.notices, self.plans, self.started, self.ended = [], [], [], []
        self.courses = []

    def notice(self, text):
        self.notices.append(text)

    def plan(self, total, finished):
        self.plans.append((total, finished))

    def course(self, course):
        self.courses.append((course.over, course.cells))

    def job_start(self, job):
        self.started.append(job.label)

    def job_progress(self, job, done, total, note):
        assert 0 < done <= total

    def job_end(self, job, seconds, failure):
        self.ended.append((job.label, failure and failure.reason))


run = partial(evalkit.run, modules=["evalkit.testing.fakes"])


@pytest.fixture(autouse=True)
def here(lab, monkeypatch):
    """A lab that is the working directory."""
    monkeypatch.chdir(lab.path)
    lab.suite(more="[profiles.short.evaluate]\nlimit = 1\n")
    return lab


def test_a_run_gives_what_load_run_gives(here):
    view = run("suite.toml")
    assert [cell["status"] for cell in view.cells()] == ["done", "done"]
    assert load_run("runs/latest").results == view.results
    assert view.folder == (here.path / "runs" / "latest").resolve()


def test_profiles_overrides_and_folders(here):
    view = run(here.path / "suite.toml", profile="short", overrides=["seeds=[3]"], output_dir="out")
    assert view.results["task"]["examples"] == 1
    assert {cell["seed"] for cell in view.cells()} == {3}
    assert view.folder.parent == here.path / "out"


def test_an_observer_is_told_of_reporters_that_failed(monkeypatch):
    ended = Finished(folder=Path(), results={}, problems=("reporter x failed: no paper",))
    monkeypatch.setattr("evalkit.api.execute", lambda *args: ended)
    notes = Notes()
    run("suite.toml", observer=notes)
    assert notes.notices == ["reporter x failed: no paper"]


def test_an_observer_is_told_everything():
    notes = Notes()
    run("suite.toml", observer=notes)
    assert notes.plans == [(6, 0)]
    assert notes.notices == ["parrot: nothing to fetch"]
    assert notes.started == [label for label, _ in notes.ended]
    assert notes.started[0] == "adapt fake-adapter"
    again = Notes()
    run("suite.toml", observer=again)
    assert again.plans == [(6, 6)]
    assert again.started == []
    fresh = Notes()
    run("suite.toml", fresh=True, observer=fresh)
    assert fresh.started == notes.started


def test_the_other_options_of_the_command(here):
    view = run("suite.toml", limit=2, seeds=[5], matches=lambda text: "bare" in text)
    assert view.results["task"]["examples"] == 2
    assert [(cell["use"], cell["seed"]) for cell in view.cells()] == [("fake-bare", 5)]


def test_keep_going(here):
    here.suite(task='[task]\nuse = "fake-task"\ntrain = 0\n')
    with pytest.raises(SuiteError, match="is empty"):
        run("suite.toml")
    statuses = [cell["status"] for cell in run("suite.toml", keep_going=True).cells()]
    assert statuses == ["failed", "done"]


def test_nothing_selected_is_the_users_fault():
    with pytest.raises(SuiteError, match="no cell is selected"):
        run("suite.toml", matches=lambda text: False)


def test_a_failed_cell_is_no_exception():
    view = run("suite.toml", overrides=["adapters.fake-bare.fail=no"])
    assert [cell["status"] for cell in view.cells()] == ["done", "failed"]


def test_faults_of_a_suite_are():
    with pytest.raises(SuiteError) as caught:
        run("suite.toml", overrides=["seeds=1", "task.tset=1"])
    assert len(caught.value.problems) == 2
    assert 'did you mean "test"?' in str(caught.value)
