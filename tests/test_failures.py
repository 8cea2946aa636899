"""A fault in one cell: it is told, kept, tried again, and takes no other cell along."""

import pytest

from evalkit.report.printable import printable
from evalkit.testing.fakes.engine import RuledEngine

DUEL = '[[comparisons]]\nuse = "fake-duel"\njudge = "parrot"\n'
BAD_CELLS = """
[[adapters]]
use = "fake-adapter"
[[adapters]]
name = "bad"
use = "fake-bare"
{bad}
[[adapters]]
use = "fake-bare"
"""
LOCAL = """
import os, sys
from evalkit import AdaptedModel, Adapter, Entry, Metric, Prompt, hookimpl

class Exits(Adapter):
    def adapt(self, context):
        sys.exit(5)

class Wrong(Adapter):
    def adapt(self, context):
        return "no AdaptedModel"

class Exiting(Metric):
    def score(self, target, value):
        sys.exit(5)

    def aggregate(self, scores):
        return {}

@hookimpl
def evalkit_adapters():
    return [Entry(name=n.lower(), target=f"evalkit_plugins:{n}") for n in ("Exits", "Wrong")]

@hookimpl
def evalkit_metrics():
    return [Entry(name="exiting", target="evalkit_plugins:Exiting")]
"""


class TestFailures:
    @pytest.fixture(autouse=True)
    def _local(self, lab):
        lab.write("evalkit_plugins.py", LOCAL)

    def statuses(self, lab):
        return {cell["id"]: cell["status"] for cell in lab.results()["cells"]}

    def check_alone(self, lab, **failure):
        """Exactly the cell `bad` failed, for this reason."""
        result = lab.run()
        assert result.exit_code == 1, result.output
        assert "Traceback" not in result.stderr
        assert self.statuses(lab) == {"fake-adapter": "done", "bad": "failed", "fake-bare": "done"}
        found = lab.cell("bad")["failure"]
        assert {key: found[key] for key in failure} == failure
        assert f"bad failed: {printable(found['reason'])}" in result.stdout
        return result

    def test_an_adaptation_that_gives_up(self, lab):
        lab.suite(adapters=BAD_CELLS.format(bad='fail = "too little"'))
        result = self.check_alone(lab, reason="too little", kind="adapter", hint="see `fail`")
        assert "adapt bad: FAILED: too little" in result.stderr
        assert not (lab.path / "runs" / lab.runs()[0] / "errors.log").exists()

    def test_a_bug_of_an_adapter_with_its_traceback_in_the_log(self, lab):
        lab.suite(adapters=BAD_CELLS.format(bad='crash = "b\\u00f6om \\u001b[2J"'))
        self.check_alone(lab, kind="adapter", hint="see errors.log in the run")
        log = (lab.path / "runs" / lab.runs()[0] / "errors.log").read_text(encoding="utf-8")
        assert log.startswith("adapt bad\nTraceback (most recent call last):\n")
        assert "RuntimeError: böom" in log

    @pytest.mark.parametrize(
        ("use", "reason"),
        [
            ("exits", "SystemExit: 5"),
            ("wrong", 'the adapter "wrong" returned str'),
        ],
    )
    def test_an_adapter_that_exits_or_returns_nonsense(self, lab, use, reason):
        adapters = BAD_CELLS.format(bad="").replace(
            'name = "bad"\nuse = "fake-bare"', f'name = "bad"\nuse = "{use}"'
        )
        lab.suite(adapters=adapters)
        self.check_alone(lab, reason=reason, kind="adapter")

    def test_a_metric_that_exits(self, lab):
        lab.suite(
            adapters='[[adapters]]\nuse = "fake-bare"\n',
            metrics='[[metrics]]\nuse = "contains"\n[[metrics]]\nuse = "exiting"\n',
        )
        assert lab.run().exit_code == 1
        cell = lab.cell("fake-bare")
        assert cell["failure"]["kind"] == "metric"
        assert cell["failure"]["reason"] == "SystemExit: 5"
        assert cell["scores"]["contains"]["value"] == 0.0

    def test_an_engine_that_dies_fails_what_it_did_not_answer(self, lab):
        lab.suite(
            models='[[models]]\nname = "parrot"\nengine = "fake"\ndie-on = "ball 2"\n',
            adapters='[[adapters]]\nuse = "fake-bare"\n',
        )
        assert lab.run().exit_code == 1  # half of the answers could not be had
        cell = lab.cell("fake-bare")
        assert cell["status"] == "done"
        assert cell["outcomes"] == {
            "parsed": 2, "malformed": 0, "empty": 0, "truncated": 0, "refused": 0, "failed": 2
        }  # fmt: skip
        assert cell["scores"]["contains"]["value"] == 1.0  # of the two that were answered

    def test_an_engine_that_answers_nothing_fails_the_cell(self, lab):
        models = '[[models]]\nname = "parrot"\nengine = "fake"\n'
        lab.suite(
            models=models + '[[models]]\nname = "dead"\nengine = "fake"\ndie-on = "ball"\n',
            adapters='[[adapters]]\nuse = "fake-bare"\n',
        )
        assert lab.run().exit_code == 1
        assert self.statuses(lab) == {"fake-bare-parrot": "done", "fake-bare-dead": "failed"}
        failure = lab.cell("fake-bare-dead")["failure"]
        assert failure == {
            "reason": 'no example could be answered: the engine died at "ball"',
            "kind": "engine",
            "hint": "see `die-on`",
        }

    def test_a_bug_of_an_engine_is_said_to_be_the_engines(self, lab):
        models = '[[models]]\nname = "parrot"\nengine = "fake"\n'
        lab.suite(
            models=models + '[[models]]\nname = "buggy"\nengine = "fake"\ncrash-on = "ball 1"\n',
            adapters='[[adapters]]\nuse = "fake-bare"\n',
        )
        assert lab.run().exit_code == 1
        failure = lab.cell("fake-bare-buggy")["failure"]
        assert failure["kind"] == "engine"
        assert failure["reason"] == 'RuntimeError: the engine has a bug at "ball 1"'
        assert lab.cell("fake-bare-parrot")["status"] == "done"
        log = (lab.path / "runs" / lab.runs()[0] / "errors.log").read_text()
        assert "the engine has a bug" in log

    def test_an_engine_with_a_bug_is_replaced_for_the_next_job(self, lab, monkeypatch):
        made = []
        init = RuledEngine.__init__
        monkeypatch.setattr(
            RuledEngine,
            "__init__",
            lambda self, model, params: (made.append(self), init(self, model, params))[1],
        )
        lab.suite(
            models='[[models]]\nname = "parrot"\nengine = "fake"\ncrash-on = "the training"\n',
            adapters='[[adapters]]\nuse = "fake-adapter"\nask = 1\n'
            '[[adapters]]\nuse = "fake-bare"\n',
        )
        assert lab.run().exit_code == 1
        assert self.statuses(lab) == {"fake-adapter": "failed", "fake-bare": "done"}
        # the first one was made to see whether it answers
        assert [engine.closed for engine in made] == [True, True, True]

    def test_a_failed_job_is_tried_once_for_all_cells_that_share_it(self, lab):
        lab.suite("seeds = [1, 2]\n", adapters='[[adapters]]\nuse = "fake-bare"\nfail = "no"\n')
        result = lab.run()
        assert result.exit_code == 1
        assert result.stderr.count("FAILED") == 1
        assert set(self.statuses(lab).values()) == {"failed"}

    def test_failed_cells_are_tried_again_by_the_next_run(self, lab):
        lab.suite(
            adapters='[[adapters]]\nuse = "fake-bare"\n',
            models='[[models]]\nname = "parrot"\nengine = "fake"\ncrash-on = "ball"\n',
        )
        assert lab.run().exit_code == 1
        result = lab.run()
        assert result.exit_code == 1
        assert "predict fake-bare: FAILED" in result.stderr
        assert "1 of them finished before" in result.stderr

    def test_a_comparison_goes_on_without_the_failed_cell(self, lab):
        lab.suite(adapters=BAD_CELLS.format(bad='fail = "no"'), more=DUEL)
        result = self.check_alone(lab)
        (comparison,) = lab.results()["comparisons"]
        assert comparison["status"] == "done"
        assert comparison["cells"] == ["fake-adapter", "fake-bare"]
        assert [s["contestant"] for s in comparison["standings"]] == comparison["cells"]
        row = next(line for line in result.stdout.splitlines() if line.split()[:1] == ["bad"])
        assert "–" in row  # noqa: RUF001 (the sign for an undefined figure)

    def test_a_cell_with_too_many_failed_answers_is_not_compared(self, lab):
        models = '[[models]]\nname = "parrot"\nengine = "fake"\n'
        models += '[[models]]\nname = "worse"\nengine = "fake"\nfail-on = "ball 2"\n'
        lab.suite(models=models, more=DUEL)
        assert lab.run().exit_code == 1
        (comparison,) = lab.results()["comparisons"]
        assert comparison["status"] == "done"
        assert comparison["cells"] == ["fake-adapter-parrot", "fake-bare-parrot"]

    def test_a_comparison_of_fewer_than_two_cells_fails(self, lab):
        bad = '[[adapters]]\nname = "bad"\nuse = "fake-bare"\nfail = "no"\n'
        lab.suite(adapters=bad + '[[adapters]]\nuse = "fake-bare"\n', more=DUEL)
        assert lab.run().exit_code == 1
        (comparison,) = lab.results()["comparisons"]
        assert comparison["failure"]["reason"] == "fewer than two cells can be compared"

    def test_with_one_cell_selected_there_is_no_comparison(self, lab):
        lab.suite(more=DUEL)
        result = lab.run("-k", "bare")
        assert result.exit_code == 0
        assert "no comparison: that takes two cells of one seed" in result.stderr
        assert lab.results()["comparisons"] == []

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            (["-x"], ["failed", "pending", "pending"]),
            (["--maxfail", "1"], ["failed", "pending", "pending"]),
            (["--maxfail", "2"], ["failed", "failed", "pending"]),
            (["--maxfail", "3"], ["failed", "failed", "done"]),
            ([], ["failed", "failed", "done"]),
        ],
    )
    def test_a_run_stops_after_as_many_failures_as_asked(self, lab, options, expected):
        bad = '[[adapters]]\nname = "{}"\nuse = "fake-bare"\nfail = "{}"\n'
        adapters = bad.format("a", "one") + bad.format("b", "two")
        lab.suite(adapters=adapters + '[[adapters]]\nname = "c"\nuse = "fake-bare"\n', more=DUEL)
        result = lab.run(*options)
        assert result.exit_code == 1
        assert list(self.statuses(lab).values()) == expected
        assert ("not run: " in result.stdout) == ("pending" in expected)

    def test_what_was_stopped_goes_on_in_the_same_folder(self, lab):
        bad = '[[adapters]]\nname = "a"\nuse = "fake-bare"\nfail = "no"\n'
        lab.suite(adapters=bad + '[[adapters]]\nname = "c"\nuse = "fake-bare"\n')
        lab.run("-x")
        assert lab.results()["run"]["finished"] is None
        lab.run()
        assert len(lab.runs()) == 1
        assert self.statuses(lab) == {"a": "failed", "c": "done"}
        assert lab.results()["run"]["finished"]
        lab.run()
        assert len(lab.runs()) == 2
