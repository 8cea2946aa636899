"""What all metrics share: counting, the per-example parts, the averages."""

import math

import pytest

from evalkit import DataError
from evalkit_f1.exact import ExactF1
from evalkit_f1.fuzzy import FuzzyF1
from evalkit_f1.params import ExactF1Params, FuzzyF1Params, SlotFuzzyF1Params
from evalkit_f1.slot_fuzzy import SlotFuzzyF1

A = ["Ada", "born in", "London"]
B = ["Ada", "knew", "Babbage"]
METRICS = {
    "exact": ExactF1(ExactF1Params()),
    "fuzzy": FuzzyF1(FuzzyF1Params()),
    "slot-fuzzy": SlotFuzzyF1(SlotFuzzyF1Params()),
    "exact-study": ExactF1(ExactF1Params(compat="study")),
    "fuzzy-study": FuzzyF1(FuzzyF1Params(compat="study")),
}


@pytest.fixture(params=METRICS.values(), ids=METRICS)
def metric(request):
    return request.param


def test_both_empty_is_one(metric):
    parts = metric.score([], [])
    assert (parts["precision"], parts["recall"], parts["f1"]) == (1, 1, 1)


@pytest.mark.parametrize(("target", "value"), [([A], []), ([], [A])])
def test_one_empty_is_zero(metric, target, value):
    parts = metric.score(target, value)
    assert (parts["precision"], parts["recall"], parts["f1"]) == (0, 0, 0)


def test_the_target_itself_is_right(metric):
    parts = metric.score([A, B], [B, A])
    assert (parts["tp"], parts["precision"], parts["recall"], parts["f1"]) == (2, 1, 1, 1)


def test_every_part_is_counted_by_hand():
    value = [A, ["ADA", "bornIn", "London"], ["Ada", "knew"], ["Ada", "knew"], ["x", "y", "z"]]
    assert METRICS["exact"].score([A, B], value) == {
        "tp": 1,
        "predicted": 3,
        "reference": 2,
        "precision": 1 / 3,
        "recall": 1 / 2,
        "f1": 2 / 5,
        "malformed": 2,
        "duplicates": 2,
        "items": 5,
        "pair_tp": 1,
        "pair_predicted": 3,
        "pair_reference": 2,
    }


@pytest.mark.parametrize("name", ["exact", "fuzzy", "slot-fuzzy"])
@pytest.mark.parametrize("broken", [["Ada"], ["Ada", "born in"], [*A, "England"], []])
def test_a_malformed_item_never_matches_even_itself(name, broken):
    parts = METRICS[name].score([A, broken], [A, broken])
    assert (parts["tp"], parts["predicted"], parts["reference"]) == (1, 2, 2)
    assert parts["malformed"] == 1


@pytest.mark.parametrize("name", ["exact-study", "fuzzy-study"])
def test_the_study_compares_malformed_items_as_whole_strings(name):
    parts = METRICS[name].score([A, ["Ada"]], [A, ["Ada"]])
    assert (parts["tp"], parts["malformed"]) == (2, 1)


def test_a_malformed_item_is_no_duplicate_of_a_triple_that_reads_the_same():
    metric = ExactF1(ExactF1Params(normalization="text2kg"))
    parts = metric.score([A], [A, ["Ada", "born in London"]])
    assert (parts["tp"], parts["predicted"], parts["duplicates"]) == (1, 2, 0)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Ada", "'Ada'"),
        (["Ada | x | y"], "Ada | x | y"),
        ([["a", 1, "c"]], "1"),
        ([["a", ["b"], "c"]], "['b']"),
        ([["a", None]], "None"),
        ([A, {"subject": "Ada"}], "subject"),
    ],
)
@pytest.mark.parametrize("normalization", ["none", "default", "text2kg", "webnlg"])
def test_a_value_of_another_form_is_refused(metric, normalization, value, shown):
    kind = type(metric.params)
    metric = type(metric)(kind(normalization=normalization))
    for target, answer in [([A], value), (value, [A]), (value, value)]:
        with pytest.raises(DataError, match="list") as caught:
            metric.score(target, answer)
        assert shown in caught.value.message


