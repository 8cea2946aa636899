"""`evalkit compare`: which methods are compared, what is refused, and what is not believed."""

import csv
import json
import shutil

import pytest

from evalkit.compare.expect import unjudged
from evalkit.compare.guard import check_comparable
from evalkit.compare.kept import kept_or_made
from evalkit.compare.methods import Method, read_methods
from evalkit.errors import UserError
from evalkit.stats.holm import holm
from evalkit.suite import ExpectKeys

METRICS = """
from evalkit import Entry, Metric, Params, Ratio, hookimpl

class Right(Metric):
    headline = "right"
    ratio = Ratio(numerator={"right": 1.0})

    def score(self, target, value):
        return {"right": float(target == value)}

    def aggregate(self, scores):
        found = [score[self.headline] for score in scores]
        return {self.headline: sum(found) / len(found) if found else None}

class Wrong(Right):
    headline = "wrong"
    direction = "lower"
    ratio = Ratio(numerator={"wrong": 1.0})

    def score(self, target, value):
        return {"wrong": float(target != value)}

class Liar(Right):
    ratio = Ratio(numerator={"right": 2.0})

class Vague(Right):
    ratio = Ratio(numerator={"left": 1.0})

class Nan(Right):
    def score(self, target, value):
        return {"right": float("nan") if target == "red" else 1.0}

class NanTotal(Right):
    def aggregate(self, scores):
        return {"right": float("nan")}

class Silent(Right):
    def aggregate(self, scores):
        return {"right": None}

class Same(Right):
    def score(self, target, value):
        return {"right": 1.0}

@hookimpl
def evalkit_metrics():
    return [Entry(name=c.__name__.lower(), target=f"evalkit_plugins:{c.__name__}")
            for c in (Right, Wrong, Liar, Vague, Nan, NanTotal, Silent, Same)]
"""
SWEEP = '[[adapters]]\nuse = "fake-adapter"\nk = [2, 4]\n\n[[adapters]]\nuse = "fake-bare"\n'
QUICK = "[analysis]\nreplicates = 199\n"


def task(size=40):
    return f'[task]\nuse = "fake-task"\ntest = {size}\n'


def metrics(*names):
    return "".join(f'[[metrics]]\nuse = "{name}"\n\n' for name in names)


@pytest.fixture
def bench(lab):
    """A lab with metrics of its own, which runs suites and compares the runs."""
    lab.write("evalkit_plugins.py", METRICS)
    return Bench(lab)


class Bench:
    def __init__(self, lab):
        self.lab = lab

    def run(self, *args, exit_code=0, **tables):
        """Run a suite; its run folder."""
        self.lab.suite(**{"task": task(), "adapters": SWEEP, "analysis": QUICK, **tables})
        result = self.lab.run(*args)
        assert result.exit_code == exit_code, result.output
        return (self.lab.path / "runs" / "latest").resolve()

    def analyses(self):
        """Each analysis that is kept -> when it was made."""
        kept = self.lab.path.glob("runs/jobs/analysis/*/job.json")
        return {path.parent.name: path.stat().st_mtime_ns for path in kept}

    def compare(self, *args):
        """The analysis of some runs, as JSON; the first option begins with a dash."""
        runs = [a for a in args if not str(a).startswith("-")] or ["runs/latest"]
        found = self.text(*runs, *[a for a in args if a not in runs], "--format=json")
        return json.loads(found)

    def text(self, *args):
        result = self.lab.project.run("compare", *args)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refusal(self, *args):
        """What `evalkit compare` complains about."""
        result = self.lab.project.run("compare", *args)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        return result.stderr


def by_method(analysis):
    return {row["method"]: row for row in analysis["methods"]}


def against(analysis):
    return {(row["baseline"], row["method"]): row for row in analysis["differences"]}


