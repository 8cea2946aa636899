"""max-cost and max-time: a run stops cleanly before it takes more, and can be gone on with."""

import sys
import threading

import pytest
from tests.metering import ANSWER, CHECK, MODELS, attempts, metered

from evalkit.budget import Budget
from evalkit.ledger import Ledger
from evalkit.prices import Prices
from evalkit.suite.keys import LimitKeys


class TestKeys:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("90s", 90), ("2h30m", 9000), ("1d", 86_400), ("1m1s", 61), (12.5, 12.5), (3, 3)],
    )
    def test_spans_of_time(self, text, seconds):
        assert LimitKeys.model_validate({"max-time": text}).max_time == seconds

    @pytest.mark.parametrize("text", ['"soon"', '""', "0", "-1", '"30m2h"', '"0s"', "true", "inf"])
    def test_what_is_no_span_is_refused_with_its_place(self, lab, text):
        lab.suite(f"max-time = {text}\n")
        assert lab.errors().startswith("error: suite.toml: max-time: ")

    @pytest.mark.parametrize("text", ["0", "-1", '"2 dollars"'])
    def test_what_is_no_amount_is_refused(self, lab, text):
        metered(lab, f"max-cost = {text}\n")
        assert "error: suite.toml: max-cost: " in lab.errors()

    def test_a_cost_without_prices_has_no_meaning(self, lab):
        lab.suite("max-cost = 1.0\n")
        assert lab.errors() == (
            "error: suite.toml: max-cost: no model of this suite has prices\n"
            "  give the models that cost something prices = { input = ..., output = ... }\n"
        )

    def test_limits_are_keys_of_the_top_only(self, lab):
        lab.suite(evaluate="[evaluate]\nmax-cost = 1\n")
        assert "evaluate.max-cost: unknown key" in lab.errors()


class TestCost:
    LIMIT = "max-cost = 0.0045\n"  # two answers of 0.002 fit, a third one does not

    def test_a_run_stops_before_the_next_answer_would_cost_too_much(self, lab):
        metered(lab, self.LIMIT)
        result = lab.run()
        assert result.exit_code == 1, result.output
        assert (
            "stopped: USD 0.00401 of max-cost 0.0045 are spent, "
            "and one more answer may cost 0.002\n"
            "  2 jobs are left: predict fake-bare, score fake-bare contains\n"
            "  raise the limit and run again: it goes on where it stopped\n"
        ) in result.stderr
        assert sum(one["cost"] for one in attempts(lab)) == pytest.approx(2 * ANSWER + CHECK)
        results = lab.results()
        assert results["run"]["finished"] is None
        assert results["run"]["stopped"].startswith("USD 0.00401 of max-cost")
        assert results["cells"][0]["status"] == "pending"
        assert "not run: fake-bare" in result.stdout

    def test_with_a_higher_limit_it_goes_on_and_pays_only_for_the_rest(self, lab):
        metered(lab, self.LIMIT)
        lab.run()
        metered(lab, "max-cost = 0.01\n")
        result = lab.run()
        assert result.exit_code == 0, result.output
        assert len(lab.runs()) == 1
        answers = [one for one in attempts(lab) if one["job"] == "predict fake-bare"]
        assert len(answers) == 4
        found = lab.results()
        assert found["run"]["stopped"] is None
        assert found["ledger"]["cost"] == pytest.approx(4 * ANSWER + 2 * CHECK)

    def test_what_earlier_attempts_cost_counts(self, lab):
        metered(lab, self.LIMIT)
        lab.run()
        before = attempts(lab)
        result = lab.run()
        assert result.exit_code == 1
        assert "2 jobs are left" in result.stderr
        assert attempts(lab) == before  # nobody is asked, not even for a sign of life

    def test_the_last_answer_may_use_the_limit_up(self, lab):
        metered(lab, "max-cost = 0.0081\n")
        result = lab.run()
        assert result.exit_code == 0, result.output
        assert lab.cell("fake-bare")["scores"]["contains"]["value"] is not None

    def test_a_limit_that_is_reached_does_not_make_a_finished_run_fail(self, lab):
        metered(lab, "max-cost = 0.0081\n")
        lab.run()
        assert lab.run().exit_code == 0

    def test_cells_that_were_finished_keep_their_results(self, lab):
        bare = '[[adapters]]\nuse = "fake-bare"\nsteps = [1, 2]\n'
        metered(lab, "max-cost = 0.0105\n", adapters=bare)
        assert lab.run().exit_code == 1
        first, second = lab.results()["cells"]
        assert (first["status"], second["status"]) == ("done", "pending")
        assert first["scores"]["contains"]["value"] is not None

    def test_python_is_told_too(self, lab, monkeypatch):
        from evalkit import api
        from evalkit.prepare import Choice, prepare
        from evalkit.runner import Options

        metered(lab, self.LIMIT)
        monkeypatch.chdir(lab.path)
        monkeypatch.syspath_prepend(lab.path)
        told = []

        def tell(text):
            told.append(text)
            if text.startswith("stopping: "):  # as when a signal comes while something is printed
                raise RuntimeError("reentrant call")

        observer = api.Silence()
        observer.notice = tell
        chosen = prepare(Choice(source="suite.toml", modules=("evalkit.testing.fakes",)))
        options = Options(
            output=lab.path / "runs", modules=("evalkit.testing.fakes",), local=chosen.local
        )
        finished = api.execute(chosen, options, observer)
        del sys.modules["evalkit_plugins"]
        assert finished.stopped.startswith("stopped: USD")
        assert finished.failed
        assert any(text.startswith("stopping: USD") for text in told)


