"""The primary figure in groups of the evaluated examples."""

import json
import math
import random
from statistics import fmean

import pytest
from scipy.stats import t as student

from evalkit import RunView, UserError
from evalkit.stats.clusters import independent
from evalkit.stats.estimate import estimate
from evalkit.stats.proportions import wilson
from evalkit.stats.scores import Scores

MEAN = {"numerator": {"f1": 1.0}, "denominator": {}, "empty": None}
SHARE = {"numerator": {"hit": 1.0}, "denominator": {"all": 1.0}, "empty": None}


def example(key, *, words=3, sources=None, **groups):
    return {
        "id": key,
        "sources": sources or [key],
        "groups": groups,
        "input": " ".join(["word"] * words),
        "target": None,
    }


class Folder:
    """A run folder that holds examples and scores by hand."""

    def __init__(self, path):
        self.path = path
        self.cells = []

    def examples(self, *examples):
        self._write(self.path / "examples.jsonl", examples)

    def cell(self, method, scores, *, seed=1, ratio=MEAN, value=None, failed=0, **more):
        """A finished cell; `scores` is the values of each example, by id."""
        name = f"{method}-seed{seed}"
        rows = [{"id": key, "values": values} for key, values in scores.items()]
        self._write(self.path / "scores" / "f1" / f"{name}.jsonl", rows)
        score = {"headline": "f1", "value": value, "range": [0.0, 1.0], "ratio": ratio}
        cell = {
            "id": name, "method": method, "adapter": method, "seed": seed, "status": "done",
            "examples": len(scores) + failed, "outcomes": {"failed": failed}, "failure": None,
            "scores": {"f1": score}, "jobs": {"score": {"f1": "1"}},
        }  # fmt: skip
        self.cells.append(cell | more)

    def means(self, method, scores, **more):
        """A cell whose figure is the mean."""
        values = {key: {"f1": score} for key, score in scores.items()}
        self.cell(method, values, value=fmean(scores.values()), **more)

    def slices(self, analysis=None):
        return RunView(self.path, {"cells": self.cells, "analysis": analysis}).slices()

    def _write(self, path, rows):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="ascii")


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def by_group(rows, by, method="m"):
    return {row["group"]: row for row in rows if (row["by"], row["method"]) == (by, method)}


def plainly(ids, above, below, source):
    """The figure of a group with its interval, by the textbook."""
    total, bottom = sum(above[i] for i in ids), sum(below[i] for i in ids)
    figure, count = total / bottom, len(ids)
    clusters = {}
    for i in ids:
        moved = (above[i] - figure * below[i]) / (bottom / count)
        clusters[source[i]] = clusters.get(source[i], 0.0) + moved
    held = len(clusters)
    variance = sum(one**2 for one in clusters.values()) / count**2 * held / (held - 1)
    half = student.ppf(0.975, held - 1) * math.sqrt(variance)
    return figure, max(0.0, figure - half), min(1.0, figure + half), held