class TestWithinARun:
    def test_the_analysis_of_a_run_is_that_of_compare(self, bench):
        bench.run()
        assert bench.compare() == bench.lab.results()["analysis"]

    def test_figures_are_those_of_the_table(self, bench):
        bench.run(top='name = "trial"\nseeds = [1, 2]\n', metrics=metrics("right", "contains"))
        results = bench.lab.results()
        for row in results["analysis"]["methods"]:
            cells = [cell for cell in results["cells"] if cell["method"] == row["method"]]
            values = [cell["scores"]["right"]["value"] for cell in cells]
            assert row["value"] == pytest.approx(sum(values) / 2)
            assert row["others"] == {"contains": pytest.approx(row["value"])}
            assert (row["seeds"], row["examples"], row["clusters"]) == (2, 40, 40)
            assert row["cells"] == [cell["id"] for cell in cells]

    def test_the_first_method_is_the_baseline_unless_another_is_named(self, bench):
        bench.run(metrics=metrics("right"))
        first = bench.compare()
        assert first["baseline"] == "fake-adapter-k2"
        other = bench.compare("--baseline=fake-bare")
        assert other["baseline"] == "fake-bare"
        one = against(first)["fake-adapter-k2", "fake-bare"]
        same = against(other)["fake-bare", "fake-adapter-k2"]
        assert one["difference"] == -same["difference"]
        assert (one["verdict"], same["verdict"]) == ("worse", "better")
        assert (one["wins"], one["losses"]) == (same["losses"], same["wins"])

    def test_less_may_be_better(self, bench):
        bench.run(metrics=metrics("right", "wrong"), analysis=QUICK + 'baseline = "fake-bare"\n')
        right = against(bench.compare())["fake-bare", "fake-adapter-k2"]
        wrong = against(bench.compare("--metric=wrong"))["fake-bare", "fake-adapter-k2"]
        assert wrong["difference"] == pytest.approx(-right["difference"])
        assert right["verdict"] == wrong["verdict"] == "better"
        assert (right["wins"], right["losses"]) == (wrong["wins"], wrong["losses"]) == (20, 0)
        assert right["p"] == pytest.approx(wrong["p"])

    def test_the_family_is_what_is_reported(self, bench):
        bench.run(metrics=metrics("right"))
        for args in ([], ["--all-pairs"], ["--method=fake-adapter-*", "--all-pairs"]):
            rows = bench.compare(*args)["differences"]
            assert [row["p_adjusted"] for row in rows] == holm([row["p"] for row in rows])
        assert len(bench.compare("--all-pairs")["differences"]) == 3

    def test_pairs_without_the_baseline_stand_below_the_table(self, bench):
        bench.run(metrics=metrics("right"))
        assert "fake-bare against fake-adapter-k4: " in bench.text("runs/latest", "--all-pairs")
        assert "against fake-adapter-k4" not in bench.text("runs/latest")

    def test_every_form_has_all_pairs_that_were_asked_for(self, bench):
        failing = '\n[[adapters]]\nuse = "fake-bare"\nname = "bad"\nfail = "no luck"\n'
        bench.run(adapters=SWEEP + failing, metrics=metrics("right"), exit_code=1)
        pairs = list(against(bench.compare("--all-pairs")))
        assert len(pairs) == 6
        rows = csv.DictReader(bench.text("runs/latest", "--all-pairs", "--format=csv").splitlines())
        assert [(row["compared_with"], row["method"]) for row in rows if row["compared_with"]] == (
            sorted(pairs, key=lambda pair: pair[0] != "fake-adapter-k2")
        )
        for form in ("table", "markdown"):
            text = bench.text("runs/latest", "--all-pairs", f"--format={form}")
            for one, other in pairs:
                assert one == "fake-adapter-k2" or f"{other} against {one}: " in text
        assert "bad against fake-bare: undefined, because bad: cell bad failed: no luck" in text

    def test_a_method_alone_is_compared_with_nothing(self, bench):
        bench.run(metrics=metrics("right"))
        args = "--method=fake-bare", "--baseline=fake-bare"
        found = bench.compare(*args)
        assert found["differences"] == []
        assert [row["method"] for row in found["methods"]] == ["fake-bare"]
        text = bench.text("runs/latest", *args)
        assert "adjusted" not in text
        assert "do not matter" not in text

    def test_an_influence_does_what_a_ratio_does(self, bench):
        bench.run(metrics=metrics("right", "contains"))
        exact, influenced = (bench.compare(f"--metric={name}") for name in ("right", "contains"))
        for one, other in zip(exact["differences"], influenced["differences"], strict=True):
            for key in ("difference", "se", "low", "high", "p", "effect", "wins", "ties"):
                assert other[key] == pytest.approx(one[key], abs=1e-9), key
            assert other["test"] == one["test"]

    def test_without_ratio_and_influence_there_is_no_interval(self, bench):
        bench.run(task=task(2001), adapters='[[adapters]]\nuse = "fake-bare"\n')
        (row,) = bench.compare()["methods"]
        assert row["value"] is None
        assert "no example tells what it adds" in row["undefined"]
        assert "fake-bare: undefined, because no example tells" in bench.text("runs/latest")

    def test_one_example(self, bench):
        bench.run(task=task(1), metrics=metrics("right"))
        found = bench.compare()
        for row in found["methods"]:
            assert row["value"] in (0, 1)
            assert row["se"] is None
        for row in found["differences"]:
            assert (row["low"], row["p"], row["verdict"]) == (None, None, None)
            assert "one example only" in row["undefined"]
        text = bench.text("runs/latest", "-v")
        assert "one example only" in text
        assert "all: 1 example of test (" in text

    def test_one_seed_says_that_it_knows_nothing_of_others(self, bench):
        bench.run(metrics=metrics("right"))
        assert "seed variance not estimated" in bench.compare()["notes"]

    def test_all_ties(self, bench):
        twins = '[[adapters]]\nuse = "fake-bare"\nname = "{}"\n'
        bench.run(adapters=twins.format("one") + twins.format("other"), metrics=metrics("right"))
        (row,) = bench.compare()["differences"]
        assert (row["difference"], row["ties"], row["effect"]) == (0, 40, None)
        assert (row["low"], row["verdict"]) == (None, None)
        assert "all examples give the same" in row["undefined"]
        reason = "interval undefined, because all examples give the same: nothing shows how far"
        assert f"every difference: {reason}" in bench.text("runs/latest")

    @pytest.mark.parametrize("metric", ["right", "contains"])
    def test_methods_that_are_the_same_on_every_example_are_not_worse(self, bench, metric):
        twins = '[[adapters]]\nuse = "fake-bare"\nname = "{}"\n'
        expect = '[[expect]]\nadapter = "other"\nnot-worse-than = "one"\n'
        bench.run(
            adapters=twins.format("one") + twins.format("other"), metrics=metrics(metric),
            expect=expect,
        )  # fmt: skip
        (one,) = bench.lab.results()["expectations"]
        assert one["met"]
        assert one["detail"] == "the same on every example"

    def test_one_method_in_the_suite(self, bench):
        bench.run(adapters='[[adapters]]\nuse = "fake-adapter"\n', metrics=metrics("right"))
        found = bench.compare("--all-pairs")
        assert found["differences"] == []
        (row,) = found["methods"]
        assert row["low"] < row["value"] < row["high"]
        assert "is the only method that can be weighed" in found["recommendation"]["sentences"][0]

    def test_one_method_and_one_example(self, bench):
        bench.run(task=task(1), adapters='[[adapters]]\nuse = "fake-bare"\n',
                  metrics=metrics("right", "contains"))  # fmt: skip
        for metric in ("right", "contains"):  # with a ratio, and without one
            asked = f"--metric={metric}"
            (row,) = bench.compare(asked)["methods"]
            assert (row["value"], row["se"], row["low"]) == (0, None, None)
            text = bench.text("runs/latest", asked)
            assert "fake-bare: interval undefined, because there is one example only" in text

    def test_a_figure_that_never_varies_has_an_interval_of_a_share_only(self, bench):
        bench.run(metrics=metrics("same"))
        for row in bench.compare()["methods"]:
            assert (row["value"], row["se"], row["interval"]) == (1, None, "Wilson")
            assert row["low"] < 0.95

    def test_intervals_hold_only_what_can_be(self, bench):
        bench.run(task=task(4), metrics=metrics("right"), analysis=QUICK)
        found = bench.compare("--baseline=fake-bare")
        for row in found["methods"]:
            assert row["low"] is None or 0 <= row["low"] <= row["high"] <= 1
        for row in found["differences"]:
            assert row["low"] is None or -1 <= row["low"] <= row["high"] <= 1

    def test_an_analysis_is_kept_until_something_changes(self, bench):
        bench.run(metrics=metrics("right"))
        before = bench.analyses()
        assert len(before) == 1
        folder = bench.run(metrics=metrics("right"))
        assert bench.analyses() == before
        analysis = bench.lab.results()["analysis"]
        assert {row["run"] for row in analysis["methods"]} == {folder.name}
        bench.run(metrics=metrics("right"), analysis=QUICK + "meaningful-difference = 0.5\n")
        assert len(bench.analyses()) == 2


