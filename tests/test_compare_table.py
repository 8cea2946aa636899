"""The table of a comparison: on the terminal, as Markdown, CSV and JSON."""

import csv
import io
import json
from types import SimpleNamespace

import pytest

from evalkit.compare.contrasts import rating_differences
from evalkit.compare.facts import outcomes_of, rate, rating_notes
from evalkit.compare.notes import about_metric, about_numbers, doubts
from evalkit.compare.table import comparison_table, flat_rows, to_csv
from evalkit.report.markdown import to_markdown
from evalkit.report.table import Table
from evalkit.suite import AnalysisKeys


def row(name, value=0.5, **more):
    return {
        "method": name, "run": "run-1", "examples": 10, "clusters": 8, "seeds": 1,
        "value": value, "se": 0.1, "low": 0.4, "high": 0.6, "undefined": None,
        "others": {}, "ratings": {}, "judge_failures": None, "unreadable": 0.0, "failed": 0,
        "near_duplicates": None, "cost_per_1000": None, "latency": [], "design_effect": 1.25,
        **more,
    }  # fmt: skip


def difference(method, baseline="base", value=0.1, **more):
    return {
        "baseline": baseline, "method": method, "difference": value, "low": 0.05, "high": 0.15,
        "p": 0.01, "p_adjusted": 0.02, "verdict": "better", **more,
    }  # fmt: skip


def analysis(*rows, differences=(), **more):
    nothing = {"sentences": [], "recommended": None}
    return {
        "metric": "f1", "baseline": "base", "currency": None, "methods": rows, "notes": ["a note"],
        "differences": differences, "checks": [], "curves": [], "break_evens": [],
        "recommendation": nothing, **more,
    }  # fmt: skip


def cells(table, heading):
    place = table.columns.index(heading)
    return [line[place] for line in table.rows]


