"""The sections one by one: what they show of results, and of results that lack things."""

from pathlib import Path

import pytest
from markupsafe import Markup

from evalkit import RunView
from evalkit_report.figures import (
    amount,
    duration,
    figure,
    interval,
    names,
    p_value,
    percent,
    signed,
)
from evalkit_report.forms import form_of, inner, number_of, rows_of, text_of, texts_of
from evalkit_report.model import CellView, Material
from evalkit_report.sections.cells import cells_of
from evalkit_report.sections.judging import judged_of
from evalkit_report.sections.methods import methods_of
from evalkit_report.sections.origin import checks_of, origin_of
from evalkit_report.sections.payoff import payoffs_of
from evalkit_report.sections.prompts import prompts_of
from evalkit_report.sections.scale import bar_of, scale_of
from evalkit_report.sections.warnings import validation_of, warnings_of
from evalkit_report.sections.wording import Piece, difference
from evalkit_report.symbols import colour_of, shape_of
from evalkit_report.visible import plain, visible


def material(cells=(), analysis=None, results=None, prompts=None, manifest=None):
    run = RunView(Path("run"), {"cells": list(cells), **(results or {})})
    return Material(
        runs=(run,),
        cells=tuple(
            CellView(key=form["id"], method=form["method"], run=run, form=form) for form in cells
        ),
        analysis=analysis,
        slices=(),
        prompts=prompts or {},
        manifest=manifest or {},
        missing=(),
    )


def cell(name, **more):
    return {"id": name, "method": name, "status": "done"} | more


class TestForms:
    @pytest.mark.parametrize("value", [None, 3, "text", [1], True])
    def test_what_is_no_object_is_an_empty_one(self, value):
        assert form_of(value) == {}
        assert inner(value, "a", "b") is None

    @pytest.mark.parametrize("value", [None, "3", True, float("nan"), float("inf"), [], {}])
    def test_what_is_no_finite_number_is_none(self, value):
        assert number_of(value) is None

    def test_lists_keep_what_is_of_the_kind(self):
        assert rows_of([{"a": 1}, 2, None]) == ({"a": 1},)
        assert texts_of(["a", 2, None]) == ("a",)
        assert rows_of("no list") == texts_of({"no": "list"}) == ()
        assert [text_of(one) for one in ("a", 1, None, [], {})] == ["a", "1", "", "", ""]


class TestFigures:
    @pytest.mark.parametrize(
        ("value", "text"),
        [(0.2337, "0.234"), (0.0, "0.000"), (-0.5, "\N{MINUS SIGN}0.500"), (None, "\N{EN DASH}"),
         (-0.00023, "\N{MINUS SIGN}0.0002"), (0.00001, "1e\N{MINUS SIGN}05")],
    )  # fmt: skip
    def test_figures(self, value, text):
        assert figure(value) == text

    def test_what_is_not_zero_never_looks_so(self):
        assert signed(-0.0002) == "\N{MINUS SIGN}0.0002"
        assert percent(0.001) == percent(0.005) == "<1%"
        assert figure(-0.0) == figure(-1e-17) == "0.000"
        assert percent(0.999) == ">99%"
        assert p_value(0.0001) == "p < .001"
        assert [percent(0), percent(1), p_value(1.0), p_value(0.02)] == [
            "0%",
            "100%",
            "p = 1",
            "p = .020",
        ]

    def test_amounts(self):
        assert [amount(n) for n in (0, 0.01234, 93.875, 999.7, 12345.6, 1e-5)] == [
            "0", "0.0123", "93.9", "1,000", "12,346", "0.00001",
        ]  # fmt: skip

    def test_durations(self):
        assert [duration(n) for n in (0.2754, 75, 5400, None)] == [
            "0.275 s",
            "1.2 min",
            "1.5 h",
            "\N{EN DASH}",
        ]

    def test_names_and_intervals(self):
        assert names(["a"]) == "a"
        assert names(["a", "b", "c"]) == "a, b and c"
        assert names(["a", "b", "c", "d"]) == "a, b, c and 1 more"
        assert interval(0.1, None) == ""
        assert interval(-0.1, 0.2, sign=True) == "\N{MINUS SIGN}0.100 to +0.200"


