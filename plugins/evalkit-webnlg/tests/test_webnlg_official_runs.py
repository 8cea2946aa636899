"""A whole run with ``webnlg-official``, on an engine that always gives the same answer."""

import json

import pytest

pytest_plugins = ["evalkit.testing.plugin"]

ROWS = [
    {"text": "Ada was born in London.", "triples": ["Ada | bornIn | London"]},
    {"text": "Ada wrote Notes.", "triples": ["Ada | wrote | Notes", 'Ada | said | "maybe"']},
]
SUITE = """
name = "facts"

[task]
use = "triples"
data = "jsonl"
path = "data"

[[models]]
engine = "fake"
answer = "fixed"
text = "London | bornIn | Ada"

[[adapters]]
use = "fake-bare"

[[metrics]]
use = "webnlg-official"
headline = "exact"
"""


@pytest.fixture
def facts(project):
    rows = "".join(json.dumps(row) + "\n" for row in ROWS)
    project.write("data/train.jsonl", rows)
    project.write("data/test.jsonl", rows)
    project.write("facts.toml", SUITE)
    return project


def test_a_run_keeps_every_figure_and_shows_the_headline(facts):
    facts.run("run", "facts.toml", "-p", "evalkit.testing.fakes", check=True)
    (cell,) = facts.results()["cells"]
    score = cell["scores"]["webnlg-official"]
    assert score["value"] == pytest.approx(score["values"]["exact_f1"])
    assert score["values"]["strict_f1"] < score["values"]["exact_f1"]
    assert score["values"]["ceiling_exact_f1"] == pytest.approx((2 + 2 / 3) / 3)
    assert score["values"]["crashes"] == 0
    assert score["values"]["full_f1"] == 0