class TestIncomplete:
    FAILING = SWEEP + '\n[[adapters]]\nuse = "fake-bare"\nname = "bad"\nfail = "no | luck"\n'

    def test_a_cell_that_failed_is_in_the_table_with_its_reason(self, bench):
        bench.run(adapters=self.FAILING, metrics=metrics("right"), exit_code=1)
        found = bench.compare()
        assert by_method(found)["bad"]["undefined"] == "cell bad failed: no | luck"
        assert against(found)["fake-adapter-k2", "bad"]["verdict"] is None
        text = bench.text("runs/latest")
        assert "  bad: cell bad failed: no | luck\n" in text
        assert text.count("no | luck") == 1
        assert against(found)["fake-adapter-k2", "fake-bare"]["verdict"] == "worse"

    def test_a_baseline_that_failed(self, bench):
        bench.run(adapters=self.FAILING, metrics=metrics("right"), exit_code=1)
        found = bench.compare("--baseline=bad")
        assert all(row["verdict"] is None for row in found["differences"])
        assert all(row["value"] is not None for row in found["methods"] if row["method"] != "bad")

    def test_a_metric_that_fails_leaves_the_primary_one_in_its_place(self, bench):
        broken = '[[metrics]]\nuse = "contains"\ncrash-on = "red"\n\n' + metrics("right")
        bench.run(metrics=broken, exit_code=1)
        assert bench.lab.results()["analysis"] is None
        result = bench.lab.run()
        assert "the methods were not compared" in result.stderr
        assert "no score by contains" in result.stderr

    def test_too_many_failed_answers(self, bench):
        model = '[[models]]\nname = "parrot"\nengine = "fake"\nfail-on = "ball 7"\n'
        bench.run(models=model, metrics=metrics("right"), exit_code=1)
        rows = bench.compare()["methods"]
        assert {row["undefined"] for row in rows} == {
            "too many of its answers failed (more than 2%)"
        }

    def test_a_pair_is_compared_on_what_both_answered(self, bench):
        model = '[[models]]\nname = "{}"\nengine = "fake"\nanswer = "recall"\n{}\n'
        models = model.format("whole", "") + model.format("gaps", 'fail-on = "ball 70 "')
        bench.run(task=task(80), models=models, metrics=metrics("right"))
        found = bench.compare("--baseline=fake-bare-whole")
        assert by_method(found)["fake-adapter-k2-gaps"]["examples"] == 79
        pairs = against(found)
        assert pairs["fake-bare-whole", "fake-adapter-k2-gaps"]["examples"] == 79
        assert pairs["fake-bare-whole", "fake-adapter-k2-whole"]["examples"] == 80

    def test_no_score_at_all(self, bench):
        failing = '[[adapters]]\nuse = "fake-bare"\nfail = "no luck"\n'
        bench.run(adapters=failing, exit_code=1)
        assert bench.lab.results()["analysis"] is None
        assert "no score by contains" in bench.refusal("runs/latest")

    def test_a_run_of_some_cells_needs_no_baseline(self, bench):
        bench.run("-k", "k2 or k4", analysis=QUICK + 'baseline = "fake-bare"\n')
        found = bench.compare()
        assert found["baseline"] == "fake-adapter-k2"
        assert "fake-bare, the suite's baseline, was not run" in found["notes"]