def test_lists_and_tuples_are_the_same(metric):
    listed = metric.score([A, B], [B, A, B])
    assert metric.score((tuple(A), tuple(B)), (B, tuple(A), tuple(B))) == listed


# Two systems of a worked example: rows of (true positives, predicted, reference).
SYSTEM_A = [(2, 2, 2), (1, 2, 3), (0, 1, 1), (3, 3, 3), (1, 1, 2), (2, 4, 3), (0, 0, 1), (4, 5, 5)]
SYSTEM_B = [(2, 2, 2), (2, 2, 3), (1, 1, 1), (3, 3, 3), (1, 2, 2), (3, 3, 3), (1, 1, 1), (3, 5, 5)]


def triples(count, tag):
    return [["s", "p", f"{tag} {number}"] for number in range(count)]


@pytest.mark.parametrize(
    ("rows", "macro", "micro"), [(SYSTEM_A, 0.554762, 0.684211), (SYSTEM_B, 0.8625, 0.820513)]
)
def test_macro_and_micro_of_the_worked_example(rows, macro, micro):
    metric = METRICS["exact"]
    scores = [
        metric.score(
            triples(tp, "right") + triples(reference - tp, "missed"),
            triples(tp, "right") + triples(predicted - tp, "wrong"),
        )
        for tp, predicted, reference in rows
    ]
    assert [(s["tp"], s["predicted"], s["reference"]) for s in scores] == rows
    figures = metric.aggregate(scores)
    assert figures["macro_f1"] == pytest.approx(macro, abs=5e-7)
    assert figures["micro_f1"] == pytest.approx(micro, abs=5e-7)


def test_precision_recall_and_rates_of_a_small_cell():
    metric = METRICS["exact"]
    figures = metric.aggregate(
        [metric.score([A, B], [A]), metric.score([A], [B, B, ["Ada"]]), metric.score([], [])]
    )
    assert figures == pytest.approx(
        {
            "macro_precision": 2 / 3,
            "macro_recall": 1 / 2,
            "macro_f1": 5 / 9,
            "micro_precision": 1 / 3,
            "micro_recall": 1 / 3,
            "micro_f1": 1 / 3,
            "malformed_rate": 1 / 4,
            "duplicate_rate": 1 / 4,
            "pair_macro_f1": 5 / 9,
            "pair_micro_f1": 1 / 3,
        }
    )


def test_without_scores_everything_is_undefined(metric):
    figures = metric.aggregate([])
    assert set(figures) == set(metric.aggregate([metric.score([A], [A])]))
    assert set(figures.values()) == {None}


def test_without_items_the_rates_are_undefined_and_f1_is_not():
    figures = METRICS["exact"].aggregate([METRICS["exact"].score([], [])])
    assert (figures["malformed_rate"], figures["duplicate_rate"]) == (None, None)
    assert (figures["macro_f1"], figures["micro_f1"]) == (1, 1)


def test_the_headline_follows_the_average_and_is_among_the_figures(metric):
    micro = ExactF1(ExactF1Params(average="micro"))
    assert (metric.headline, micro.headline) == ("macro_f1", "micro_f1")
    assert micro.headline in micro.aggregate([])


@pytest.mark.parametrize("average", ["macro", "micro"])
def test_the_ratio_is_that_of_the_headline(average):
    for cls, params in [
        (ExactF1, ExactF1Params),
        (FuzzyF1, FuzzyF1Params),
        (SlotFuzzyF1, SlotFuzzyF1Params),
    ]:
        ratio = cls(params(average=average)).ratio
        if average == "macro":
            assert (ratio.numerator, ratio.denominator) == ({"f1": 1}, {})
        else:
            assert (ratio.numerator, ratio.empty) == ({"tp": 2}, 1)
            assert ratio.denominator == {"predicted": 1, "reference": 1}


def test_parts_are_finite(metric):
    parts = metric.score([A, ["Ada"]], [B, B, []])
    assert all(math.isfinite(part) for part in parts.values())
