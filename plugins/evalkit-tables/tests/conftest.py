"""Run folders to make tables of, and readers of the tables."""

import csv
import json
import shutil

import pytest

from evalkit import load_run
from evalkit import run as run_suite
from evalkit_tables.as_csv import CsvReporter
from evalkit_tables.params import CsvParams

SUITE = """
name = "tables"
seeds = [1, 2]

[task]
use = "fake-task"
test = 60

[[models]]
name = "parrot"
engine = "fake"
answer = "recall"
fail-on = "ball 3 of the test"

[[adapters]]
use = "fake-adapter"
k = [2, 4]

[[adapters]]
use = "fake-bare"

[[adapters]]
name = "broken"
use = "fake-adapter"
fail = "it gave up"

[[metrics]]
use = "contains"

[[comparisons]]
use = "fake-duel"
judge = "parrot"
"""


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A run folder with failed answers, failed cells and a comparison; not to be written to."""
    folder = tmp_path_factory.mktemp("tables")
    suite = folder / "tables.toml"
    suite.write_text(SUITE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVALKIT_DEFAULT_REPORTERS", "")
        modules = ["evalkit.testing.fakes"]
        run = run_suite(suite, modules=modules, output_dir=folder / "runs", cache="off")
    return run.folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of the run folder, to change at will."""
    return shutil.copytree(finished, tmp_path / finished.name)


@pytest.fixture
def tell():
    """Change ``results.json``: `change` is handed its content."""

    def tell(folder, change):
        path = folder / "results.json"
        results = json.loads(path.read_text("utf-8"))
        change(results)
        path.write_text(json.dumps(results), encoding="utf-8")

    return tell


@pytest.fixture
def as_csv():
    """Write the tables of a run folder as CSV: name -> its rows, as texts by column."""

    def write(run, **params):
        results = load_run(run).results
        written = CsvReporter(CsvParams(**params)).report(results, run)
        return {path.stem: rows_of(path) for path in written}

    return write


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))