class TestBetweenRuns:
    BARE = '[[adapters]]\nuse = "fake-bare"\n'
    TWO = '[[adapters]]\nuse = "fake-adapter"\nk = 2\n'

    def test_methods_of_two_runs(self, bench):
        one = bench.run(adapters=self.BARE, metrics=metrics("right"))
        other = bench.run(adapters=self.TWO, metrics=metrics("right"))
        found = bench.compare(one, other)
        assert [row["run"] for row in found["methods"]] == [one.name, other.name]
        assert against(found)["fake-bare", "fake-adapter"]["verdict"] == "better"

    def test_a_method_of_both_is_called_by_its_run(self, bench):
        one = bench.run(adapters=self.BARE, metrics=metrics("right"))
        other = bench.run(adapters=SWEEP, metrics=metrics("right"))
        names = set(by_method(bench.compare(one, other)))
        assert names == {
            f"{one.name}/fake-bare", f"{other.name}/fake-bare", "fake-adapter-k2", "fake-adapter-k4"
        }  # fmt: skip

    def test_runs_of_one_name_in_two_places(self, bench):
        run = bench.run(adapters=self.BARE, metrics=metrics("right"))
        places = [bench.lab.path / name / "same" for name in ("here", "there")]
        for place in places:
            shutil.copytree(run, place)
        found = bench.compare(*places)
        assert set(by_method(found)) == {"here/same/fake-bare", "there/same/fake-bare"}
        assert found["differences"][0]["ties"] == 40

    def test_a_run_that_is_given_twice_counts_once(self, bench):
        run = bench.run(metrics=metrics("right"))
        assert bench.compare("runs/latest", run) == bench.compare(run)

    def test_what_the_suite_names_is_of_its_own_run(self, bench):
        analysis = QUICK + 'baseline = "fake-bare"\n'
        one = bench.run(analysis=analysis, metrics=metrics("right"))
        other = bench.run(analysis=analysis, metrics=metrics("right"))
        assert bench.compare(one, other)["baseline"] == f"{one.name}/fake-bare"
        assert bench.compare(other, one)["baseline"] == f"{other.name}/fake-bare"
        named = bench.compare(one, other, f"--baseline={other.name}/fake-bare")
        assert named["baseline"] == f"{other.name}/fake-bare"
        message = bench.refusal(one, other, "--baseline", "fake-bare")
        assert 'the baseline "fake-bare" fits' in message

    def test_methods_are_chosen_by_their_names_in_their_runs(self, bench):
        model = '[[models]]\nname = "{}"\nengine = "fake"\n\n'
        models = model.format("a") + model.format("b")
        runs = [bench.run(adapters=self.BARE, models=models) for _ in range(2)]
        found = bench.compare(*runs, "--method=fake-bare-b")
        assert set(by_method(found)) == {f"{run.name}/fake-bare-b" for run in runs}

    def test_seeds_that_differ(self, bench):
        one = bench.run("--seed", "1", "--seed", "2", "--seed", "3", metrics=metrics("right"))
        other = bench.run("--seed", "1", "--seed", "2", metrics=metrics("right"))
        names = [f"{run.name}/fake-adapter-k2" for run in (one, other)]
        found = bench.compare(one, other, *(f"--method={name}" for name in names))
        assert [row["seeds"] for row in found["methods"]] == [3, 2]
        assert f"{names[0]}: seeds 1, 2, 3; {names[1]}: seeds 1, 2; " in "\n".join(found["notes"])
        (row,) = found["differences"]
        assert row["difference"] is not None

    def test_another_metric_that_was_not_scored_alike_is_left_out(self, bench):
        lax = "\nignore-case = true\n"
        one = bench.run(metrics=metrics("right", "wrong", "contains"))
        other = bench.run(metrics=metrics("right", "wrong") + metrics("contains").strip() + lax)
        assert set(by_method(bench.compare(one))["fake-bare"]["others"]) == {"wrong", "contains"}
        found = bench.compare(one, other)
        assert all(set(row["others"]) == {"wrong"} for row in found["methods"])
        (note,) = [note for note in found["notes"] if "left out" in note]
        assert note.startswith("contains is left out: contains.ignore-case: ")

    def test_ratings_of_two_runs_are_not_put_side_by_side(self, bench):
        duel = '[[comparisons]]\nuse = "fake-duel"\njudge = "parrot"\n'
        runs = [bench.run(comparisons=duel) for _ in range(2)]
        alone, both = bench.compare(runs[0]), bench.compare(*runs)
        assert by_method(alone)["fake-bare"]["ratings"] == {"fake-duel share": "0.00"}
        assert all(row["ratings"] == {} for row in both["methods"])
        assert "ratings of several runs have no common scale: not shown" in both["notes"]


