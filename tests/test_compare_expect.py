"""Expectations: judged on intervals, listed like test results, and deciding the exit code."""

from xml.etree import ElementTree

import pytest

from evalkit.compare.expect import Figures, judge
from evalkit.suite import ExpectKeys

METHODS = {"few-2": "few", "few-4": "few", "bare": "bare"}
KNOWN = {
    ("few-2", "f1"): {"value": 0.5, "low": 0.4, "high": 0.6},
    ("few-4", "f1"): {"value": 0.7, "low": 0.65, "high": 0.75},
    ("bare", "f1"): {"value": 0.1, "low": None, "high": None, "undefined": "one example only"},
    ("bare", "loss"): {"value": None, "low": None, "high": None, "undefined": "cell bare failed"},
    ("few-2", "few-4", "f1"): {"value": 0.2, "low": 0.1, "high": 0.3},
    ("few-4", "few-2", "f1"): {"value": -0.2, "low": -0.3, "high": -0.1},
    ("bare", "few-2", "f1"): {"value": 0.4, "low": None, "high": None, "undefined": "all tied"},
}


def judged(*expected, known=KNOWN, methods=METHODS):
    figures = Figures(
        adapters=methods,
        estimate=lambda method, metric: known[method, metric],
        difference=lambda one, other, metric: known[one, other, metric],
    )
    keys = [ExpectKeys.model_validate({"metric": "f1", **one}) for one in expected]
    return judge(keys, figures, "f1")


def outcome(**expected):
    (one,) = judged(expected)
    return one["met"], one["detail"]


class TestBounds:
    @pytest.mark.parametrize(
        ("expected", "met", "fault"),
        [
            ({"min": 0.39}, True, ""),
            ({"min": 0.4}, True, ""),
            ({"min": 0.41}, False, ": may be less than 0.41"),
            ({"max": 0.6}, True, ""),
            ({"max": 0.59}, False, ": may be more than 0.59"),
            ({"min": 0.4, "max": 0.6}, True, ""),
            ({"min": 0.4, "max": 0.5}, False, ": may be more than 0.5"),
            ({"min": 0.5, "judge_by": "point"}, True, ""),
            ({"min": 0.51, "judge_by": "point"}, False, ": is less than 0.51"),
            ({"max": 0.5, "judge_by": "point"}, True, ""),
            ({"max": 0.49, "judge_by": "point"}, False, ": is more than 0.49"),
        ],
    )
    def test_on_the_interval_unless_the_suite_says_otherwise(self, expected, met, fault):
        found = outcome(adapter="few-2", **expected)
        assert found == (met, f"0.500 [0.400, 0.600]{fault}")

    def test_without_an_interval_only_the_figure_can_be_judged(self):
        met, detail = outcome(adapter="bare", min=0.05)
        assert not met
        assert detail == "0.100: no interval: one example only"
        assert outcome(adapter="bare", min=0.05, judge_by="point") == (True, "0.100")

    def test_without_a_figure_nothing_is_met(self):
        for judge_by in ("interval", "point"):
            found = outcome(adapter="bare", metric="loss", max=9, judge_by=judge_by)
            assert found == (False, "no figure: cell bare failed")


