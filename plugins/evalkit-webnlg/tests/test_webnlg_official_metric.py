"""The metric ``webnlg-official``: what a corpus scores, and what the core relies on."""

import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from evalkit import DataError
from evalkit.testing import MetricContract
from evalkit_webnlg.hooks import evalkit_metrics
from evalkit_webnlg.official.metric import WebnlgOfficial
from evalkit_webnlg.params import WebnlgOfficialParams

A = ["Ada Lovelace", "bornIn", "London"]
B = ["Ada Lovelace", "knew", "Charles Babbage"]
SWAPPED = ["London", "bornIn", "Ada Lovelace"]
SCORES = ("type", "partial", "strict", "exact")


def metric(**params):
    return WebnlgOfficial(WebnlgOfficialParams(**params))


def figures(*pairs):
    """The figures of (target, value) pairs."""
    made = metric()
    return made.aggregate([made.score(target, value) for target, value in pairs])


class Contract(MetricContract):
    def examples(self):
        return [([A, B], [B, A, A]), ([A, B], [["Ada", "bornIn", "Londyn"]]), ([A], [["Ada"]])]

    def empty(self):
        return []


class TestStrict(Contract):
    def make(self):
        return metric()


class TestType(Contract):
    def make(self):
        return metric(headline="type")


class TestPartial(Contract):
    def make(self):
        return metric(headline="partial")


class TestExact(Contract):
    def make(self):
        return metric(headline="exact")


@pytest.mark.parametrize("score", SCORES)
def test_the_headline_is_the_ratio_that_is_declared(score):
    made = metric(headline=score)
    scores = [made.score([A, B], [A]), made.score([A], [SWAPPED]), made.score([B], [])]
    (above, _), (below, _) = *made.ratio.numerator.items(), *made.ratio.denominator.items()
    expected = sum(one[above] for one in scores) / sum(one[below] for one in scores)
    assert made.aggregate(scores)[f"{score}_f1"] == pytest.approx(expected)
    assert made.headline == f"{score}_f1"


def test_strict_is_the_headline_because_exact_forgives_an_exchange():
    found = figures(([A], [SWAPPED]))
    assert found["exact_f1"] == 1
    assert found["strict_f1"] == pytest.approx(1 / 3)
    assert metric().headline == "strict_f1"


@pytest.mark.parametrize("value", [[A], [A, ["a", "b", "c"], ["d", "e", "f"]]])
def test_a_missing_or_superfluous_triple_is_a_zero_in_every_mean(value):
    found = figures(([A, B], value))
    slots = max(2, len(value))
    for score in SCORES:
        for rate in ("precision", "recall", "f1"):
            assert found[f"{score}_{rate}"] == pytest.approx(1 / slots)


def test_f1_is_the_mean_of_f1_and_not_made_of_precision_and_recall():
    found = figures(([A], [A]), ([["a b c", "rel", "cc"]], [["a x c", "rel", "cc"]]))
    assert found["type_precision"] == pytest.approx(0.75)
    assert found["type_recall"] == pytest.approx(1)
    assert found["type_f1"] == pytest.approx((1 + 2 / 3) / 2)


def test_examples_weigh_by_their_triples():
    found = figures(([A, B], [A, B]), ([A], []))
    assert found["strict_f1"] == pytest.approx(2 / 3)


def test_the_ceiling_is_what_the_targets_would_get():
    quoted = ["Ada", "wrote", '"Notes"']
    found = figures(([quoted], []), ([A, B], []))
    assert [found[f"ceiling_{score}_f1"] for score in SCORES] == pytest.approx([8 / 9] * 4)
    assert found["strict_f1"] == 0
    perfect = figures(([quoted], [quoted]), ([A, B], [B, A]))
    for score in SCORES:
        assert perfect[f"{score}_f1"] == pytest.approx(found[f"ceiling_{score}_f1"])


