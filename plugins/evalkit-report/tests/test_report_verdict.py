"""The verdict in words: it says no more than the figures do."""

from pathlib import Path

import pytest

from evalkit import RunView
from evalkit_report.model import Material
from evalkit_report.sections.leads import lead_of, places
from evalkit_report.sections.verdict import best_of, verdict_of


def method(name, value, **more):
    return {"method": name, "value": value, "low": None, "high": None, "seeds": 2} | more


def difference(name, value, verdict, *, p=0.001, baseline="base", **more):
    ends = {"low": value - 0.1, "high": value + 0.1} if value is not None else {}
    return {
        "method": name, "baseline": baseline, "difference": value, "verdict": verdict, "p": p,
        "p_adjusted": p, "examples": 40, "needed": 300, "detectable": 0.1, **ends, **more,
    }  # fmt: skip


def analysis(methods, differences=(), **more):
    return {
        "metric": "f1", "direction": "higher", "baseline": "base", "meaningful_difference": 0.02,
        "methods": methods, "differences": list(differences), **more,
    }  # fmt: skip


def verdict(form, **results):
    run = RunView(Path("run"), results)
    return verdict_of(
        Material(
            runs=(run,), cells=(), analysis=form, slices=(), prompts={}, manifest={}, missing=()
        )
    )


THREE = [method("base", 0.2), method("a", 0.5), method("b", 0.4)]
WON = [difference("a", 0.3, "better"), difference("b", 0.2, "better")]


def shares(**found):
    rows = [{"method": name, "as_good_share": share} for name, share in found.items()]
    return {"recommendation": {"best": "a", "methods": rows, "sentences": ["Take a."]}}