class TestRefused:
    def test_other_examples(self, bench):
        one = bench.run("--limit", "8")
        other = bench.run("--limit", "4")
        message = bench.refusal(one, other)
        assert "error: these methods cannot be compared:\n" in message
        first = f"{one.name}/fake-adapter-k2"
        assert f"number of evaluated examples: {first} 8, {other.name}/fake-adapter-k2 4" in message
        assert "evaluated examples (SHA-256): " in message
        assert message.count("number of evaluated examples") == 1

    def test_another_split(self, bench):
        one, other = (
            bench.run(adapters=TestBetweenRuns.BARE, evaluate=f'[evaluate]\nsplit = "{split}"\n')
            for split in ("test", "train")
        )
        assert "split: " in (message := bench.refusal(one, other))
        assert ' "test", ' in message
        assert ' "train"\n' in message

    def test_another_normalisation(self, bench):
        one = bench.run(metrics='[[metrics]]\nuse = "contains"\n')
        other = bench.run(metrics='[[metrics]]\nuse = "contains"\nignore-case = true\n')
        message = bench.refusal(one, other)
        assert "contains.ignore-case: " in message
        assert " false, " in message
        assert " true\n" in message

    def test_another_metric_of_the_same_name(self, bench):
        one = bench.run(metrics='[[metrics]]\nuse = "right"\nname = "score"\n')
        other = bench.run(metrics='[[metrics]]\nuse = "wrong"\nname = "score"\n')
        message = bench.refusal(one, other)
        assert "metric: " in message
        assert "direction: " in message

    def test_other_money(self, bench):
        model = (
            '[[models]]\nname = "parrot"\nengine = "fake"\n'
            'prices = {{ input = 1.0, output = 1.0, currency = "{}" }}\n'
        )
        runs = [bench.run(models=model.format(currency)) for currency in ("USD", "EUR")]
        assert ' "USD", ' in (message := bench.refusal(*runs))
        assert "currency: " in message

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (["--baseline", "lora"], 'no method "lora"\n  methods: fake-adapter-k2, '),
            (["--method", "lora*"], 'no method "lora*"'),
            (["--baseline", "fake-*"], "fits fake-adapter-k2, fake-adapter-k4, fake-bare"),
            (["--metric", "f2"], "no score by f2\n  scores: contains\n  add one: evalkit score"),
            (["--replicates", "9"], "--replicates"),
            (["--replicates", "1000001"], "--replicates"),
            (["--meaningful-difference", "nan"], "a finite number is needed"),
            (["--meaningful-difference", "inf"], "a finite number is needed"),
            (["--meaningful-difference", "0"], "--meaningful-difference"),
            (["--format", "xml"], "--format"),
        ],
    )
    def test_what_the_user_can_get_wrong(self, bench, args, message):
        bench.run()
        assert message in bench.refusal("runs/latest", *args)

    def test_no_run(self, bench):
        assert "no run folder" in bench.refusal("runs/none")

    def test_long_texts_are_shown_from_where_they_part(self):
        long = "The same words over and over. " * 5
        found = [method(name, instruction=long + name) for name in ("one", "other")]
        with pytest.raises(UserError) as caught:
            check_comparable(found, "f1")
        shown = 'instruction: one ...rds over and over. one", other ...rds over and over. other"'
        assert shown in caught.value.message

    def test_every_other_value_is_named_once(self):
        found = [method(name, split=split) for name, split in zip("abcd", "xyyz", strict=True)]
        with pytest.raises(UserError) as caught:
            check_comparable(found, "f1")
        assert 'split: a "x", b "y"\n' in (text := caught.value.message + "\n")
        assert 'split: a "x", d "z"\n' in text
        assert text.count("split") == 2

    def test_a_method_without_scores_is_in_nobodys_way(self):
        failed = method("failed")
        failed.cells[0]["scores"].clear()
        check_comparable([method("done"), failed], "f1")


