"""One browser, one run and one report for nearly all tests.

They belong to the package: Playwright keeps an event loop running as long as it is started, in
which tests of other folders could not start theirs.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from .making import Planted, examples, make_run
from .watching import chromium, launch, visited


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A run and its report.

    Attributes:
        run: the run folder.
        path: the report.
        planted: the examples of the run.
    """

    run: Path
    path: Path
    planted: list[Planted]


@pytest.fixture(scope="package")
def browser():
    """Chromium."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on the PATH; `make test-browser` says how to get one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = launch(playwright, path)
        yield started
        started.close()


@pytest.fixture(scope="package")
def planted_run(tmp_path_factory):
    """A project with a run in which everything has hostile texts."""
    return make_run(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="package")
def reported(planted_run):
    """That run, and its report."""
    planted_run.run("report", "runs/latest", check=True)
    run = planted_run.path / "runs" / "latest"
    return Reported(run=run, path=run / "report.html", planted=examples())


@pytest.fixture
def visit(browser):
    """Opens a report; whatever it does that it must not do fails the test."""

    def do(path, at="", **options):
        return visited(browser, path, at=at, options=options)

    return do