class TestState:
    def test_the_best_of_all(self):
        found = verdict(analysis(THREE, WON, **shares(a=1.0, b=0.01, base=0.0)))
        assert (found.state, found.headline) == ("settled", "a is the best of 3 methods.")
        assert "Take a." in found.sentences

    def test_better_than_the_baseline_but_not_than_another(self):
        found = verdict(analysis(THREE, WON, **shares(a=1.0, b=0.4, base=0.0)))
        assert found.state == "partly"
        assert found.headline == "a beats base, but b may be as good."

    def test_what_was_not_compared_is_open(self):
        assert verdict(analysis(THREE, WON)).state == "partly"

    def test_one_that_is_as_good(self):
        found = verdict(analysis(THREE, WON, **shares(a=1.0, b=0.97, base=0.0)))
        assert (found.state, found.headline) == (
            "settled",
            "a is best; b is as good for all that matters.",
        )

    def test_no_winner_is_a_verdict(self):
        found = verdict(
            analysis(
                [method("base", 0.2), method("a", 0.3)], [difference("a", 0.1, "inconclusive")]
            )
        )
        assert (found.state, found.headline) == ("open", "No winner can be told yet.")

    def test_better_without_a_test_that_agrees_is_no_win(self):
        lost = [difference("a", 0.3, "better", p=0.2)]
        found = verdict(analysis([method("base", 0.2), method("a", 0.5)], lost))
        assert found.state == "open"
        assert "the test does not confirm the verdict" in found.facts[1].lines

    @pytest.mark.parametrize(("p", "state"), [(0.05, "open"), (0.0499, "settled")])
    def test_a_p_at_the_level_is_no_win(self, p, state):
        won = [difference("a", 0.3, "better", p=p)]
        assert verdict(analysis([method("base", 0.2), method("a", 0.5)], won)).state == state

    def test_a_baseline_that_is_as_good_is_not_beaten(self):
        same = [difference("a", 0.001, "equivalent"), difference("b", 0.0, "equivalent")]
        found = verdict(analysis(THREE, same, **shares(a=1.0, b=0.4)))
        assert found.state == "partly"
        assert found.headline == (
            "a has the best figure, base is as good for all that matters, but b may be as good."
        )

    def test_perhaps_too_little_over_the_baseline_and_not_over_another(self):
        slight = [difference("a", 0.03, "better, maybe trivial")]
        found = verdict(analysis(THREE, slight, **shares(a=1.0, b=0.4)))
        assert found.state == "partly"
        assert found.headline == (
            "a is ahead of base, perhaps by too little to matter, but b may be as good."
        )

    def test_another_that_is_slightly_behind_is_not_settled(self):
        pairs = [WON[0], difference("a", 0.01, "better, maybe trivial", baseline="b")]
        found = verdict(analysis(THREE, pairs))
        assert found.state == "partly"
        assert found.headline == "a is ahead of b, perhaps by too little to matter."

    def test_a_baseline_that_is_slightly_ahead(self):
        slight = [difference("a", -0.01, "worse, maybe trivial")]
        found = verdict(analysis([method("base", 0.2), method("a", 0.19)], slight))
        assert found.state == "partly"
        assert found.headline == "base is ahead of a, perhaps by too little to matter."

    def test_perhaps_too_little_to_matter(self):
        slight = [difference("a", 0.03, "better, maybe trivial")]
        found = verdict(analysis([method("base", 0.2), method("a", 0.23)], slight))
        assert found.state == "partly"
        assert "perhaps by too little to matter" in found.headline

    def test_all_the_same(self):
        same = [difference("a", 0.001, "equivalent", p=0.9)]
        found = verdict(analysis([method("base", 0.2), method("a", 0.201)], same))
        assert found.state == "settled"
        assert "equally good" in found.headline

    def test_the_baseline_wins(self):
        worse = [difference("a", -0.3, "worse")]
        found = verdict(analysis([method("base", 0.5), method("a", 0.2)], worse))
        assert found.headline == "base is the best of 2 methods."
        assert found.facts[0].value == "+0.300"
        assert "against a" in found.facts[0].unit

    def test_the_baseline_leads_but_may_be_caught(self):
        found = verdict(
            analysis(
                [method("base", 0.5), method("a", 0.4)],
                [difference("a", -0.1, "inconclusive", p=0.3)],
            )
        )
        assert found.state == "open"

    def test_equal_figures_are_told(self):
        tied = [method("base", 0.2), method("a", 0.5), method("b", 0.5)]
        found = verdict(analysis(tied, WON, **shares(a=1.0, b=1.0)))
        assert found.sentences[:2] == ("a has the best f1: 0.500.", "b has the same figure.")
        assert "That is 0.300 more than base" in found.sentences[2]

    def test_a_baseline_with_the_same_figure(self):
        same = [difference("a", 0.0, "equivalent", p=1.0)]
        found = verdict(
            analysis([method("base", 0.5), method("a", 0.5)], same, recommendation={"best": "a"})
        )
        assert found.sentences == ("a has the best f1: 0.500.", "base has the same figure.")

    def test_less_can_be_better(self):
        won = [difference("a", -0.3, "better")]
        found = verdict(analysis([method("base", 0.5), method("a", 0.2)], won, direction="lower"))
        assert found.headline == "a is the best of 2 methods."
        assert "That is 0.300 less than base" in found.sentences[1]


class TestUndefined:
    def test_without_an_analysis(self):
        found = verdict(None)
        assert (found.state, found.facts) == ("none", ())

    def test_no_method_has_a_figure(self):
        found = verdict(analysis([method("base", None, undefined="all failed")]))
        assert (found.state, found.sentences) == ("none", ("base: all failed.",))

    def test_one_method_alone(self):
        found = verdict(analysis([method("base", 0.2), method("a", None, undefined="failed")]))
        assert found.state == "none"
        assert "only method" in found.headline
        assert found.sentences == ("Its f1 is 0.200.", "a: failed.")

    def test_everything_optional_is_missing(self):
        found = verdict({"methods": [{"method": "a", "value": 0.5}, {"method": "b", "value": 0.1}]})
        assert found.state == "open"
        assert found.facts[0].value == "not known"

    def test_an_undefined_difference_says_why(self):
        why = "undefined, because no example has both"
        lost = [difference("a", None, None, p=None, undefined=why)]
        found = verdict(analysis([method("base", 0.2), method("a", 0.5)], lost))
        assert "How far it is from base, the baseline, is not known: no example has both." in (
            found.sentences
        )
        assert found.facts[0].lines == ("no example has both",)

    def test_expectations(self):
        rows = [
            {"name": "a", "met": True, "detail": "0.5"},
            {"name": "b", "met": False, "detail": "0.1"},
            {"name": "c", "met": None, "detail": "c was not run"},
        ]
        assert [one.met for one in verdict(None, expectations=rows).expected] == [True, False, None]