class TestTime:
    def test_a_run_stops_when_its_time_is_over(self, lab):
        models = MODELS + "delay = 0.3\n"
        metered(lab, "max-time = 0.5\n", models=models)
        result = lab.run()
        assert result.exit_code == 1, result.output
        assert "max-time: the run has taken" in result.stderr
        assert lab.cell("fake-bare")["status"] == "pending"
        metered(lab, 'max-time = "1h"\n', models=models)
        assert lab.run().exit_code == 0
        assert len(lab.runs()) == 1

    def test_time_that_earlier_attempts_took_counts(self, lab):
        models = MODELS + "delay = 0.3\n"
        metered(lab, "max-time = 0.5\n", models=models)
        lab.run()
        took = lab.results()["ledger"]["seconds"]
        assert took >= 0.3
        assert "2 jobs are left" in lab.run().stderr
        assert lab.results()["ledger"]["seconds"] >= took


class TestSilence:
    """A job that tells nothing, as training does for hours, is stopped too."""

    HOURLY = Prices(per_hour=1.0)

    @pytest.fixture
    def watched(self):
        """Watch a job that has kept a device busy for two hours; the limit that stops it."""

        def watch(ledger_file, limits, told):
            now, reached, found = [0.0], threading.Event(), []
            ledger = Ledger({"m": self.HOURLY}, clock=lambda: now[0])
            ledger.open(ledger_file, print)
            budget = Budget(LimitKeys.model_validate(limits), ledger, "USD")

            def check():
                if budget.reached:
                    found.append(budget.reached)
                    reached.set()

            with budget.timed(check, told.append):
                ledger.begin("adapt a", "m")
                now[0] = 7200.0
                assert reached.wait(30)
            ledger.close()
            return found[0]

        return watch

    def test_by_what_its_device_costs(self, watched, tmp_path):
        told = []
        reached = watched(tmp_path / "ledger.jsonl", {"max-cost": 1.5}, told)
        assert reached.startswith("USD 2 of max-cost 1.5 are spent")
        assert told == []

    def test_by_its_time_though_the_ledger_cannot_be_written(self, watched, tmp_path):
        told, path = [], tmp_path / "gone" / "ledger.jsonl"
        assert watched(path, {"max-time": 3600}, told).startswith("max-time: ")
        (text,) = told
        assert text.startswith("the limits of the run: FileNotFoundError: ")
        assert str(path) in text


def test_limits_stop_no_other_suite(lab):
    """Whether a limit is reached is a matter of the run alone."""
    metered(lab, "max-cost = 0.0045\n")
    lab.run()
    metered(lab, "max-cost = 0.0045\nseeds = [2]\n")
    result = lab.run()
    assert len(lab.runs()) == 2
    assert result.exit_code == 0, result.output  # answers come from what was kept
