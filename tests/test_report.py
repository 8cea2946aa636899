"""The table and the progress: what they show of results, and how."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from evalkit import Failure
from evalkit.options import Course
from evalkit.params import Params
from evalkit.plan import Job
from evalkit.report.printable import printable
from evalkit.report.progress import BarProgress, PlainProgress, time_left
from evalkit.report.table import make_table
from evalkit.report.terminal import TerminalReporter

JOB = Job(kind="adapt", id="1", label="adapt few-shot", spec={})


def cell(name, seed=1, model="small", **more):
    """A finished cell as results.json has it; scores by metric."""
    scores = more.pop("scores", {})
    return {
        "id": f"{name}-{model}-seed{seed}",
        "adapter": name,
        "model": model,
        "seed": seed,
        "train_size": 4,
        "status": "done",
        "failure": None,
        "examples": 10,
        "outcomes": {
            "parsed": 10, "malformed": 0, "empty": 0, "truncated": 0, "refused": 0, "failed": 0
        },
        "report": {},
        "scores": {metric: {"value": value} for metric, value in scores.items()},
        "usage": {"adapt": None, "predict": {"prompt_tokens": 100, "completion_tokens": 20}},
        "seconds": {"adapt": 1.0, "predict": 2.0, "score": 0.0},
        **more,
    }  # fmt: skip


def comparison(standings, name="duel", headline="elo", seed=1, **more):
    return {
        "name": name,
        "headline": headline,
        "decimals": 1,
        "seed": seed,
        "status": "done",
        "failure": None,
        "notes": [],
        "standings": [{"contestant": c, "values": {headline: v}} for c, v in standings.items()],
        **more,
    }


def table(*cells, comparisons=()):
    task = {"examples": 10, "split": "test"}
    return make_table({"task": task, "cells": cells, "comparisons": comparisons})


def column(made, heading):
    place = made.columns.index(heading)
    return [row[place] for row in made.rows]


class TestTable:
    def test_a_row_for_each_method_and_model_with_the_mean_over_seeds(self):
        made = table(
            cell("few", 1, scores={"f1": 0.25}),
            cell("few", 2, scores={"f1": 0.5}),
            cell("zero", 1, scores={"f1": 0.1}),
            cell("few", 1, "large", scores={"f1": 0.9}),
        )
        assert column(made, "method") == ["few", "zero", "few"]
        assert column(made, "model") == ["small", "small", "large"]
        assert column(made, "f1") == ["0.375", "0.100", "0.900"]
        assert made.notes[0] == "mean over the seeds 1, 2"

    def test_one_model_needs_no_column_and_one_seed_no_note(self):
        made = table(cell("few"), cell("zero"))
        assert "model" not in made.columns
        assert made.notes == ("10 examples of the split test",)

    def test_what_is_undefined_is_a_dash(self):
        made = table(
            cell("few", scores={"f1": None}),
            cell("zero", status="failed", outcomes=None, examples=None,
                 usage={"adapt": None, "predict": None},
                 seconds={"adapt": None, "predict": None, "score": None},
                 failure={"reason": "no\nluck", "kind": "adapter", "hint": "try"}),
        )  # fmt: skip
        assert column(made, "f1") == ["–", "–"]  # noqa: RUF001
        assert made.rows[1][-2:] == ("–", "–")  # noqa: RUF001
        assert made.notes[-1] == "zero-small-seed1 failed: no\nluck (try)"

    def test_a_figure_that_is_no_number_says_why(self):
        gone = {"value": None, "headline": "f1", "undefined": {"f1": "F1.aggregate gives nan"}}
        cells = [cell("few"), cell("zero")]
        made = table(*(one | {"scores": {"f1": gone}} for one in cells), cell("lora"))
        reason = "f1: undefined, because F1.aggregate gives nan"
        assert f"{reason} (few-small-seed1, zero-small-seed1)" in made.notes

    def test_cells_that_were_not_run_are_listed(self):
        made = table(cell("few"), cell("zero", status="pending"), cell("lora", status="pending"))
        assert "not run: zero-small-seed1, lora-small-seed1" in made.notes

    def test_a_column_of_failures_is_there_if_there_are_any(self):
        assert "failed" not in table(cell("few")).columns
        bad = {"parsed": 3, "malformed": 1, "empty": 2, "truncated": 1, "refused": 1, "failed": 2}
        made = table(cell("few"), cell("bad", outcomes=bad))
        assert column(made, "failed") == ["0", "2"]
        assert column(made, "unreadable") == ["0%", "62%"]

    def test_tokens_are_means_over_answers(self):
        assert column(table(cell("few")), "tokens/answer") == ["10 + 2"]

    @pytest.mark.parametrize(
        ("reports", "shown"),
        [
            ([{"demos": 4}, {"demos": 4}], "4"),
            ([{"demos": 4}, {"demos": 2}], "2 to 4"),
            ([{"demos": 4}, {}], "4"),
            ([{}, {}], "–"),  # noqa: RUF001
            ([{"demos": "a"}, {"demos": "b"}], "a, b"),
            ([{"demos": [1, 2]}, {"demos": {"x": 1}}], "[1, 2], {'x': 1}"),
        ],
    )
    def test_whatever_an_adapter_reports_is_shown(self, reports, shown):
        cells = [cell("few", seed, report=report) for seed, report in enumerate(reports)]
        assert column(table(*cells), "demos") == [shown]

    def test_standings_stand_beside_their_cells_and_outsiders_below(self):
        made = table(
            cell("few", 1, scores={"f1": 0.5}),
            cell("few", 2, scores={"f1": 0.5}),
            comparisons=[
                comparison({"few-small-seed1": 1500.0, "gold": 1600.0}, notes=["odd"]),
                comparison({"few-small-seed2": 1400.0, "gold": 1800.0}, seed=2),
            ],
        )
        assert column(made, "elo") == ["1450.0", "1700.0"]
        assert column(made, "method") == ["few", "gold answers"]
        assert column(made, "f1") == ["0.500", ""]
        assert "duel (seed 1): odd" in made.notes

    def test_an_outsider_beside_a_metric_that_is_called_as_the_headline(self):
        made = table(
            cell("few", scores={"elo": 0.5}),
            comparisons=[comparison({"few-small-seed1": 1.0, "gold": 2.0})],
        )
        assert made.rows[1].count("2.0") == 1

    def test_two_comparisons_are_told_apart(self):
        made = table(
            cell("few"),
            comparisons=[
                comparison({"few-small-seed1": 1.0}),
                comparison({"few-small-seed1": None}, name="other"),
            ],
        )
        assert column(made, "duel elo") == ["1.0"]
        assert column(made, "other elo") == ["–"]  # noqa: RUF001

    def test_figures_of_a_judge_in_doubt_are_marked(self):
        def standing(name, elo, **doubt):
            return {"contestant": f"{name}-small-seed1", "values": {"elo": elo, **doubt}}

        standings = [
            standing("sure", 1500.0, validated=1.0),
            standing("failed", 1400.0, validated=0.0),
            standing("open", 1600.0, validated=None),
            standing("none", None, validated=0.0),
            standing("plain", 1300.0),
        ]
        made = table(
            *(cell(name) for name in ("sure", "failed", "open", "none", "plain")),
            comparisons=[{**comparison({}), "standings": standings}],
        )
        assert column(made, "elo") == ["1500.0", "1400.0*", "1600.0?", "–", "1300.0"]  # noqa: RUF001

    def test_the_worst_mark_of_all_seeds_counts(self):
        of_seeds = [
            {
                **comparison({}, seed=seed),
                "standings": [
                    {"contestant": f"few-small-seed{seed}", "values": {"elo": 1.0, "validated": v}}
                ],
            }
            for seed, v in ((1, None), (2, 0.0), (3, 1.0))
        ]
        made = table(*(cell("few", seed) for seed in (1, 2, 3)), comparisons=of_seeds)
        assert column(made, "elo") == ["1.0*"]

    def test_a_comparison_that_failed_says_why(self):
        failure = {"reason": "nobody came", "kind": "comparison", "hint": ""}
        failed = comparison({}, headline=None, status="failed", failure=failure)
        made = table(cell("few"), comparisons=[failed])
        assert made.notes[-1] == "duel failed: nobody came"


class TestTerminal:
    def text(self, report=None, **more):
        file = io.StringIO()
        results = {
            "task": {"examples": 1, "split": "test"},
            "cells": [cell("few", report=report or {})],
            "comparisons": [],
            **more,
        }
        TerminalReporter(Params(), file).report(results, Path("runs/[bold]1"))
        return file.getvalue()

    def test_markup_in_names_is_text(self):
        text = self.text(report={"optimizer": "[red]x[/red] :smile:"})
        assert "[red]x[/red] :smile:" in text
        assert "  run folder: runs/[bold]1\n" in text

    def test_intervals_stand_below_the_table(self):
        rows = [
            {"method": "few-shot", "value": 0.5, "low": 0.4, "high": 0.6},
            {"method": "lora", "value": 0.25, "low": 0.2, "high": 0.3},
            {"method": "same", "value": 0.3, "low": None, "high": None},
            {"method": "failed", "value": None, "low": None, "high": None},
        ]
        text = self.text(analysis={"metric": "f1", "methods": rows})
        start = text.index("  f1 with its 95% interval:")
        assert text[start : text.index("\n\n", start)].splitlines() == [
            "  f1 with its 95% interval:",
            "    few-shot  0.500 [0.400, 0.600]                          ├──────────●───────────┤",
            "    lora      0.250 [0.200, 0.300]  ├─────●─────┤",
            "    same      0.300                             ●",
            "                                    0.200                                      0.600",
        ]
        assert "evalkit compare runs/[bold]1\n" in text
        nothing = self.text(analysis={"metric": "f1", "methods": rows[2:]})
        assert "interval" not in nothing

    def test_expectations_are_listed_like_test_results(self):
        def one(name, met, detail="0.5"):
            return {"name": name, "method": "m", "metric": "f1", "met": met, "detail": detail}

        expectations = [one("a", True, ""), one("b \x1b[2J", False), one("c", None, "not run")]
        text = self.text(expectations=expectations)
        assert (
            "  met         a\n  not met     b \\x1b[2J: 0.5\n  not judged  c: not run\n"
        ) in text
        assert "evalkit compare" not in text

    def test_colours_only_repeat_what_words_say(self, monkeypatch):
        monkeypatch.delenv("NO_COLOR", raising=False)
        file = io.StringIO()
        console = Console(file=file, force_terminal=True, color_system="standard", width=120)
        expectations = [
            {"name": "a", "met": True, "detail": ""}, {"name": "b", "met": False, "detail": ""}
        ]  # fmt: skip
        monkeypatch.setattr("evalkit.report.terminal.console_for", lambda _: console)
        results = {"task": {"examples": 1, "split": "test"}, "cells": [cell("few")]}
        results |= {"comparisons": [], "expectations": expectations}
        TerminalReporter(Params(), file).report(results, Path("runs/1"))
        assert "\x1b[32m  met    " in file.getvalue()
        assert "\x1b[1;31m  not met" in file.getvalue()

    def test_control_characters_are_escaped(self):
        text = self.text(report={"optimizer": "\x1b[31mred\u202e"})
        assert "\\x1b[31mred\\x202e" in text
        assert "\x1b" not in text

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("plain ü 日本", "plain ü 日本"),
            ("two\nlines", "two\nlines"),
            ("\x00\x07\x1b\x7f\x9b\r\t", "\\x00\\x07\\x1b\\x7f\\x9b\\x0d\\x09"),
            ("\ud800", "\\xd800"),
        ],
    )
    def test_printable(self, text, shown):
        assert printable(text) == shown


class TestPlainProgress:
    def progress(self, capsys, quiet=False):
        with PlainProgress(quiet=quiet) as progress:
            progress.notice("fetching")
            progress.plan(3, 1)
            progress.job_start(JOB)
            progress.job_progress(JOB, 1, 2, "loss 0.5")
            progress.job_end(JOB, 1.234, None)
            progress.job_end(JOB, 1.0, Failure(reason="no\x1b luck", kind="adapter"))
        captured = capsys.readouterr()
        assert captured.out == ""
        return captured.err

    def test_a_line_for_each_job_on_standard_error(self, capsys):
        assert self.progress(capsys) == (
            "fetching\n3 jobs, 1 of them finished before\n[2/3] adapt few-shot: 1.2 s\n"
            "[3/3] adapt few-shot: FAILED: no\\x1b luck\n"
        )

    def test_the_last_job_of_a_cell_says_how_far_the_run_is(self, capsys):
        with PlainProgress() as progress:
            for over, left, at_least in ((1, None, False), (1, 50.0, False), (2, 95.0, False),
                                         (3, 700.0, True), (4, 0.0, False)):  # fmt: skip
                course = Course(cells=4, over=over, seconds_left=left, at_least=at_least)
                progress.course(course)
                if left is None:
                    progress.plan(5, 1)
                else:
                    progress.job_end(JOB, 1.0, None)
        assert capsys.readouterr().err.splitlines() == [
            "4 cells, 5 jobs, 1 of them finished before",
            "[2/5] adapt few-shot: 1.0 s",
            "[3/5] adapt few-shot: 1.0 s (2 of 4 cells, about 2 min left)",
            "[4/5] adapt few-shot: 1.0 s (3 of 4 cells, at least 12 min left)",
            "[5/5] adapt few-shot: 1.0 s (4 of 4 cells)",
        ]

    @pytest.mark.parametrize(
        ("left", "at_least", "text"),
        [
            (None, False, ""),
            (None, True, ""),
            (8.0, True, ""),  # what is not known may be far more
            (8.0, False, "about 6 s left"),
            (100.0, True, "at least 98 s left"),
            (0.5, False, "about 1 s left"),
        ],
    )
    def test_the_time_left_in_words(self, left, at_least, text):
        course = Course(cells=2, over=1, seconds_left=left, at_least=at_least)
        assert time_left(course, 2.0) == text.replace("98 s", "2 min")
        assert time_left(replace(course, over=2), 2.0) == ""

    def test_quiet_tells_of_failures_alone(self, capsys):
        assert self.progress(capsys, quiet=True) == ("[3/3] adapt few-shot: FAILED: no\\x1b luck\n")

    def test_a_long_job_says_how_far_it_is(self, capsys, monkeypatch):
        now = [100.0]
        monkeypatch.setattr("evalkit.report.progress.time.monotonic", lambda: now[0])
        progress = PlainProgress()
        progress.job_start(JOB)
        for second in range(25):
            now[0] += 1
            progress.job_progress(JOB, second, 25, "")
        assert capsys.readouterr().err == "  adapt few-shot: 9/25\n  adapt few-shot: 19/25\n"


@pytest.mark.parametrize("width", [30, 80, 140])
def test_the_bar_survives_odd_notes_and_ends(monkeypatch, width):
    file = io.StringIO()
    monkeypatch.setattr(
        "evalkit.report.progress.Console",
        lambda **more: Console(file=file, force_terminal=True, width=width),
    )
    with BarProgress() as progress:
        progress.notice("[/nothing] \x1b[2J")
        progress.course(Course(cells=3, over=1, seconds_left=None, at_least=False))
        progress.plan(2, 0)
        progress.job_start(JOB)
        progress.course(Course(cells=3, over=1, seconds_left=61.0, at_least=False))
        progress.job_progress(JOB, 1, 2, "[/odd] \x1b]0;title\x07")
        progress._progress.refresh()
        progress.job_end(JOB, 1.0, None)
        progress.job_end(JOB, 1.0, Failure(reason="[red]", kind="adapter"))
    shown = file.getvalue()
    assert "[/nothing] \\x1b[2J" in shown
    assert "1/3 cells" in shown
    assert "]0;title\x07" not in shown
    if width == 140:
        assert "[/odd] \\x1b]0;title\\x07" in shown
        assert "about 61 s left" in shown or "about 60 s left" in shown
