"""Suites that are nearly right: read, or refused with the file and the place. Never a crash."""

import contextlib

import pytest
from hypothesis import strategies as st
from tests.fuzzing import answers, damaged, fuzz

from evalkit.errors import SuiteError, UserError
from evalkit.plan import check_selectors, make_cells
from evalkit.plugins import build_manager
from evalkit.suite import check_suite, read_suite

pytestmark = pytest.mark.fuzz

SUITE = """
name = "trial"
description = "Words that are known."
seeds = [1, 2]
max-time = "2h30m"

[task]
use = "fake-task"
test = 3

[evaluate]
limit = 2

[[models]]
name = "parrot"
engine = "fake"
answer = "recall"
delay = 0.5
prices = { input = 1.5, output = 2 }

[[adapters]]
use = "fake-adapter"
k = [1, 2]
train-size = [4, "all"]

[[adapters]]
use = "fake-bare"
models = ["parrot"]

[[metrics]]
use = "contains"

[[comparisons]]
use = "fake-duel"
judge = "parrot"

[analysis]
baseline = "fake-bare"
meaningful-difference = 0.1

[[expect]]
adapter = "fake-*"
min = 0.25

[profiles.small]
seeds = [7]
evaluate.limit = 1
"""
DECLARED = """
[task]
instruction = "Which colour?"
input = "{text}"
target = "colour"
answer = "label"
labels = ["red", "blue"]
test = "test.jsonl"

[[models]]
engine = "fake"
python = "python"

[[adapters]]
use = "fake-bare"

[[metrics]]
use = "contains"
"""


@pytest.fixture
def plugins(alone):
    return build_manager(["evalkit.testing.fakes"])


def cells_of(plugins, path, **options):
    raw = read_suite(str(path), **options)
    suite = check_suite(raw, plugins)
    cells = make_cells(suite, plugins)
    check_selectors(suite, cells)
    return cells


def test_a_suite_is_read_or_refused_with_its_file(plugins, tmp_path):
    path = tmp_path / "suite.toml"

    def check(content, profile):
        path.write_bytes(content)
        try:
            assert cells_of(plugins, path, profile=profile)
        except SuiteError as error:
            assert error.problems
            assert all(one.message.startswith(f"{path}: ") for one in error.problems)

    fuzz(check, damaged(SUITE, DECLARED), st.sampled_from(["", "small"]))


def test_what_a_command_line_sets_is_applied_or_refused(plugins, tmp_path):
    path = tmp_path / "suite.toml"
    path.write_text(SUITE)
    places = st.sampled_from(
        ["adapters[0].k", "adapters.fake-bare", "seeds", "models", "max-time", "task", "x.y", "."]
    )

    def check(place, value, rest):
        override = f"{place}{rest}={value}"
        with contextlib.suppress(UserError):
            assert cells_of(plugins, path, overrides=[override])

    fuzz(
        check,
        places,
        answers("1", "[1, 2]", '"x"', "1d", "{a = 1}"),
        answers(".k", "[1]") | st.just(""),
    )