class TestNotWorse:
    def test_what_scores_the_same_on_every_example_is_not_worse(self):
        undefined = {"value": 0.0, "low": None, "high": None, "undefined": "all differences are 0"}
        for losses, met in ((0, True), (1, False)):
            found = {**undefined, "wins": losses, "losses": losses, "ties": 5}
            known = {**KNOWN, ("few-2", "few-4", "f1"): found}
            (one,) = judged(
                {"adapter": "few-4", "not_worse_than": "few-2", "margin": 0.02}, known=known
            )
            assert one["met"] is met
            assert ("the same on every example" in one["detail"]) is met

    @pytest.mark.parametrize(
        ("adapter", "other", "more", "met", "detail"),
        [
            ("few-4", "few-2", {"margin": 0.02}, True, "better by 0.200 [0.100, 0.300]"),
            (
                "few-2",
                "few-4",
                {"margin": 0, "judge_by": "point"},
                False,
                "better by -0.200 [-0.300, -0.100]: is worse",
            ),
            ("few-2", "few-4", {"margin": 0.3}, True, "better by -0.200 [-0.300, -0.100]"),
            (
                "few-2",
                "few-4",
                {"margin": 0.25},
                False,
                "better by -0.200 [-0.300, -0.100]: may be worse by more than 0.25",
            ),
            (
                "few-2",
                "few-4",
                {"margin": 0.2, "judge_by": "point"},
                True,
                "better by -0.200 [-0.300, -0.100]",
            ),
            ("few-2", "bare", {"margin": 0.1}, False, "better by 0.400: no interval: all tied"),
        ],
    )
    def test_by_more_than_the_margin(self, adapter, other, more, met, detail):
        assert outcome(adapter=adapter, not_worse_than=other, **more) == (met, detail)

    def test_the_margin_is_by_default_what_does_not_matter(self):
        one = ExpectKeys(adapter="few-2", not_worse_than="few-4")
        assert one.settled(0.05).margin == 0.05
        own = ExpectKeys(adapter="few-2", not_worse_than="few-4", margin=0.3)
        bound = ExpectKeys(adapter="few-2", min=0.5)
        assert (own.settled(0.05), bound.settled(0.05)) == (own, bound)

    def test_nothing_is_compared_with_itself(self):
        found = judged({"adapter": "few-*", "not_worse_than": "few-2"})
        assert [one["method"] for one in found] == ["few-4"]


class TestNames:
    def test_an_outcome_for_each_method_and_kind_of_bound(self):
        found = judged({"adapter": "few-2", "min": 0.3, "max": 0.8, "not_worse_than": "few-4",
                        "margin": 0.5}, {"adapter": "few", "min": 0.1})  # fmt: skip
        assert [one["name"] for one in found] == [
            "few-2: f1 min 0.3, max 0.8",
            "few-2: f1 not worse than few-4 by more than 0.5",
            "few-2: f1 min 0.1",
            "few-4: f1 min 0.1",
        ]
        assert all(one["met"] for one in found)

    def test_the_primary_metric_is_meant_where_none_is_named(self):
        (one,) = judged({"adapter": "few-2", "metric": None, "min": 0.1})
        assert one["metric"] == "f1"

    @pytest.mark.parametrize(
        "expected", [{"adapter": "lora", "min": 1}, {"adapter": "few-2", "not_worse_than": "lora"}]
    )
    def test_what_was_not_to_run_is_not_judged(self, expected):
        assert outcome(**expected) == (None, "lora was not run")


SWEEP = '[[adapters]]\nuse = "fake-adapter"\nk = [2, 4]\n\n[[adapters]]\nuse = "fake-bare"\n'
TASK = '[task]\nuse = "fake-task"\ntest = 40\n'
QUICK = '[analysis]\nreplicates = 199\nbaseline = "fake-bare"\n\n'


def expect(adapter="fake-adapter-k4", **keys):
    lines = [f'adapter = "{adapter}"', *(f"{k.replace('_', '-')} = {v}" for k, v in keys.items())]
    return "[[expect]]\n" + "\n".join(lines) + "\n\n"


@pytest.fixture
def run(lab):
    def run(*args, analysis=QUICK, exit_code=0, **tables):
        lab.suite(**{"task": TASK, "adapters": SWEEP, "analysis": analysis, **tables})
        result = lab.run(*args)
        assert result.exit_code == exit_code, result.output
        return result

    return run


