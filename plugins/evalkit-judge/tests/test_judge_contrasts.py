"""Differences of ratings: how large, how sure, and whether they matter."""

import numpy as np
import pytest
from scipy.stats import t

from evalkit.testing import judge_with
from evalkit_judge.contrasts import contrasts
from evalkit_judge.ratings import Units, rate

from .judging import comparison, contest, perfect, right, values, written, wrong

NAMES = ("A", "B", "C")
SIX = {"AB": [1, 1, 0.5, 0, 1, 1], "AC": [1, 1, 1, 0.5, 1, 0], "BC": [0, 1, 0.5, 1, 1, 0.5]}
"""Six examples; A is 150.659 Elo above B, with a clustered error of 134.722."""


def rated(scores=SIX, contestants=3, **how):
    rows = [(pair, i, one) for pair, own in scores.items() for i, one in enumerate(own)]
    units = Units(
        a=np.array(["ABCD".index(pair[0]) for pair, _, _ in rows]),
        b=np.array(["ABCD".index(pair[1]) for pair, _, _ in rows]),
        score=np.array([score for _, _, score in rows], dtype=np.float64),
        cluster=np.array([i for _, i, _ in rows]),
        contestants=contestants,
    )
    return rate(units, **{"replicates": 0, **how})


def by_pair(found):
    return {one.contestant + one.against: one for one in found}


def told(ratings=None, names=NAMES, meaningful=20.0, validated=1.0):
    found = rated() if ratings is None else ratings
    return by_pair(contrasts(found, names, meaningful=meaningful, validated=validated))


def test_each_pair_once_the_later_against_the_earlier():
    assert list(told()) == ["BA", "CA", "CB"]


def test_the_interval_and_the_test_are_those_of_the_difference():
    one = told()["BA"]
    assert one.difference == pytest.approx(-150.659, abs=1e-3)
    assert one.se == pytest.approx(134.722, abs=1e-3)
    half = t.isf(0.025, 5) * one.se  # six examples
    assert (one.low, one.high) == pytest.approx((one.difference - half, one.difference + half))
    assert one.p == pytest.approx(2 * t.sf(150.659 / one.se, 5), rel=1e-4)
    assert one.undefined is None


def test_p_is_adjusted_over_all_pairs():
    found = sorted(told().values(), key=lambda one: one.p)
    assert found[0].p_adjusted == pytest.approx(min(1, 3 * found[0].p))
    assert all(one.p <= one.p_adjusted for one in found)


def test_an_anchor_changes_no_difference():
    free, anchored = told(), told(rated(anchor=1))
    for pair, one in free.items():
        assert anchored[pair].difference == pytest.approx(one.difference, abs=1e-6)
        assert anchored[pair].se == pytest.approx(one.se, rel=1e-6)


@pytest.mark.parametrize(
    ("meaningful", "verdict"),
    [(20.0, "worse"), (300.0, "worse, maybe trivial"), (2000.0, "equivalent")],
)
def test_the_verdict_is_against_what_matters(meaningful, verdict):
    mostly = {"AB": [1, 1, 1, 0.5] * 20, "BC": [0.5, 1, 0, 0.5] * 20}
    assert told(rated(mostly), meaningful=meaningful)["BA"].verdict == verdict


def test_too_few_examples_are_inconclusive():
    assert told()["CB"].verdict == "inconclusive"


def test_the_judge_marks_each_of_them():
    assert {one.validated for one in told(validated=0.0).values()} == {0.0}
    assert {one.validated for one in told(validated=None).values()} == {None}


def test_there_is_no_difference_across_groups():
    apart = rated({"AB": [1, 0, 1], "CD": [0, 1, 1]}, contestants=4)
    found = told(apart, names="ABCD")
    assert found["BA"].difference is not None
    assert found["CA"].difference is found["CA"].verdict is None
    assert found["CA"].undefined == "no verdicts link the two"
    assert found["CA"].p_adjusted is None


def test_one_that_met_nobody_has_none():
    found = told(rated({"AB": [1, 0, 1]}))
    assert found["CA"].undefined == "C has no rating: it met nobody"
    assert found["BA"].p_adjusted == found["BA"].p


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ({"AB": [1], "BC": [0.5], "AC": [1]}, "there is one example only"),
        ({"AB": [0.5] * 4, "BC": [0.5] * 4}, "the verdicts do not vary between examples"),
    ],
)
def test_without_an_error_there_is_no_verdict(scores, reason):
    for one in told(rated(scores)).values():
        assert one.difference is not None
        assert one.low is one.p is one.verdict is None
        assert one.undefined == reason


def test_the_errors_of_some_pair_alone_may_be_undefined():
    tied = {"AB": [0.5] * 4, "AC": [1, 0, 1, 0.5], "BC": [1, 0, 1, 0.5]}
    one = told(rated(tied))["BA"]
    assert one.difference == pytest.approx(0)
    assert one.undefined == "the verdicts do not vary between examples"


def test_the_comparison_tells_them():
    cells = {"x": wrong("old"), "y": lambda i: right(i) if i % 3 else wrong("new")(i)}
    result = judge_with(comparison(replicates=0), contest(examples=30, **cells), perfect)
    found = by_pair(result.contrasts)
    assert list(found) == ["yx", "goldx", "goldy"]
    elo = {name: own["elo"] for name, own in values(result).items()}
    assert found["yx"].difference == pytest.approx(elo["y"] - elo["x"])
    assert found["yx"].verdict == "better"
    assert found["yx"].validated is None  # without an audit
    assert result.details["meaningful_difference"] == 20


def test_online_ratings_have_no_errors():
    how = comparison("schema", compat="study")
    result = judge_with(how, contest(x=wrong("old"), y=wrong("new")), written)
    for one in result.contrasts:
        assert one.difference is not None
        assert (one.se, one.p, one.verdict) == (None, None, None)
        assert one.undefined == "online Elo knows no errors"


def test_nothing_is_rated_where_nothing_was_judged():
    result = judge_with(comparison(), contest(x=right, y=right), perfect)
    assert {own["elo"] for own in values(result).values()} == {None}
    assert "ratings are undefined, because nothing was judged" in result.notes
    assert "gold: no rating" in result.notes
    assert set(result.details["undefined"].values()) == {"nothing was judged"}
    assert result.contrasts[0].undefined == "y has no rating: nothing was judged"


def test_equal_answers_count_beside_judged_ones():
    result = judge_with(comparison(), contest(x=right, y=wrong("new")), perfect)
    elo = {name: own["elo"] for name, own in values(result).items()}
    assert elo["x"] == pytest.approx(elo["gold"])
    assert elo["x"] > elo["y"]