class TestTable:
    def test_a_row_for_each_method(self):
        made = comparison_table(
            analysis(row("base"), row("few", 0.6), differences=[difference("few")])
        )
        assert made.columns == (
            "method", "n, clusters, seeds", "f1 [95%]", "vs base [95%]", "p (Holm)", "verdict",
            "unreadable",
        )  # fmt: skip
        assert made.rows == (
            ("base *", "10, 8, 1", "0.500 [0.400, 0.600]", "–", "–", "–", "0%"),  # noqa: RUF001
            ("few", "10, 8, 1", "0.600 [0.400, 0.600]", "+0.100 [+0.050, +0.150]", "0.020",
             "better", "0%"),
        )  # fmt: skip

    def test_columns_that_say_nothing_are_left_out(self):
        more = {"others": {"exact": 0.25}, "ratings": {"judge elo": "1500"}, "failed": 2}
        made = comparison_table(
            analysis(
                row("base"),
                row("few", cost_per_1000=0.00051, judge_failures=0.031, **more),
                currency="USD",
            )
        )
        assert cells(made, "exact") == ["–", "0.250"]  # noqa: RUF001
        assert cells(made, "judge elo") == ["–", "1500"]  # noqa: RUF001
        assert cells(made, "judge failures") == ["–", "3%"]  # noqa: RUF001
        assert cells(made, "failed") == ["–", "2"]  # noqa: RUF001
        assert cells(made, "cost/1000 USD") == ["–", "0.00051"]  # noqa: RUF001
        assert not {"p (Holm)", "verdict"} & set(made.columns)

    def test_what_is_undefined_is_a_dash_and_never_a_0(self):
        nothing = {"value": None, "low": None, "high": None, "undefined": "it failed"}
        nothing |= {"examples": 0, "clusters": 0}
        undefined = difference("few", value=None, p_adjusted=None, verdict=None)
        made = comparison_table(
            analysis(row("base"), row("few", **nothing), differences=[undefined])
        )
        assert cells(made, "f1 [95%]") == ["0.500 [0.400, 0.600]", "–"]  # noqa: RUF001
        assert cells(made, "n, clusters, seeds") == ["10, 8, 1", "–"]  # noqa: RUF001
        assert "vs base [95%]" not in made.columns

    def test_a_figure_without_an_interval_stands_alone(self):
        made = comparison_table(
            analysis(
                row("base", low=None, high=None),
                row("few"),
                differences=[difference("few", value=-0.25, low=None, high=None)],
            )
        )
        assert cells(made, "f1 [95%]")[0] == "0.500"
        assert cells(made, "vs base [95%]")[1] == "\N{MINUS SIGN}0.250"

    @pytest.mark.parametrize(
        ("p", "shown"), [(0.0001, "<.001"), (0.001, "0.001"), (0.0496, "0.050"), (1.0, "1.000")]
    )
    def test_small_p_values_are_no_0(self, p, shown):
        found = analysis(row("base"), row("few"), differences=[difference("few", p_adjusted=p)])
        assert cells(comparison_table(found), "p (Holm)")[1] == shown

    def test_pairs_without_the_baseline_come_first_below(self):
        pairs = [difference("few"), difference("lora", "few", -0.1, low=-0.2, high=0.0)]
        found = analysis(row("base"), row("few"), row("lora"), differences=pairs)
        assert comparison_table(found).notes == (
            "lora against few: −0.100 [−0.200, +0.000], p 0.020, better",  # noqa: RUF001
            "a note",
        )

    def test_a_pair_that_is_undefined_says_why(self):
        gone = difference("lora", "few", None, undefined="lora: cell lora failed: no luck")
        found = analysis(row("base"), row("few"), row("lora"), differences=[gone])
        assert comparison_table(found).notes[0] == (
            "lora against few: undefined, because lora: cell lora failed: no luck"
        )

    def test_only_checks_that_do_not_hold_are_listed_unless_all_are_asked_for(self):
        checks = [
            {"name": "same split", "status": "ok", "detail": "all: 10"},
            {"name": "same parser", "status": "differs", "detail": "a: 1; b: 2"},
            {"name": "same template", "status": "unknown", "detail": "who knows"},
        ]
        found = analysis(row("base"), checks=checks)
        few, all_of_them = (comparison_table(found, all_checks=flag).notes for flag in (0, 1))
        assert [note for note in few if "fairness" in note] == [
            "fairness: same parser: differs: a: 1; b: 2",
            "fairness: same template: unknown: who knows",
        ]
        assert "fairness: same split: ok: all: 10" in all_of_them

    def test_design_effects_are_listed_on_demand_where_there_are_clusters(self):
        found = analysis(
            row("base"), row("alone", clusters=10), row("undefined", design_effect=None)
        )
        few, all_of_them = (comparison_table(found, all_checks=flag).notes for flag in (0, 1))
        assert [note for note in all_of_them if note not in few] == [
            "base: clusters make the variance 1.25 times as large"
        ]

    def test_near_duplicates_say_what_they_carry(self):
        near = {"examples": 0.25, "score": 0.5, "without": 0.4}
        (_, note) = comparison_table(analysis(row("base", near_duplicates=near))).notes
        assert note == (
            "base: 25% of the examples nearly repeat a training example and carry 50% of its score"
        )


