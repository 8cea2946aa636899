"""Run folders for the tests of the report, made by runs of the fakes."""

import json
from pathlib import Path
from typing import Any

from evalkit import RunView, load_run
from evalkit.testing import Project

SUITE = """
name = "colours"
description = "Which way is best?"
seeds = [1, 2]

[task]
use = "fake-task"
train = 40
test = 40

[[models]]
name = "parrot"
engine = "fake"
answer = "recall"
prices = { input = 1.0, output = 2.0, currency = "EUR" }

[[adapters]]
use = "fake-bare"

[[adapters]]
use = "fake-adapter"
k = [2, 30]

[[metrics]]
use = "contains"

[[comparisons]]
use = "fake-duel"
judge = "parrot"
"""


def make_run(folder: Path, suite: str = SUITE) -> RunView:
    """A run in a folder; whether all its cells are done is for the test to see."""
    project = Project(folder)
    project.write("suite.toml", suite)
    project.run("run", "suite.toml", "-p", "evalkit.testing.fakes", "--no-cache")
    return load_run(folder / "runs" / "latest")


def changed(run: RunView, /, **changes: Any) -> RunView:
    """The same run with other parts of its results; a part that is ... is left out."""
    results = {**run.results, **changes}
    kept = {key: value for key, value in results.items() if value is not ...}
    return RunView(run.folder, json.loads(json.dumps(kept)))