class TestRuns:
    def test_met_ones_leave_the_exit_code_alone(self, lab, run):
        result = run(expect=expect(min=0.1) + expect(not_worse_than='"fake-bare"'))
        assert all(one["met"] for one in lab.results()["expectations"])
        lines = [line for line in result.stdout.splitlines() if line.startswith("  met  ")]
        assert len(lines) == 2
        assert lines[1].startswith(
            "  met  fake-adapter-k4: contains not worse than fake-bare by more than 0.02: better "
        )

    def test_one_that_is_not_met_makes_it_1(self, lab, run):
        result = run(expect=expect(min=0.1) + expect("fake-bare", min=0.9), exit_code=1)
        assert [one["met"] for one in lab.results()["expectations"]] == [True, False]
        assert "  met      fake-adapter-k4: contains min 0.1: " in result.stdout
        assert "  not met  fake-bare: contains min 0.9: 0.000" in result.stdout

    def test_a_point_may_do_what_the_interval_does_not(self, run):
        run(expect=expect("fake-adapter-k2", min=0.5), exit_code=1)
        run(expect=expect("fake-adapter-k2", min=0.5, judge_by='"point"'))

    def test_the_meaningful_difference_is_one_of_the_primary_metric_alone(self, lab, run):
        lab.write("evalkit_plugins.py", LOWER)
        metrics = '[[metrics]]\nuse = "contains"\n\n[[metrics]]\nuse = "misses"\n'
        analysis = "[analysis]\nreplicates = 199\nmeaningful-difference = 0.9\n"
        both = expect("fake-adapter-k2", not_worse_than='"fake-adapter-k4"') + expect(
            "fake-adapter-k2", not_worse_than='"fake-adapter-k4"', metric='"misses"', margin=0.9
        )
        run(metrics=metrics, analysis=analysis, expect=both)
        assert [one["met"] for one in lab.results()["expectations"]] == [True, True]
        unknown = expect("fake-adapter-k2", not_worse_than='"fake-adapter-k4"', metric='"misses"')
        refused = run(metrics=metrics, analysis=analysis, expect=unknown, exit_code=2).stderr
        assert (
            "expect[0].margin: this key is missing: meaningful-difference is one of contains"
        ) in refused
        assert "by how much may they be worse by misses all the same?" in refused

    def test_what_is_better_with_less_is_not_worse_with_less(self, lab, run):
        lab.write("evalkit_plugins.py", LOWER)
        metrics = '[[metrics]]\nuse = "misses"\n'
        run(metrics=metrics, expect=expect(not_worse_than='"fake-bare"'))
        (met,) = lab.results()["expectations"]
        assert met["detail"].startswith("better by 0.")
        bare = expect("fake-bare", not_worse_than='"fake-adapter-k4"')
        run(metrics=metrics, expect=bare, exit_code=1)
        (unmet,) = lab.results()["expectations"]
        assert unmet["detail"].startswith("better by -")

    def test_a_cell_that_failed_meets_nothing(self, lab, run):
        adapters = SWEEP + '\n[[adapters]]\nuse = "fake-bare"\nname = "bad"\nfail = "no luck"\n'
        run(adapters=adapters, expect=expect("bad", min=0.0), exit_code=1)
        (one,) = lab.results()["expectations"]
        assert one["detail"] == "no figure: cell bad failed: no luck"

    def test_where_no_cell_has_a_score_none_is_met(self, lab, run):
        adapters = '[[adapters]]\nuse = "fake-bare"\nfail = "no luck"\n'
        run(adapters=adapters, expect=expect("fake-bare", min=0.0), exit_code=1)
        (one,) = lab.results()["expectations"]
        assert (one["met"], one["detail"]) == (False, "no cell has a score")

    def test_those_of_other_cells_are_not_judged(self, lab, run):
        result = run("-k", "k2", expect=expect(min=1.0) + expect("fake-adapter-k2", min=0.1))
        assert [one["met"] for one in lab.results()["expectations"]] == [None, True]
        line = "  not judged  fake-adapter-k4: contains min 1: fake-adapter-k4 was not run\n"
        assert line in result.stdout

    def test_where_methods_cannot_be_compared_none_is_met(self, lab, run):
        broken = '[[metrics]]\nuse = "contains"\ncrash-on = "red"\n'
        other = '[[metrics]]\nuse = "contains"\nname = "lax"\n'
        result = run(metrics=broken + other, expect=expect(min=0.1), exit_code=1)
        assert "the methods were not compared: " in result.stderr
        results = lab.results()
        assert results["analysis"] is None
        assert [one["met"] for one in results["expectations"]] == [False]

    def test_they_go_to_the_junit_file(self, lab, run):
        tables = expect(min=0.1) + expect("fake-bare", min=0.9) + expect("fake-adapter-k2", max=1)
        run("--junitxml", "out/junit.xml", "-k", "not k2", expect=tables, exit_code=1)
        root = ElementTree.parse(lab.path / "out" / "junit.xml").getroot()
        suite = root.find("testsuite[@name='expectations']")
        assert {key: suite.get(key) for key in ("tests", "failures", "skipped")} == {
            "tests": "3", "failures": "1", "skipped": "1"
        }  # fmt: skip
        (failed,) = [case for case in suite if case.find("failure") is not None]
        assert failed.get("name") == "fake-bare: contains min 0.9"

    @pytest.mark.parametrize(
        ("tables", "message"),
        [
            (expect("lora", min=1), 'expect[0].adapter: "lora" fits no method'),
            (expect(not_worse_than='"lora"'), 'expect[0].not-worse-than: "lora" fits no method'),
            (
                expect(not_worse_than='"fake-adapter"'),
                '"fake-adapter" fits no method',
            ),
            (
                expect(not_worse_than='"fake-adapter-*"'),
                'expect[0].not-worse-than: "fake-adapter-*" fits fake-adapter-k2, fake-adapter-k4',
            ),
            (
                expect(not_worse_than='"fake-adapter-k4"'),
                "expect[0].not-worse-than: fake-adapter-k4 against itself",
            ),
            (expect(), "expect[0]: expected one of min, max, not-worse-than"),
            (expect(min=2, max=1), "expect[0]: min is greater than max"),
            (expect(min=0, margin=0.1), "expect[0]: margin belongs to not-worse-than"),
            (
                expect(not_worse_than='"fake-bare"', margin=0.0),
                "expect[0]: margin = 0 asks for proof of being better",
            ),
            (expect(min="nan"), "expect[0].min: inf and nan are not allowed here"),
            (expect(min=0, metric='"f1"'), 'expect[0].metric: unknown metric "f1"'),
            ("[[expect]]\nmin = 0\n", "expect[0].adapter: this key is missing"),
            (expect(min=0, mox=1), "expect[0].mox: unknown key"),
        ],
    )
    def test_what_the_user_can_get_wrong(self, run, tables, message):
        result = run(expect=tables, exit_code=2)
        assert message in result.stderr
        assert result.stdout == ""

    @pytest.mark.parametrize(
        ("keys", "message"),
        [
            ('baseline = "lora"', 'analysis.baseline: "lora" fits no method'),
            ('baseline = "fake-*"', 'analysis.baseline: "fake-*" fits fake-adapter-k2, '),
            ('metric = "f1"', 'analysis.metric: unknown metric "f1"'),
            ("replicates = 9", "analysis.replicates: "),
            ("meaningful-difference = 0.0", "analysis.meaningful-difference: "),
            ('pairs = "some"', "analysis.pairs: "),
        ],
    )
    def test_what_the_analysis_cannot_be(self, run, keys, message):
        assert message in run(analysis=f"[analysis]\n{keys}\n", exit_code=2).stderr


LOWER = """
from evalkit import Entry, Metric, Ratio, hookimpl

class Misses(Metric):
    headline = "misses"
    direction = "lower"
    ratio = Ratio(numerator={"misses": 1.0})

    def score(self, target, value):
        return {"misses": float(target != value)}

    def aggregate(self, scores):
        found = [score["misses"] for score in scores]
        return {"misses": sum(found) / len(found) if found else None}

@hookimpl
def evalkit_metrics():
    return [Entry(name="misses", target="evalkit_plugins:Misses")]
"""