class TestVisible:
    def test_marks_stand_for_hidden_characters(self):
        assert visible("a\u202eb") == Markup('a<span class="control-mark">U+202E</span>b')
        assert plain("a\u202e\x00\ud800b") == "a[U+202E][U+0000][U+D800]b"

    def test_line_ends_tabs_and_foreign_letters_stay(self):
        text = "line\n\tعربي 漢字 é\N{NO-BREAK SPACE}ok"
        assert visible(text) == plain(text) == text

    def test_markup_is_text(self):
        assert visible("<b>") == Markup("&lt;b&gt;")
        assert visible("\x1b<b>").endswith("&lt;b&gt;")

    def test_what_is_no_text(self):
        assert plain(3) == 3
        assert plain(Markup("<b>")) == Markup("<b>")
        assert visible(None) == "None"


class TestScale:
    def test_the_anchor_is_the_end(self):
        scale = scale_of([0.2, 0.4], anchor=0.0)
        assert (scale.low, scale.at(0.0)) == (0.0, 0.0)
        assert scale.high == pytest.approx(0.4)

    def test_the_ends_are_round(self):
        scale = scale_of([0.134, 0.992], anchor=0.0)
        assert (scale.low, scale.high) == (0.0, pytest.approx(1.0))
        assert scale_of([1234.0, 1391.0]).low == pytest.approx(1230.0)

    def test_one_figure_alone_has_a_scale(self):
        assert 0 < scale_of([0.5]).at(0.5) < 100
        assert scale_of([0.0], anchor=0.0).at(0.0) == 0

    def test_no_figures_no_scale(self):
        assert scale_of([None], anchor=0.0) is None
        assert bar_of(None, (1.0, None, None), None) is None

    def test_a_figure_without_an_interval(self):
        bar = bar_of(scale_of([0.0, 1.0]), (0.5, None, None), 0.0)
        assert bar.width is None
        assert bar.value == pytest.approx(50)


class TestMethods:
    def test_the_best_comes_first_and_what_has_no_figure_last(self):
        failed = {"method": "b", "value": None, "undefined": "failed"}
        rows = [{"method": "a", "value": 0.1}, failed, {"method": "c", "value": 0.3}]
        cells = [cell("a"), cell("b"), cell("c")]
        found = methods_of(material(cells, {"methods": rows}))
        assert [row.name for row in found.rows] == ["c", "a", "b"]
        assert [row.number for row in found.rows] == [2, 0, 1]
        assert found.rows[2].score.note == "failed"
        lower = methods_of(material(cells, {"methods": rows, "direction": "lower"}))
        assert [row.name for row in lower.rows] == ["a", "c", "b"]

    def test_without_an_analysis_there_are_names_and_reasons(self):
        failed = cell("a", status="failed", failure={"reason": "no luck"})
        found = methods_of(material([failed, cell("b", status="pending")]))
        assert [(row.status, row.reasons) for row in found.rows] == [
            ("failed", ("a: no luck",)),
            ("pending", ("b: not run",)),
        ]
        assert found.columns == ()

    def test_columns_in_which_nothing_is_known_are_left_out(self):
        row = {"method": "a", "value": 0.1, "unreadable": 0.25, "others": {"f1": None}}
        found = methods_of(material([cell("a")], {"methods": [row]}))
        assert [column.heading for column in found.columns] == ["unreadable"]
        assert found.columns[0].fields[0].text == "25%"

    def test_ratings_sort_by_their_number(self):
        row = {"method": "a", "value": 0.1, "ratings": {"elo": "1475.0* [1366, 1563], rank 1"}}
        (column,) = methods_of(material([cell("a")], {"methods": [row]})).columns
        field = column.fields[0]
        assert (field.text, field.order, field.note) == ("1475.0*", 1475.0, "[1366, 1563], rank 1")

    def test_a_rating_below_zero_is_a_number_too(self):
        rows = [{"method": "a", "value": 0.1, "ratings": {"bt": "\N{MINUS SIGN}1.5 [-2, -1]"}}]
        (column,) = methods_of(material([cell("a")], {"methods": rows})).columns
        assert column.fields[0].order == -1.5

    def test_none_that_failed_is_a_number_too(self):
        rows = [{"method": "a", "value": 0.1, "failed": 0}, {"method": "b", "failed": 2}]
        (column,) = methods_of(material([cell("a"), cell("b")], {"methods": rows})).columns
        assert [field.text for field in column.fields] == ["0", "2"]
        assert methods_of(material([cell("a")], {"methods": rows[:1]})).columns == ()

    def test_a_baseline_without_a_figure_is_not_drawn(self):
        rows = [{"method": "a", "value": None}, {"method": "b", "value": 0.5}]
        form = {"methods": rows, "baseline": "a"}
        assert not methods_of(material([cell("a"), cell("b")], form)).marked
        assert methods_of(material([cell("a"), cell("b")], form | {"baseline": "b"})).marked

    def test_a_latency_that_is_not_reached(self):
        latency = [
            {"p50": {"value": None, "low": 1.0, "high": None, "infinite": ["value", "high"]}}
        ]
        row = {"method": "a", "value": 0.1, "latency": latency}
        (column,) = methods_of(material([cell("a")], {"methods": [row]})).columns
        assert (column.heading, column.fields[0].text) == ("p50 s", "never")

    def test_every_cell_for_itself(self):
        used = {"predict": {"prompt_tokens": 8, "completion_tokens": 4}}
        told = {"scores": {"f1": {"value": 0.5}}, "outcomes": {"parsed": 3, "failed": 1}}
        form = cell("a", model="m", train_size=16, seed=3, examples=4, usage=used, **told)
        (row,) = cells_of(material([form])).rows
        assert [field.text for field in row.fields[:6]] == [
            "m",
            "16",
            "3",
            "0.500",
            "3 parsed, 1 failed",
            "3",
        ]