def method(name, **task):
    facts = {
        "use": "t", "params": {}, "split": "test", "examples": 3, "instruction": "Do it.",
        "evaluation_sha256": "0", **task,
    }  # fmt: skip
    score = {"use": "f1", "headline": "f1", "direction": "higher", "params": {}}
    cell = {"id": name, "method": name, "seed": 1, "scores": {"f1": score}}
    results = {"task": facts}
    return Method(name=name, adapter=name, cells=(cell,), results=results, folder=None)


class TestRunFolders:
    """What is read is checked before it is believed."""

    @pytest.fixture
    def folder(self, bench):
        return bench.run(metrics=metrics("right", "contains"))

    def spoil(self, path, change):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(json.dumps(row) + "\n" for row in change(rows)))

    def first(self, **values):
        return lambda rows: [{**rows[0], **values}, *rows[1:]]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"values": {"right": float("nan")}}, "damaged: line 1 is no JSON object"),
            ({"values": {"right": float("inf")}}, "damaged: line 1 is no JSON object"),
            ({"values": {"right": "high"}}, "a score is not a number"),
            ({"values": {"right": None}}, "the score of test-0 is not a finite number"),
            ({"values": {}}, "a score has no 'right'"),
            ({"values": 1}, "a score is not a number"),
            ({"id": "test-1"}, "an example has two scores"),
            ({"values": {"right": 7}}, "these scores give 0."),
        ],
    )
    def test_a_score_that_is_none(self, bench, folder, change, message):
        path = folder / "scores" / "right" / "fake-adapter-k2.jsonl"
        self.spoil(path, self.first(**change))
        error = bench.refusal(folder)
        assert f"error: {path}: " in error
        assert message in error

    def test_an_influence_that_is_none(self, bench, folder):
        path = folder / "scores" / "contains" / "fake-adapter-k2.jsonl"
        self.spoil(path, self.first(influence=float("nan")))
        message = bench.refusal(folder, "--metric", "contains")
        assert f"error: {path}: damaged: line 1 is no JSON object" in message

    def test_scores_that_were_cut_off(self, bench, folder):
        path = folder / "scores" / "right" / "fake-bare.jsonl"
        self.spoil(path, lambda rows: rows[:-1])
        assert f"{path}: damaged: 39 scores, but 40 answers" in bench.refusal(folder)

    @pytest.mark.parametrize("text", ["{", "[1]\n", "\udcff", "null\n"])
    @pytest.mark.parametrize("name", ["scores/right/fake-bare.jsonl", "examples.jsonl"])
    def test_a_file_that_is_no_jsonl(self, bench, folder, name, text):
        (folder / name).write_bytes(text.encode(errors="surrogateescape"))
        assert f"error: {folder / name}: damaged: " in bench.refusal(folder)

    def test_an_example_that_was_never_evaluated(self, bench, folder):
        self.spoil(folder / "examples.jsonl", lambda rows: rows[1:])
        message = bench.refusal(folder)
        assert "test-0 has a score, but is no evaluated example" in message

    @pytest.mark.parametrize("name", ["scores", "examples.jsonl"])
    def test_a_folder_of_an_older_version(self, bench, folder, name):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        message = bench.refusal(folder)
        assert f"error: {path}" in message
        assert "cannot be read: No such file or directory" in message
        assert "of an older version: run the suite again: finished jobs are reused" in message

    @pytest.mark.parametrize(
        ("tables", "message"),
        [
            ({"analysis": {"pears": "all"}}, "pears: Extra inputs are not permitted"),
            ({"analysis": 3}, "damaged: tables.analysis: expected object"),
            ({"expect": 3}, "damaged: no tables of a suite"),
            (None, "damaged: tables: expected object"),
        ],
    )
    def test_a_manifest_that_says_something_else(self, bench, folder, tables, message):
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text())
        path.write_text(json.dumps({**manifest, "tables": tables}))
        assert f"{path}: {message}" in bench.refusal(folder)

    def test_results_are_read_as_they_are_where_a_seed_is_missing(self, folder):
        (first, *_) = read_methods([folder, folder])
        assert (first.name, first.own_name, first.seeds) == (
            "fake-adapter-k2", "fake-adapter-k2", (1,)
        )  # fmt: skip