class TestFigures:
    def test_those_of_groups_are_what_the_textbook_says(self, folder):
        chance = random.Random(3)
        ids = [f"e{number}" for number in range(60)]
        source = {key: f"s{number // 2}" for number, key in enumerate(ids)}
        domain = {key: chance.choice(["air", "sea", "land"]) for key in ids}
        above = {key: chance.randint(0, 3) for key in ids}
        below = {key: above[key] + chance.randint(0, 3) for key in ids}
        folder.examples(*(example(k, sources=[source[k]], domain=domain[k]) for k in ids))
        scores = {key: {"hit": above[key], "all": below[key]} for key in ids}
        whole = sum(above.values()) / sum(below.values())
        folder.cell("m", scores, ratio=SHARE, value=whole)
        rows = by_group(folder.slices(), "domain")
        assert list(rows) == ["air", "land", "sea"]
        for name, row in rows.items():
            own = [key for key in ids if domain[key] == name]
            figure, low, high, clusters = plainly(own, above, below, source)
            assert (row["value"], row["low"], row["high"]) == pytest.approx((figure, low, high))
            assert (row["examples"], row["clusters"]) == (len(own), clusters)
            assert (row["undefined"], row["metric"]) == (None, "f1")
        assert sum(row["examples"] for row in rows.values()) == 60

    def test_a_metric_of_right_and_wrong_has_the_interval_of_a_proportion(self, folder):
        right = {f"e{number}": float(number % 3 > 0) for number in range(12)}
        folder.examples(*(example(key, part="a" if key < "e2" else "b") for key in right))
        folder.means("m", right)
        for name, row in by_group(folder.slices(), "part").items():
            own = [score for key, score in right.items() if (key < "e2") == (name == "a")]
            assert (row["low"], row["high"]) == pytest.approx(wilson(int(sum(own)), len(own)))

    def test_a_few_zeros_are_no_proportion_of_a_metric_with_other_values(self, folder):
        folder.examples(*(example(f"e{n}", part="a" if n < 3 else "b") for n in range(6)))
        folder.means("m", {f"e{n}": 0.0 if n < 3 else n / 10 for n in range(6)})
        folder.means("zero", {f"e{n}": 0.0 for n in range(6)})
        rows = folder.slices()
        for method in ("m", "zero"):
            row = by_group(rows, "part", method)["a"]
            assert (row["value"], row["low"], row["high"]) == (0.0, None, None)
            assert "all examples give the same" in row["undefined"]

    def test_seeds_are_gathered(self, folder):
        folder.examples(*(example(f"e{number}", part="all") for number in range(6)))
        first = {f"e{number}": number / 10 for number in range(6)}
        second = {key: score + 0.2 for key, score in first.items()}
        folder.means("m", first)
        folder.means("m", second, seed=2)
        (row,) = by_group(folder.slices(), "part").values()
        assert row["value"] == pytest.approx(0.35)
        assert row["examples"] == 6
        scores = Scores.of([list(first.values()), list(second.values())])
        known = estimate(scores, independent(6)).interval  # by t too, as there are few clusters
        assert known.method == "t"
        assert (row["low"], row["high"]) == pytest.approx((max(0.0, known.low), known.high))
        single = estimate(Scores.of(scores.numerator.mean(axis=0)), independent(6)).interval
        assert known.high > single.high

    def test_methods_stand_side_by_side_within_each_group(self, folder):
        folder.examples(example("e1", part="b"), example("e2", part="a"))
        folder.means("second", {"e1": 0.25, "e2": 0.5})
        folder.means("first", {"e1": 0.5, "e2": 0.75})
        rows = [row for row in folder.slices() if row["by"] == "part"]
        assert [(row["order"], row["group"], row["method"]) for row in rows] == [
            (0, "a", "second"), (0, "a", "first"), (1, "b", "second"), (1, "b", "first"),
        ]  # fmt: skip

    def test_the_metric_is_that_of_the_analysis(self, folder):
        folder.examples(example("e1"))
        folder.means("m", {"e1": 0.5})
        (row,) = folder.slices({"metric": "other"})
        assert (row["metric"], row["value"]) == ("other", None)
        assert "no score by other" in row["undefined"]


class TestUndefined:
    def test_one_example_has_a_figure_and_no_interval(self, folder):
        folder.examples(example("e1", words=1))
        folder.means("m", {"e1": 0.5})
        (row,) = folder.slices()
        assert row == {
            "by": "input length", "group": "1 word", "order": 0, "method": "m", "metric": "f1",
            "examples": 1, "clusters": 1, "value": 0.5, "low": None, "high": None,
            "undefined": "undefined, because there is one example only",
        }  # fmt: skip

    def test_examples_of_one_source_have_no_interval(self, folder):
        folder.examples(*(example(f"e{n}", sources=["s"], part="a") for n in range(3)))
        folder.means("m", {f"e{n}": n / 3 for n in range(3)})
        row = by_group(folder.slices(), "part")["a"]
        assert (row["value"], row["clusters"], row["low"]) == (pytest.approx(1 / 3), 1, None)
        assert "there is one cluster only" in row["undefined"]

    def test_a_group_without_scores_has_none(self, folder):
        folder.examples(*(example(f"e{n}", part="a" if n else "b") for n in range(60)))
        folder.means("m", {f"e{n}": n / 60 for n in range(1, 60)}, failed=1)
        folder.means("whole", {f"e{n}": n / 60 for n in range(60)})
        rows = folder.slices()
        empty = by_group(rows, "part")["b"]
        assert (empty["examples"], empty["clusters"], empty["value"]) == (0, 0, None)
        assert "no example of this group has a score" in empty["undefined"]
        assert by_group(rows, "part", "whole")["b"]["value"] == 0.0
        assert by_group(rows, "part")["a"]["value"] == by_group(rows, "part", "whole")["a"]["value"]

    def test_nothing_to_divide_by(self, folder):
        folder.examples(example("e1", part="a"), example("e2", part="b"))
        scores = {"e1": {"hit": 0, "all": 0}, "e2": {"hit": 1, "all": 2}}
        folder.cell("m", scores, ratio=SHARE, value=0.5)
        folder.cell("sure", scores, ratio=SHARE | {"empty": 1.0}, value=0.5)
        rows = folder.slices()
        assert by_group(rows, "part")["a"]["value"] is None
        assert by_group(rows, "part", "sure")["a"]["value"] == 1.0
        for method in ("m", "sure"):
            row = by_group(rows, "part", method)["a"]
            assert row["low"] is None
            assert "add up to 0" in row["undefined"]

    def test_a_metric_that_is_no_ratio(self, folder):
        folder.examples(example("e1"), example("e2"))
        folder.cell("m", {"e1": {"f1": 1.0}, "e2": {"f1": 0.0}}, ratio=None, value=0.5)
        (row,) = folder.slices()
        assert row["value"] is None
        assert "f1 names no ratio" in row["undefined"]

    def test_a_method_that_failed_and_one_whose_scores_are_damaged(self, folder):
        folder.examples(example("e1"), example("e2"))
        folder.means("m", {"e1": 0.5, "e2": 0.25})
        failure = {"reason": "no luck"}
        folder.means("gone", {"e1": 0.5}, status="failed", failure=failure)
        folder.means("cut", {"e1": 0.5, "e2": 0.25})
        (folder.path / "scores/f1/cut-seed1.jsonl").write_text('{"id": "e1"')
        folder.means("strange", {"e1": 0.5, "e9": 0.25})
        rows = {row["method"]: row for row in folder.slices()}
        assert rows["m"]["value"] == 0.375
        assert "no luck" in rows["gone"]["undefined"]
        assert "cut-seed1.jsonl: damaged: line 1" in rows["cut"]["undefined"]
        assert "e9 has a score, but is no evaluated example" in rows["strange"]["undefined"]
        assert all(row["value"] is None for row in rows.values() if row["method"] != "m")

    def test_without_any_score_there_is_nothing_to_show(self, folder):
        assert folder.slices() == []

    @pytest.mark.parametrize(
        ("line", "about"),
        [
            (None, "cannot be read"),
            ('{"id": "e1"}', "line 1 is no evaluated example"),
            (json.dumps(example("e1") | {"input": 3}), "line 1 is no evaluated example"),
            (json.dumps(example("e1") | {"sources": [1]}), "line 1 is no evaluated example"),
            (json.dumps(example("e1")) + "\n" + json.dumps(example("e1")), "line 2"),
            ("[]", "line 1 is no JSON object"),
        ],
    )
    def test_damaged_examples_are_refused(self, folder, line, about):
        folder.means("m", {"e1": 0.5})
        if line is not None:
            (folder.path / "examples.jsonl").write_text(line + "\n")
        with pytest.raises(UserError, match=about) as caught:
            folder.slices()
        assert "examples.jsonl" in str(caught.value)