class TestJudging:
    def comparison(self, validated):
        standings = [
            {
                "contestant": "a",
                "values": {"elo": 1400.0, "low": 1.0, "high": 2.0, "validated": validated},
            },
            {"contestant": "gold", "values": {"elo": 1500.0, "wins": 3, "validated": validated}},
        ]
        audit = {
            "m": {"state": "failed", "checks": [{"name": "order", "value": None, "state": "open"}]}
        }
        return {
            "name": "duel",
            "headline": "elo",
            "decimals": 1,
            "standings": standings,
            "details": {"audit": audit},
        }

    @pytest.mark.parametrize(("value", "state"), [(0.0, "failed"), (1.0, "passed"), (None, "open")])
    def test_whether_the_judge_is_fit(self, value, state):
        assert validation_of(self.comparison(value)) == state

    def test_a_comparison_without_a_judge(self):
        assert validation_of({"standings": [{"contestant": "a", "values": {"share": 1.0}}]}) == ""
        assert validation_of({}) == ""

    def test_standings_and_audit(self):
        (found,) = judged_of(material([cell("a")], results={"comparisons": [self.comparison(0.0)]}))
        assert [(one.name, one.number) for one in found.standings] == [("gold", None), ("a", 0)]
        assert found.headings == ("elo", "wins")
        assert found.audits[0].checks[0].value == "\N{EN DASH}"

    def test_what_has_no_rating_is_last_even_where_ratings_are_below_zero(self):
        values = {"a": None, "b": -2.0, "c": -1.0}
        rows = [{"contestant": name, "values": {"bt": value}} for name, value in values.items()]
        form = {"name": "duel", "headline": "bt", "standings": rows}
        (found,) = judged_of(material(results={"comparisons": [form]}))
        assert [one.name for one in found.standings] == ["c", "b", "a"]

    def test_one_that_failed(self):
        failed = {"name": "duel", "failure": {"reason": "no judge"}, "standings": []}
        (found,) = judged_of(material(results={"comparisons": [failed]}))
        assert found.failure == "no judge"
        assert "The comparison duel failed: no judge." in warnings_of(
            material(results={"comparisons": [failed]})
        )

    def test_a_judge_that_is_not_validated_is_a_warning(self):
        found = warnings_of(material(results={"comparisons": [self.comparison(0.0)]}))
        assert any("not validated" in sentence for sentence in found)