class TestMetrics:
    """A ratio that is not the headline would make every interval wrong."""

    def test_a_ratio_that_gives_another_figure(self, bench):
        bench.run(metrics=metrics("liar"), exit_code=1)
        message = bench.refusal("runs/latest")
        assert "these scores give 1, but results.json has 0.5" in message
        assert "the metric's `ratio` is not its headline" in message
        assert bench.lab.results()["analysis"] is None

    def test_a_score_that_is_not_a_number(self, bench):
        bench.run(metrics=metrics("nan"), exit_code=1)
        message = bench.refusal("runs/latest")
        assert "no score by nan" in message
        assert (
            "fake-adapter-k2: cell fake-adapter-k2 failed: Nan.score gives right = nan" in message
        )

    def test_a_figure_that_is_not_a_number(self, bench):
        bench.run(metrics=metrics("nantotal"))
        for row in bench.compare()["methods"]:
            assert row["value"] is None
            assert row["undefined"] == (
                f"undefined, because NanTotal.aggregate gives nan for cell {row['method']}"
            )
        assert all(row["difference"] is None for row in bench.compare()["differences"])

    def test_a_figure_that_the_metric_leaves_undefined(self, bench):
        bench.run(metrics=metrics("silent"))
        for row in bench.compare()["methods"]:
            assert row["undefined"] == (
                f"undefined, because silent gives no figure for cell {row['method']}"
            )

    def test_a_ratio_of_what_scores_do_not_have(self, bench):
        bench.run(metrics=metrics("vague"), exit_code=1)
        assert "damaged: a score has no 'left'" in bench.refusal("runs/latest")