class TestGroups:
    def groups(self, folder, *examples, by="part"):
        folder.examples(*examples)
        folder.means("m", {one["id"]: 0.5 for one in examples})
        return {
            row["group"]: row["examples"] for row in folder.slices() if row["by"] == by
        }  # in their order

    def test_numbers_are_ordered_as_numbers_and_stand_before_texts(self, folder):
        values = ["10", "2", "b", "1.5", "-1", "A", "1_0"]
        examples = [example(f"e{n}", part=value) for n, value in enumerate(values)]
        assert list(self.groups(folder, *examples)) == ["-1", "1.5", "2", "10", "1_0", "A", "b"]

    def test_thirty_values_are_all_shown(self, folder):
        examples = [example(f"e{n}", part=str(n)) for n in range(30)]
        assert list(self.groups(folder, *examples)) == [str(n) for n in range(30)]

    def test_beyond_thirty_values_the_smallest_groups_are_gathered(self, folder):
        examples = [example(f"e{n}", part=str(n % 40)) for n in range(40 * 2 - 11)]
        found = self.groups(folder, *examples)
        assert found == {str(n): 2 for n in range(29)} | {"11 other values": 11}

    def test_examples_without_a_value_are_a_group_of_their_own(self, folder):
        examples = [example("e1"), example("e2", part="x"), example("e3", other="y")]
        assert self.groups(folder, *examples) == {"x": 1, "(none)": 2}

    def test_lengths_fall_into_five_groups_of_about_the_same_size(self, folder):
        examples = [example(f"e{n}", words=n) for n in range(1, 101)]
        assert self.groups(folder, *examples, by="input length") == {
            "1 to 20 words": 20, "21 to 40 words": 20, "41 to 60 words": 20,
            "61 to 80 words": 20, "81 to 100 words": 20,
        }  # fmt: skip

    def test_lengths_that_most_examples_share_make_fewer_groups(self, folder):
        lengths = [0, 7, 7, 7, 7, 7, 7, 7, 7, 1500]
        examples = [example(f"e{n}", words=words) for n, words in enumerate(lengths)]
        assert self.groups(folder, *examples, by="input length") == {
            "0 to 7 words": 9, "8 to 1,500 words": 1
        }  # fmt: skip

    def test_a_task_may_have_lengths_of_its_own(self, folder):
        examples = [example("e1", **{"input length": "short"})]
        assert self.groups(folder, *examples, by="input length") == {"short": 1}


def test_the_slices_of_a_real_run(lab):
    lab.suite(more="[analysis]\nreplicates = 199\n")
    assert lab.run().exit_code == 0
    view = RunView(lab.path / "runs/latest", lab.results())
    rows = view.slices()
    assert {row["method"] for row in rows} == {row["adapter"] for row in view.cells()}
    assert {row["by"] for row in rows} >= {"input length"}
    assert not any(value != value for row in rows for value in row.values())
    json.dumps(rows, allow_nan=False)
