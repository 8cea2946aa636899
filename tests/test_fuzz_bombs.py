"""Small files that can stand for gigabytes or hours: refused at once, in little memory.

They are read in one process with half a gigabyte to spare. The time limit is a backstop: what is
not refused would take hours, or all memory.
"""

import json
import subprocess
import sys

import pytest
from tests import bombs

NO_END = 240


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What the reader of each said of it."""
    folder = tmp_path_factory.mktemp("bombs")
    done = subprocess.run(
        [sys.executable, "-m", "tests.bombs", str(folder)],
        cwd=bombs.ROOT,
        capture_output=True,
        text=True,
        timeout=NO_END,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", ["laughs", "quadratic", "external", "parameter"])
def test_entities_are_refused_with_file_and_line(said, name):
    refused = "train/1triples/bomb.xml: line 1: a DOCTYPE is not read: it may declare entities"
    assert refused in said[f"xml {name}"]


@pytest.mark.parametrize("name", ["deep", "wide"])
def test_odd_xml_is_read_in_little_memory(said, name):
    assert "train/1triples/bomb.xml: line 1: no entry" in said[f"xml {name}"]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("lists", ": not valid TOML: "),
        ("tables", ": not valid TOML: "),
        ("dots", ": not valid TOML: "),
        ("header", ": not valid TOML: "),
        ("digits", "(4300 digits) for integer string conversion: value has 1000000 digits"),
        ("date", ": not valid TOML: "),
        ("keys", ": k9999: unknown key"),
        ("deeper", ": a.a.a...: tables and lists stand too deep in each other"),
        ("hex", ": models.0.delay: a whole number of more than 64 bits"),
        ("sweep", ": adapters[0]: its sweeps have 1000000 combinations"),
        ("cells", ": adapters: more than 100000 cells"),
        ("path", ": task.test: no path: File name too long"),
        ("nul", ": task.test: no path: it holds a NUL"),
        ("nobody", ": task.test: no path: "),
        ("span", ": max-time: expected seconds, or a span of time"),
    ],
)
def test_a_suite_is_refused_with_its_file(said, name, what):
    assert f"{name}.toml: " in said[f"suite {name}"]
    assert what in said[f"suite {name}"]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("deep.jsonl", "line 1: no valid JSON: nested too deeply"),
        ("deeper.jsonl", "line 1: no valid JSON: nested too deeply"),
        ("borne.jsonl", "line 1: no valid JSON: nested too deeply"),
        ("digits.jsonl", "line 1: no valid JSON: 99999999999999999999... is too large"),
        ("infinite.jsonl", "line 1: no valid JSON: 1e999 is too large"),
        ("half.jsonl", "line 1: x: holds half of a surrogate pair"),
        ("field.csv", "line 2: no valid CSV: field larger than field limit"),
        ("open.csv", "line 2: no valid CSV: field larger than field limit"),
        ("columns.csv", "line 1: the header names a column twice"),
        ("nul.csv", "line 2: 1 cells, but the header has 2"),
        ("faults.jsonl", "... and 499980 more"),
    ],
)
def test_data_is_refused_with_file_and_line(said, name, what):
    assert f"{name}: " in said[f"data {name}"]
    assert what in said[f"data {name}"]


@pytest.mark.parametrize("name", ["results", "borne", "digits"])
def test_results_are_refused_with_their_file(said, name):
    assert f"{name}/results.json: damaged: " in said[f"run {name}"]


@pytest.mark.parametrize("name", ["deep", "long", "two"])
def test_lines_are_refused_and_a_journal_is_cut(said, name):
    assert f"{name}/x.jsonl: damaged: line 1 is no JSON object" in said[f"lines {name}"]
    assert "a record cut off or damaged, left out and asked anew" in said[f"journal {name}"]