class TestForms:
    def test_markdown_escapes_what_would_end_a_cell(self):
        made = Table(
            columns=("a|b", "c"), numeric=(False, True), rows=(("x | y", "1\n2"),),
            notes=("one\ntwo | three",),
        )  # fmt: skip
        assert to_markdown(made) == (
            "| a\\|b | c |\n| --- | ---: |\n| x \\| y | 1 2 |\n\n- one two \\| three\n"
        )

    def test_markdown_without_notes(self):
        made = Table(columns=("a",), numeric=(False,), rows=(), notes=())
        assert to_markdown(made) == "| a |\n| --- |\n"

    def test_csv_has_unrounded_figures_and_empty_ones(self):
        third = difference("few", value=1 / 3)
        rows = (
            row("base", value=None, undefined='it said "no", twice'),
            row("few", 2 / 3, others={"exact": 0.1}),
        )
        text = to_csv(analysis(*rows, differences=[third]))
        base, few = csv.DictReader(io.StringIO(text))
        assert float(few["value"]) == 2 / 3
        assert float(few["difference_value"]) == 1 / 3
        assert float(few["other:exact"]) == 0.1
        assert (base["value"], base["other:exact"], base["difference_value"]) == ("", "", "")
        assert base["undefined"] == 'it said "no", twice'
        assert (base["baseline"], few["baseline"]) == ("True", "False")

    def test_csv_has_a_row_for_every_pair(self):
        gone = difference("lora", "few", None, undefined="no example has a score of both")
        pairs = [difference("few"), difference("lora", value=0.2), gone]
        text = to_csv(analysis(row("base"), row("few", 0.6), row("lora"), differences=pairs))
        found = list(csv.DictReader(io.StringIO(text)))
        keys = ("method", "compared_with", "difference_value")
        assert [tuple(one[key] for key in keys) for one in found] == [
            ("base", "", ""), ("few", "base", "0.1"), ("lora", "base", "0.2"), ("lora", "few", "")
        ]  # fmt: skip
        assert found[3]["value"] == found[2]["value"] == "0.5"
        assert found[3]["difference_undefined"] == "no example has a score of both"

    def test_flat_rows_have_the_same_keys_where_they_can(self):
        one, other = flat_rows(analysis(row("base"), row("few"), differences=[difference("few")]))
        assert one.keys() == other.keys()

    def test_all_forms_of_a_run(self, lab):
        lab.suite(task='[task]\nuse = "fake-task"\ntest = 40\n')
        assert lab.run().exit_code == 0
        table, markdown, rows, form = (
            lab.project.run("compare", "runs/latest", "--format", form, check=True).stdout
            for form in ("table", "markdown", "csv", "json")
        )
        assert json.loads(form) == lab.results()["analysis"]
        assert [one["method"] for one in csv.DictReader(io.StringIO(rows))] == [
            "fake-adapter", "fake-bare"
        ]  # fmt: skip
        assert markdown.startswith("| method | n, clusters, seeds | contains [95%] |")
        for text in ("fake-adapter *", "40, 40, 1", "worse", "p adjusted over 1 test"):
            assert text in table
            assert text in markdown

    def test_verbose_lists_all_checks(self, lab):
        lab.suite()
        assert lab.run().exit_code == 0
        brief, full = (
            lab.project.run("compare", "runs/latest", *more, check=True).stdout
            for more in ([], ["--verbose"])
        )
        assert "fairness: same parser: ok" in full
        assert "fairness: same parser: ok" not in brief


def method(*standings, cells=1, name="few", folder="run", **comparison):
    """A method and what comparisons found of its cells, a seed each."""
    forms = [
        {
            "name": "judge", "headline": "elo", "decimals": 0, "notes": ["a remark"],
            "standings": [{"contestant": f"{name}-{index}", "values": values},
                          {"contestant": "gold", "values": {"elo": 9999.0}}],
            **comparison,
        }
        for index, values in enumerate(standings)
    ]  # fmt: skip
    return SimpleNamespace(
        name=name,
        seeds=tuple(range(cells)),
        cells=[{"id": f"{name}-{index}"} for index in range(cells)],
        results={"comparisons": forms},
        folder=folder,
    )


class TestRatings:
    def rating(self, *standings, **more):
        found = rate([method(*standings, cells=len(standings), **more)])
        return found["few"]["ratings"].get("judge elo", "")

    def test_with_interval_and_ranks(self):
        standing = {"elo": 1512.4, "low": 1490.0, "high": 1530.6, "rank_low": 1.0, "rank_high": 2.0}
        assert self.rating(standing) == "1512 [1490, 1531], rank 1 to 2"
        assert self.rating({**standing, "rank_high": 1.0}) == "1512 [1490, 1531], rank 1"

    def test_over_seeds_the_mean_alone(self):
        seeds = [{"elo": 1500.0, "low": 1.0, "high": 2.0}, {"elo": 1600.0}, {"elo": None}]
        assert self.rating(*seeds) == "1550"

    def test_by_its_own_decimals(self):
        assert self.rating({"elo": 0.756}, decimals=2) == "0.76"

    def test_none_where_nothing_is_known(self):
        assert self.rating({"elo": None}) == ""
        assert self.rating() == ""

    @pytest.mark.parametrize(
        ("marks", "shown"),
        [
            ([1.0], "1500"),
            ([0.0], "1500*"),
            ([None], "1500?"),
            ([1.0, None], "1500?"),
            ([None, 0.0], "1500*"),
        ],
    )
    def test_a_judge_in_doubt_is_marked(self, marks, shown):
        assert self.rating(*({"elo": 1500.0, "validated": mark} for mark in marks)) == shown

    def test_the_worst_rate_of_failures_counts(self):
        rates = [{"elo": 1.0, "failure_rate": 0.01}, {"elo": 1.0, "failure_rate": 0.2}]
        assert rate([method(*rates, cells=2)])["few"]["judge_failures"] == 0.2
        assert rate([method({"elo": 1.0})])["few"]["judge_failures"] is None
        unknown = rate([method({"elo": 1.0, "failure_rate": None})])
        assert unknown["few"]["judge_failures"] is None

    def test_not_between_runs(self):
        both = [method({"elo": 1.0}), method({"elo": 2.0}, name="lora", folder="other")]
        assert [one["ratings"] for one in rate(both).values()] == [{}, {}]
        assert rating_notes(both) == ["ratings of several runs have no common scale: not shown"]
        assert rating_notes(both[:1]) == ["judge: a remark"]
        unrated = [method(), method(name="lora", folder="other")]
        assert rating_notes(unrated) == []