class TestPrompts:
    def test_the_difference_word_by_word(self):
        assert difference("List every fact.", "List each fact.") == (
            Piece("same", "List "),
            Piece("out", "every"),
            Piece("in", "each"),
            Piece("same", " fact."),
        )

    @pytest.mark.parametrize(("one", "other"), [("", "a b"), ("a b", ""), ("", "")])
    def test_of_nothing(self, one, other):
        pieces = difference(one, other)
        assert "".join(piece.text for piece in pieces if piece.kind != "out") == other
        assert "".join(piece.text for piece in pieces if piece.kind != "in") == one

    def test_what_is_too_long_is_not_compared(self):
        assert difference("a " * 4000, "b " * 4000) is None

    def test_seeds_that_were_taught_the_same_are_told_once(self):
        cells = [cell("a", id="a-1"), cell("a", id="a-2"), cell("a", id="a-3")]
        same = {"instruction": "Do.", "demos": [], "weights": None, "sent": []}
        prompts = {"a-1": same, "a-2": dict(same), "a-3": same | {"instruction": "Do it."}}
        (found,) = prompts_of(
            material(cells, results={"task": {"instruction": "Do."}}, prompts=prompts)
        )
        assert [(one.key, one.changed) for one in found.taught] == [("a-1", False), ("a-3", True)]
        assert found.gist == "the task's instruction / instruction changed"

    def test_what_was_sent(self):
        step = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 8, "temperature": 0,
                "stop": ["\n"], "choices": [], "schema": None, "answer": None}  # fmt: skip
        form = {"sent": [{"example": "e", "steps": [step]}], "weights": {"kind": "lora"}}
        (found,) = prompts_of(material([cell("a")], prompts={"a": form}))
        (sent,) = found.taught[0].sent
        assert sent.steps[0].settings == 'at most 8 tokens, greedy, stops at "\\n"'
        assert sent.steps[0].answer is None
        assert found.taught[0].weights == "lora"


class TestOrigin:
    def test_the_command_names_no_place_of_the_machine(self):
        manifest = {"command": ["run", "a suite.toml", "--output-dir", "/srv/people/ada/runs"]}
        found = origin_of(material(manifest=manifest))
        assert found.command == "evalkit run 'a suite.toml' --output-dir runs"
        manifest["command"] = ["run", "--set", "task.path=/srv/people/ada/data"]
        assert origin_of(material(manifest=manifest)).command == (
            "evalkit run --set task.path=data"
        )

    def test_libraries_and_machine(self):
        machine = {"processor": "P", "memory_gb": 33.6, "gpus": ["H", "H", "", "A"]}
        manifest = {"libraries": {"jinja2": "3.1.6"}, "machine": machine, "cores": 2}
        groups = {one.heading: one.pairs for one in origin_of(material(manifest=manifest)).facts}
        assert groups["Libraries"] == (("jinja2", "3.1.6"),)
        assert groups["Machine"] == (
            ("processor", "P"), ("cores", "2"), ("memory", "33.6 GB"), ("GPUs", "2 times H, A"),
        )  # fmt: skip
        older = {one.heading: one.pairs for one in origin_of(material()).facts}
        assert older["Libraries"] == older["Machine"] == ()

    def test_without_a_manifest(self):
        found = origin_of(material())
        assert (found.command, found.plugins, found.suite) == ("", (), "")

    def test_the_suite_as_it_was_read(self):
        manifest = {
            "tables": {"task": {"path": "/srv/data"}},
            "plugins": [{"kind": "task", "code": "c" * 64}],
        }
        found = origin_of(material(manifest=manifest))
        assert '"path": "data"' in found.suite
        assert found.plugins == (("task", "", "", "", "c" * 16),)

    def test_checks_that_differ_come_first(self):
        rows = [{"name": "b", "status": "ok"}, {"name": "a", "status": "differs", "detail": "d"}]
        found = material(analysis={"checks": rows})
        assert [check.name for check in checks_of(found)] == ["a", "b"]
        assert warnings_of(found) == ("The fairness check \u201ca\u201d does not hold.",)

    def test_break_even_volumes(self):
        view = {"answers": 12000.4, "low": 9000, "high": None, "undefined": "unbounded"}
        row = {"dearer_to_adapt": "a", "cheaper_to_adapt": "b", "paid": view, "with_errors": None}
        (found,) = payoffs_of(material(analysis={"break_evens": [row]}))
        assert (found.answers, found.ends) == ("12,000", "9,000 to no end")


def test_near_duplicates_and_methods_without_a_figure_are_warnings():
    rows = [{"method": "a", "value": 0.5, "near_duplicates": {"examples": 0.4, "score": 0.44}},
            {"method": "b", "value": None, "undefined": "it failed"}]  # fmt: skip
    assert warnings_of(material(analysis={"methods": rows})) == (
        "b is not compared: it failed.",
        "Evaluated examples nearly repeat training examples: a has 40%, with 44% of its score.",
    )


def test_colours_and_shapes_begin_anew():
    assert colour_of(0) == colour_of(10) == "var(--c1)"
    assert shape_of(0).startswith("M")
    assert len({shape_of(number) for number in range(11)}) == 11
