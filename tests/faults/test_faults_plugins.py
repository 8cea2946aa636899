"""Plugins that exit or give nonsense, and answers that no terminal should see."""

import json

import pytest
from tests.faults.engines import NASTY
from tests.faults.lives import Lab
from tests.faults.suites import JUDGED, ONE, PARROT, suite

BARE = '\n[[adapters]]\nuse = "fake-bare"\n'
WORKER = '\n[executor]\nuse = "worker"\n'


def cells(lab):
    results = json.loads((lab.runs / "latest" / "results.json").read_text())
    return {cell["id"]: cell for cell in results["cells"]}


@pytest.mark.parametrize(
    ("how", "executor", "kind"),
    [("sys.exit", "", "adapter"), ("os._exit", WORKER, "machine")],
)
def test_a_method_that_ends_its_process_fails_alone(tmp_path, light, how, executor, kind):
    methods = f'[[adapters]]\nuse = "exits"\nhow = "{how}"\n{BARE}'
    lab = Lab(tmp_path, suite(methods=methods, rest=ONE + executor), light)
    end = lab.live()
    assert end.code == 1
    assert cells(lab)["exits"]["failure"]["kind"] == kind
    assert cells(lab)["fake-bare"]["status"] == "done"


def test_a_method_that_ends_the_process_of_the_run_costs_what_it_did_itself(tmp_path, light):
    methods = f'{BARE}\n[[adapters]]\nuse = "exits"\nhow = "os._exit"\n'
    lab = Lab(tmp_path, suite(methods=methods, rest=ONE), light)
    assert lab.live().code == 0  # what it told the system, in place of the run
    assert cells(lab)["fake-bare"]["status"] == "done"
    assert cells(lab)["exits"]["status"] == "pending"
    asked = len(lab.asked)
    lab.live()
    assert len(lab.asked) == asked


def test_a_text_for_no_terminal_is_kept_as_it_is_and_shown_with_escapes(tmp_path, light):
    models = f'{PARROT}say = "nasty"\n'
    methods = f'[[adapters]]\nuse = "says"\n{BARE}\n[[adapters]]\nuse = "fake-bare"\nname = "b"\n'
    lab = Lab(tmp_path, suite(models=models, methods=methods, rest=JUDGED), light)
    end = lab.live()
    assert end.code == 1
    (line, *_) = (lab.runs / "latest" / "predictions" / "fake-bare.jsonl").read_text().splitlines()
    assert json.loads(line)["text"] == NASTY
    assert cells(lab)["says"]["failure"]["reason"] == NASTY
    for shown in (end.out, end.err):
        assert not {c for c in shown if not c.isprintable()} - {"\n"}
    assert "\\x1b[2J" in end.err
    asked = len(lab.asked)
    assert lab.live().code == 1
    assert len(lab.asked) == asked


def test_an_answer_of_fifty_megabytes_is_kept_whole(tmp_path, light):
    models = f'{PARROT}say = "huge"\n'
    lab = Lab(tmp_path, suite(models=models, methods=BARE, rest=ONE, test=1), light)
    end = lab.live()
    assert end.code == 0, end.err
    (line,) = (lab.runs / "latest" / "predictions" / "fake-bare.jsonl").read_text().splitlines()
    assert len(json.loads(line)["text"]) == 50_000_000
    assert len(end.out) < 10_000


@pytest.mark.parametrize("value", ["0.0", "1.0"])
def test_a_headline_that_is_no_number_is_undefined(tmp_path, light, value):
    rest = f'[[metrics]]\nuse = "odd"\nvalue = {value}\n'
    lab = Lab(tmp_path, suite(methods=BARE, rest=rest), light)
    end = lab.live()
    assert end.code == 0, end.err
    text = (lab.runs / "latest" / "results.json").read_text()
    json.loads(text, parse_constant=lambda constant: pytest.fail(f"not strict JSON: {constant}"))
    assert cells(lab)["fake-bare"]["scores"]["odd"]["value"] is None
    (row,) = (line for line in end.out.splitlines() if line.strip().startswith("fake-bare "))
    assert "nan" not in row.lower()
    assert "aggregate gives" in end.out  # the reason, below the table