class TestOutcomes:
    def test_over_all_seeds(self):
        outcomes = dict.fromkeys(("parsed", "malformed", "empty", "truncated", "refused"), 1)
        cells = [
            {"outcomes": {**outcomes, "parsed": 5, "failed": 2}},
            {"outcomes": {**outcomes, "parsed": 7, "failed": 0}},
            {"outcomes": None},
        ]
        found = outcomes_of(SimpleNamespace(cells=cells))
        assert found["outcomes"]["parsed"] == 12
        assert found["failed"] == 2
        assert found["unreadable"] == 8 / 20

    @pytest.mark.parametrize("outcomes", [None, {"parsed": 0, "failed": 3}])
    def test_without_an_answer_the_share_is_undefined(self, outcomes):
        assert outcomes_of(SimpleNamespace(cells=[{"outcomes": outcomes}]))["unreadable"] is None


SCORE = {"headline": "f1", "direction": "higher", "values": {"f1": 0.5}, "params": {}}


class TestNotes:
    def test_the_metric_with_its_normalisation(self):
        given = {"normalisation": "default", "threshold": 80.0, "lax": False, "drop": "", "x": None}
        assert about_metric("f1", {**SCORE, "params": given}) == [
            'f1: higher is better (normalisation = "default", threshold = 80.0, lax = false)'
        ]
        other = {**SCORE, "headline": "macro", "direction": "lower"}
        assert about_metric("f1", other) == ["f1: macro, lower is better"]

    def test_the_ceiling(self):
        score = {**SCORE, "values": {"f1": 0.5, "ceiling_f1": 0.9774}}
        assert about_metric("f1", score)[1] == "the targets themselves would get 0.977"

    def test_seeds_and_family(self):
        tested = SimpleNamespace(significance=object(), detectable=0.0495)
        untested = SimpleNamespace(significance=None, detectable=None)
        methods = [method(cells=2), method(cells=2, name="lora")]
        notes = about_numbers(methods, [tested, untested, "failed"], AnalysisKeys())
        assert notes == [
            "* baseline; differences below 0.02 do not matter",
            "seeds 0, 1; 9999 replicates; p adjusted over 1 test",
            "a true difference of 0.050 would be found in 4 of 5 cases",
        ]
        alone = about_numbers(methods[:1], [], AnalysisKeys(replicates=99))
        assert alone == ["seeds 0, 1; 99 replicates"]

    def test_doubts_are_said_once_and_by_name(self):
        sure = SimpleNamespace(interval=object(), notes=("by t",))
        one, few, bad = (method(name=name) for name in ("one", "few", "bad"))
        estimates = {"one": sure, "few": sure, "bad": "cell bad failed: no luck"}
        differences = [SimpleNamespace(notes=("by t", "tied")), "bad: cell bad failed: no luck"]
        assert doubts(estimates, [(one, few), (one, bad)], differences) == [
            "bad: cell bad failed: no luck",
            "few against one: by t",
            "few against one: tied",
        ]
        assert doubts({"one": sure, "few": sure}, [(one, few)], differences[:1]) == ["by t", "tied"]
        assert doubts({"one": sure}, [], []) == ["one: by t"]


def contrast(contestant, against, value=30.0, **more):
    return {
        "contestant": contestant, "against": against, "difference": value, "se": 5.0,
        "low": None if value is None else value - 10, "high": None if value is None else value + 20,
        "p": 0.004, "p_adjusted": 0.04, "verdict": "better", "validated": 1.0, "undefined": None,
        **more,
    }  # fmt: skip