@pytest.mark.parametrize(
    ("target", "value", "crashes"),
    [
        ([A], [["Ada", "bornIn"]], 1),
        ([A], [["Ada Lovelace", "bornIn", "London", "1815"]], 0),
        ([A], [A, ["Ada Lovelace", "knew", "Babbage", "1833"]], 1),
        ([A], [["Ada was born in London"]], 0),
        ([A], [A, ["Ada was born in London"]], 1),
        ([], [["Ada was born in London"]], 1),
        ([["b a c b", "p", "o"]], [["a b", "p", "o"]], 1),
        ([["b a c b", "p", "o"], A], [A, ["a b", "p", "o"]], 1),
        ([A, B], [A, B], 0),
        ([A], [], 0),
    ],
)
def test_where_the_official_script_would_crash_there_is_a_flag_and_a_score(target, value, crashes):
    found = figures((target, value))
    assert found["crashes"] == crashes
    assert all(found[f"{score}_f1"] is not None for score in SCORES)


def test_lines_without_three_parts():
    found = figures(([A, B], [[*A, "1815"], ["Ada Lovelace", "knew"], ["nothing"]]))
    assert found["malformed_rate"] == 1
    assert found["strict_f1"] == pytest.approx(1 / 3)  # a fourth part is left out


def test_full_triples_are_compared_as_they_are_written_in_lower_case():
    lower = [part.lower() for part in A]
    spaced = ["ada lovelace", "born in", "london"]
    assert figures(([A], [lower]))["full_f1"] == 1
    assert figures(([A], [spaced]))["full_f1"] == 0
    assert figures(([A], [spaced]))["strict_f1"] == 1


def test_full_triples_are_averaged_over_distinct_triples():
    found = figures(([A], [A, A]), ([A], [A]), ([B], [SWAPPED]))
    assert found["full_precision"] == pytest.approx(1 / 3)
    assert found["full_recall"] == pytest.approx(1 / 3)
    assert found["full_f1"] == pytest.approx(1 / 3)
    missed = figures(([A], [A]), ([A], [B]))
    assert missed["full_precision"] == pytest.approx((1 + 0) / 2)
    assert missed["full_recall"] == pytest.approx((1 / 2 + 0) / 2)
    assert missed["full_f1"] == pytest.approx((2 / 3 + 0) / 2)


def test_full_triples_agree_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    triples = [["a", "p", x] for x in "uvwxyz"]
    pairs = [
        (triples[:3], triples[1:4]),
        (triples[2:4], [triples[2], triples[2]]),
        (triples[4:5], triples[:1]),
        (triples[:1], []),
    ]
    sides = [
        [[" | ".join(t) for t in side] for side in column] for column in zip(*pairs, strict=True)
    ]
    binarizer = preprocessing.MultiLabelBinarizer().fit([*sides[0], *sides[1]])
    wanted, given = map(binarizer.transform, sides)
    found = figures(*pairs)
    for rate in ("precision", "recall", "f1"):
        official = getattr(metrics, f"{rate}_score")
        expected = official(wanted, given, average="macro", zero_division=0)
        assert found[f"full_{rate}"] == pytest.approx(expected, abs=1e-12)


def test_what_there_is_nothing_of_is_undefined():
    assert set(figures().values()) == {None}
    nothing = figures(([], []))
    assert nothing.pop("crashes") == 0
    assert set(nothing.values()) == {None}


def test_a_target_without_triples_only_counts_the_answers():
    assert figures(([], [A]))["strict_f1"] == 0
    assert figures(([], [A]))["ceiling_strict_f1"] is None


@pytest.mark.parametrize("value", ["text", [A, "text"], [["a", "b", 3]], {"a": 1}, None])
def test_values_that_are_no_triples_are_refused(value):
    for target, answer in ((value, [A]), ([A], value)):
        with pytest.raises(DataError, match="webnlg-official cannot read"):
            metric().score(target, answer)


def test_an_unknown_headline_is_refused():
    with pytest.raises(ValidationError, match="headline"):
        WebnlgOfficialParams.model_validate_json(json.dumps({"headline": "full"}))


def test_it_is_registered_for_triples_and_named_without_its_libraries():
    (entry,) = evalkit_metrics()
    assert (entry.name, entry.answers) == ("webnlg-official", {"triples"})
    code = (
        "import sys, evalkit_webnlg.hooks, evalkit_webnlg.params, evalkit_webnlg.task;"
        "sys.exit(bool({'nltk', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