class TestFacts:
    def test_how_many_examples_would_tell(self):
        form = analysis(
            [method("base", 0.2), method("a", 0.3)], [difference("a", 0.1, "inconclusive")]
        )
        more = verdict(form).facts[3]
        assert more.value == "≈ 300 examples"
        assert more.unit == "to tell a from base, in 4 of 5 cases"
        assert "there were 40" in more.lines

    def test_for_one_that_is_slightly_behind_the_test_needs_no_more(self):
        slight = [difference("a", 0.03, "better, maybe trivial", needed=300)]
        more = verdict(analysis([method("base", 0.2), method("a", 0.23)], slight)).facts[3]
        assert (more.value, more.unit) == ("more data", "how much is not known")

    def test_of_a_pair_that_was_not_compared_the_advice_knows(self):
        undecided = [{"method": "b", "compared_with": "a", "examples": 40, "examples_needed": 900}]
        form = analysis(THREE, WON, **shares(a=1.0, b=0.4, base=0.0))
        form["recommendation"]["undecided"] = undecided
        assert verdict(form).facts[3].value == "≈ 900 examples"

    def test_nothing_is_left_to_tell(self):
        assert (
            verdict(analysis(THREE, WON, **shares(a=1.0, b=0.0, base=0.0))).facts[3].value
            == "nothing"
        )

    def test_the_cost_of_the_best(self):
        form = analysis(THREE, WON, currency="EUR", **shares(a=1.0, b=0.0, base=0.0))
        form["recommendation"] |= {
            "by": "cost per 1,000 answers",
            "methods": [{"method": "a", "cost": 1.234}, {"method": "base", "cost": 0.5}],
        }
        form["costs"] = {
            "a": {
                "adaptation": {"total": 12.5, "training_examples": 100},
                "serving": {"utilisation": 0.6},
            }
        }
        cost = verdict(form).facts[2]
        assert (cost.value, cost.unit) == ("EUR 1.23", "per 1,000 answers")
        assert cost.lines == (
            "base: EUR 0.5",
            "with a device that is busy 60% of the time",
            "EUR 12.5 once, to adapt it",
            "100 training examples",
        )

    def test_one_seed_is_said(self):
        form = analysis(
            [method("base", 0.2), method("a", 0.3, seeds=1, examples=40, clusters=35)],
            [difference("a", 0.1, "better")],
        )
        assert "40 examples from 35 sources" in verdict(form).facts[1].lines
        assert any("one seed" in line for line in verdict(form).facts[1].lines)
        assert "further seeds would tell how far they differ" in verdict(form).facts[3].lines
        assert not any("seed" in line for line in verdict(analysis(THREE, WON)).facts[3].lines)


class TestLeads:
    def test_seen_from_the_other_side(self):
        form = analysis(THREE, [difference("a", 0.3, "better, maybe trivial")])
        lead = lead_of(form, "base", "a")
        assert (lead.value, lead.verdict) == (-0.3, "worse, maybe trivial")
        assert (lead.low, lead.high) == (pytest.approx(-0.4), pytest.approx(-0.2))

    def test_nothing_seen_from_the_other_side_is_no_less_than_nothing(self):
        lead = lead_of(analysis(THREE, [difference("a", 0.0, "equivalent")]), "base", "a")
        assert str(lead.value) == "0.0"

    def test_a_pair_that_was_compared_goes_by_its_verdict(self):
        form = analysis(THREE, [*WON, difference("a", 0.1, "better", baseline="b")])
        assert places(form, "a", ["base", "b"]) == {"base": "behind", "b": "behind"}

    def test_shares_are_those_of_the_best_in_the_advice(self):
        form = analysis(THREE, WON, **shares(b=1.0, a=0.0))
        form["recommendation"]["best"] = "b"
        assert places(form, "a", ["b"]) == {"b": "open"}

    def test_of_equal_figures_the_advised_is_best(self):
        form = analysis([method("a", 0.5), method("b", 0.5)], recommendation={"best": "b"})
        assert best_of(form) == "b"