def rated_methods(*contrasts, names=("base", "few", "lora"), seeds=(1,), cells=("unseen",)):
    """Methods of one run that a comparison of each seed put side by side."""
    ids = {name: [f"{name}-{seed}" for seed in seeds] for name in names}
    comparison = {"name": "judge", "headline": "elo", "decimals": 1, "contrasts": contrasts}
    results = {
        "cells": [{"id": one} for own in ids.values() for one in own]
        + [{"id": one} for one in cells],
        "comparisons": [{**comparison, "seed": seed} for seed in seeds],
    }
    return [
        SimpleNamespace(name=n, folder="run", cells=[{"id": one} for one in own], results=results)
        for n, own in ids.items()
    ]


class TestDifferencesOfRatings:
    def texts(self, *contrasts, baseline="base", all_pairs=False, **more):
        found = rating_differences(rated_methods(*contrasts, **more), baseline, all_pairs=all_pairs)
        return [row["text"] for row in found]

    def test_they_are_from_the_baseline_and_p_is_adjusted_over_them_alone(self):
        rows = rating_differences(
            rated_methods(
                contrast("few-1", "base-1"), contrast("gold", "base-1", p=0.01),
                contrast("gold", "few-1", p=0.0001),
            ),
            "base",
        )  # fmt: skip
        assert [(row["method"], row["baseline"]) for row in rows] == [
            ("few", "base"), ("gold", "base")
        ]  # fmt: skip
        assert [row["p_adjusted"] for row in rows] == [0.008, 0.01]
        assert (
            rows[0]["text"] == "judge elo: few against base: +30.0 [+20.0, +50.0], p 0.008, better"
        )

    def test_seen_from_the_baseline_they_are_turned_round(self):
        (few,) = self.texts(contrast("base-1", "few-1", verdict="better, maybe trivial"))
        assert few == (
            "judge elo: few against base: −30.0 [−50.0, −20.0], "  # noqa: RUF001
            "p 0.004, worse, maybe trivial"
        )
        (alike,) = self.texts(contrast("base-1", "few-1", verdict="equivalent"))
        assert alike.endswith(", equivalent")

    def test_all_pairs_if_all_were_asked_for(self):
        pairs = [contrast("few-1", "base-1"), contrast("lora-1", "few-1")]
        assert len(self.texts(*pairs)) == 1
        assert "lora against few" in self.texts(*pairs, all_pairs=True)[1]

    @pytest.mark.parametrize(("validated", "shown"), [(0.0, "+30.0* ["), (None, "+30.0? [")])
    def test_a_judge_in_doubt_marks_them(self, validated, shown):
        (text,) = self.texts(contrast("few-1", "base-1", validated=validated))
        assert shown in text

    def test_what_is_undefined_says_why(self):
        nothing = {"low": None, "high": None, "p": None, "verdict": None, "undefined": "no luck"}
        gone, unsure = self.texts(
            contrast("few-1", "base-1", None, **nothing), contrast("lora-1", "base-1", **nothing)
        )
        assert gone == "judge elo: few against base: undefined, because no luck"
        assert unsure.endswith("lora against base: +30.0, interval undefined, because no luck")
        turned = contrast("base-1", "few-1", None, **nothing)
        assert self.texts(turned) == [gone]

    def test_cells_that_are_not_analysed_are_left_out(self):
        assert self.texts(contrast("unseen", "base-1")) == []

    def test_seeds_are_told_apart(self):
        texts = self.texts(contrast("gold", "base-1"), seeds=(1, 2))
        assert texts[0].startswith("judge elo, seed 1: gold against base")

    def test_none_between_runs_and_none_of_older_results(self):
        one, other = rated_methods(contrast("few-1", "base-1"), names=("base", "few"))
        other.folder = "another"
        assert rating_differences([one, other], "base") == []
        older = rated_methods(names=("base", "few"))
        del older[0].results["comparisons"][0]["contrasts"]
        assert rating_differences(older, "base") == []

    def test_the_table_lists_them_on_demand(self):
        found = analysis(row("base"), rating_differences=[{"text": "judge elo: few: +3.0"}])
        assert "judge elo: few: +3.0" in comparison_table(found, all_checks=True).notes
        assert "judge elo: few: +3.0" not in comparison_table(found).notes