class TestKept:
    """The same is not analysed twice, and nothing else is taken for the same."""

    RESULTS = dict.fromkeys(("task", "models", "comparisons", "currency")) | {"cells": []}

    def made(self, folder, **asked):
        calls = []

        def make():
            calls.append(1)
            return {"analysis": {"methods": [{"method": "m", "run": "another"}]}}

        found = kept_or_made(folder, self.RESULTS, asked, make)
        assert found == {"analysis": {"methods": [{"method": "m", "run": folder.name}]}}
        return bool(calls)

    def test_by_what_it_was_made_of(self, tmp_path):
        folder = tmp_path / "runs" / "one"
        path = folder / "scores" / "f1" / "a.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text('{"id": "x", "values": {"f1": 1}}\n')
        assert self.made(folder)
        assert not self.made(folder)
        assert self.made(folder, baseline="b")
        path.write_text('{"id": "y", "values": {"f1": 1}}\n')
        assert self.made(folder)
        shutil.copytree(folder, folder.with_name("two"))
        assert not self.made(folder.with_name("two"))


def test_expectations_without_a_comparison_are_not_met():
    (one,) = unjudged([ExpectKeys(adapter="a", min=0.5, metric="f1")], "no luck")
    assert one == {
        "name": "a: f1 min 0.5", "method": "a", "metric": "f1", "met": False, "detail": "no luck"
    }  # fmt: skip
