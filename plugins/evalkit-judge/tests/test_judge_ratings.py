"""Ratings against published and independently computed figures, and where they are undefined."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit_judge.ratings import (
    BASE,
    ELO_PER_LOGIT,
    Tally,
    Units,
    online_elo,
    position_effect,
    rate,
)
from evalkit_judge.ratings.bradley_terry import BradleyTerry
from evalkit_judge.ratings.likelihood import PRIOR_DEVIATION, Likelihood
from evalkit_judge.ratings.sandwich import sandwich
from evalkit_judge.ratings.units import gather

ELO = {"abs": 1e-3, "rel": 0}
THETA = {"abs": 1e-5, "rel": 0}


def units(size, rows):
    """Units from rows of (a, b, score of a, cluster)."""
    a, b, score, cluster = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Units(
        a=np.array(a), b=np.array(b), score=np.array(score), cluster=cluster, contestants=size
    )


def games(size, *results):
    """(a, b, wins, losses, ties), each game an example of its own."""
    kinds = [
        (a, b, score)
        for a, b, wins, losses, ties in results
        for score, count in ((1.0, wins), (0.0, losses), (0.5, ties))
        for _ in range(count)
    ]
    return units(size, [(*kind, cluster) for cluster, kind in enumerate(kinds)])


def elo(data, **options):
    return rate(data, replicates=0, **options).elo


def fitted(data):
    likelihood = Likelihood(BradleyTerry(), gather(data))
    return likelihood, likelihood.fit(likelihood.sample.total(), likelihood.start(1))


def hc0(data, contrasts):
    covariance = sandwich(*fitted(data), small_sample=False)
    return [ELO_PER_LOGIT * math.sqrt(c @ covariance @ c) for c in np.asarray(contrasts)]


FOUR = games(4, (0, 1, 2, 3, 0), (0, 3, 1, 4, 0), (1, 2, 5, 3, 0), (2, 3, 1, 3, 0))
T = games(3, (0, 1, 6, 2, 2), (0, 2, 7, 1, 2), (1, 2, 5, 3, 2))
SEPARABLE = games(3, (0, 1, 5, 0, 0), (0, 2, 5, 0, 0), (1, 2, 3, 2, 0))
SIX = units(
    3,
    [
        (a, b, score, example)
        for (a, b), scores in {
            (0, 1): [1, 1, 0.5, 0, 1, 1],
            (0, 2): [1, 1, 1, 0.5, 1, 0],
            (1, 2): [0, 1, 0.5, 1, 1, 0.5],
        }.items()
        for example, score in enumerate(scores)
    ],
)


def test_four_contestants_of_whom_not_all_met():
    _, fit = fitted(FOUR)
    assert fit.at[0] == pytest.approx([-0.446545, 0.042403, -0.415803, 0.819946], **THETA)
    ratings = rate(FOUR, replicates=0)
    assert ratings.elo == pytest.approx((1422.427, 1507.366, 1427.768, 1642.439), **ELO)
    assert not ratings.regularised
    assert hc0(FOUR, np.eye(4)) == pytest.approx([94.562, 84.193, 91.753, 108.395], **ELO)


def test_the_prior_draws_ratings_together():
    likelihood, fit = fitted(FOUR)
    precision = np.full((1, 4), PRIOR_DEVIATION**-2)
    theta = likelihood.maximise(likelihood.sample.total(), precision, fit.at)[0]
    expected = [1426.243, 1510.788, 1432.016, 1630.953]
    assert BASE + ELO_PER_LOGIT * theta == pytest.approx(expected, **ELO)


def test_ties_count_as_halves():
    assert elo(T) == pytest.approx((1628.650, 1474.098, 1397.252), **ELO)
    assert hc0(T, np.eye(3)) == pytest.approx([51.200, 48.774, 49.761], **ELO)
    assert rate(T, replicates=0).difference(0, 1)[0] == pytest.approx(154.552, **ELO)
    assert hc0(T, [[1, -1, 0]]) == pytest.approx([86.744], **ELO)


def test_hc0_is_the_clustered_error_but_for_the_small_sample_factor():
    se = np.array(rate(T, replicates=0).se)
    assert se * math.sqrt(29 / 30) == pytest.approx(hc0(T, np.eye(3)), **ELO)


def test_davidson_makes_ties_an_outcome_of_their_own():
    ratings = rate(T, model="davidson", replicates=0)
    theta = (np.array(ratings.elo) - BASE) / ELO_PER_LOGIT
    assert theta == pytest.approx([0.972684, -0.196219, -0.776465], **THETA)
    assert ratings.fits[0].nu == pytest.approx(0.596910, **THETA)
    assert ratings.fits[0].log_likelihood == pytest.approx(-27.87964, **THETA)
    assert not ratings.regularised


def test_a_separable_table_needs_the_prior():
    ratings = rate(SEPARABLE, replicates=20)
    assert ratings.regularised
    assert ratings.prior_share == 1
    assert ratings.elo == pytest.approx((1869.371, 1345.747, 1284.881), **ELO)


def test_errors_are_clustered_by_example():
    ratings = rate(SIX, replicates=0)
    assert ratings.elo == pytest.approx((1628.995, 1478.335, 1392.670), **ELO)
    assert ratings.se == pytest.approx((80.428, 71.205, 70.196), **ELO)
    assert ratings.difference(0, 1) == pytest.approx((150.659, 134.722), **ELO)
    assert ratings.difference(1, 0) == pytest.approx((-150.659, 134.722), **ELO)
    assert ratings.difference(2, 2) == (0, 0)


def test_the_advantage_of_being_shown_first():
    shown = [(0, 1, 14, 6), (1, 0, 9, 11), (0, 2, 16, 4), (2, 0, 7, 13), (1, 2, 13, 7)]
    effect = position_effect(games(3, *((*row, 0) for row in [*shown, (2, 1, 10, 10)])))
    assert effect.theta == pytest.approx((0.504078, -0.072125, -0.431953), **THETA)
    assert effect.delta == pytest.approx(0.335683, **THETA)
    assert effect.likelihood_ratio == pytest.approx(3.0031, abs=1e-4)
    # A normal variable exceeds the root of it, on either side, so often.
    assert effect.p_value == pytest.approx(math.erfc(math.sqrt(3.0031 / 2)), abs=1e-5)


@pytest.mark.parametrize(
    "data",
    [
        games(2, (0, 1, 3, 2, 0)),  # one order only: strength and position are one
        games(2, (0, 1, 3, 0, 0), (1, 0, 2, 0, 0)),  # the first shown always wins
        games(3, (0, 1, 3, 2, 0), (1, 0, 2, 2, 0)),  # one met nobody
        games(4, (0, 1, 3, 2, 0), (1, 0, 2, 2, 0), (2, 3, 1, 1, 0), (3, 2, 2, 1, 0)),
        games(1),
    ],
)
def test_the_effect_of_position_may_be_undetermined(data):
    assert position_effect(data) is None


def test_two_contestants_follow_the_definition_of_elo():
    # Ten times the odds are 400 Elo, shared evenly around 1500.
    assert elo(games(2, (0, 1, 10, 1, 0))) == pytest.approx((1700, 1300), **ELO)


def test_groups_that_never_met_are_rated_apart():
    ratings = rate(games(5, (0, 2, 3, 1, 0), (1, 3, 1, 1, 0)), replicates=50)
    assert ratings.groups == ((0, 2), (1, 3), (4,))
    assert ratings.elo[0] + ratings.elo[2] == pytest.approx(2 * BASE)
    assert ratings.elo[1] == pytest.approx(BASE)
    assert not ratings.regularised
    assert ratings.difference(0, 1) == (None, None)
    assert np.isnan(ratings.covariance[0, 1])
    assert {rank for i in range(4) for rank in (ratings.rank_low[i], ratings.rank_high[i])} <= {
        1,
        2,
    }


def test_who_met_nobody_has_no_rating_and_a_reason():
    ratings = rate(games(3, (0, 1, 3, 1, 0)), replicates=50)
    undefined = (ratings.elo, ratings.se, ratings.low, ratings.high, ratings.rank_low)
    assert [values[2] for values in undefined] == [None] * 5
    assert ratings.reasons == (None, None, "it met nobody")


@pytest.mark.parametrize("model", ["bradley-terry", "davidson"])
@pytest.mark.parametrize("size", [0, 1, 2])
def test_nobody_met(size, model):
    ratings = rate(games(size), model=model)
    assert ratings.elo == ratings.se == ratings.high == ratings.rank_high == (None,) * size
    assert ratings.prior_share is None
    assert not ratings.regularised


@pytest.mark.parametrize("model", ["bradley-terry", "davidson"])
def test_all_ties_are_equal_ratings_without_an_error(model):
    ratings = rate(games(3, (0, 1, 0, 0, 4), (1, 2, 0, 0, 3)), model=model, replicates=50)
    assert ratings.elo == pytest.approx((BASE,) * 3)
    assert ratings.se == ratings.low == ratings.rank_low == (None,) * 3
    assert all("do not vary" in reason for reason in ratings.reasons)
    assert ratings.difference(0, 2) == (pytest.approx(0, abs=1e-6), None)
    assert ratings.fits[0].nu is None


def test_one_example_gives_ratings_without_an_error():
    ratings = rate(units(3, [(0, 1, 1, 7), (1, 2, 0.5, 7), (0, 2, 0, 7)]), replicates=50)
    assert None not in ratings.elo
    assert ratings.se == ratings.low == ratings.rank_high == (None,) * 3
    assert ratings.difference(1, 1) == (0, 0)
    assert all("one example only" in reason for reason in ratings.reasons)


def test_without_replicates_there_are_errors_but_no_intervals():
    ratings = rate(SIX, replicates=0)
    assert None not in ratings.se
    assert ratings.low == ratings.high == ratings.rank_low == (None,) * 3
    assert ratings.prior_share is None


def test_davidson_without_ties_comes_close_to_bradley_terry():
    ratings = rate(FOUR, model="davidson", replicates=0)
    assert ratings.elo == pytest.approx(elo(FOUR), abs=5)
    assert ratings.regularised
    assert ratings.fits[0].nu is None


def test_a_score_between_is_shared_out():
    three = games(2, (0, 1, 2, 1, 2))
    shared = units(
        2, [(0, 1, 0.75, 0), (0, 1, 0.75, 1), (0, 1, 1, 2), (0, 1, 0.25, 3), (0, 1, 0.25, 4)]
    )
    assert elo(shared) == pytest.approx(elo(three))
    davidson = rate(shared, model="davidson", replicates=0)
    # 2 wins, 1 loss and 2 ties either way, if halves of them are added up.
    assert davidson.elo == pytest.approx(elo(three, model="davidson"))


def test_a_long_lopsided_chain_still_converges():
    chain = games(6, *((i, i + 1, 4000, 0, 1) for i in range(5)))
    step = ELO_PER_LOGIT * np.log(8001)
    assert np.diff(elo(chain)) == pytest.approx([-step] * 5, abs=1e-2)


def test_an_anchor_is_certain_and_the_others_are_seen_from_it():
    free, anchored = rate(SIX, replicates=200), rate(SIX, replicates=200, anchor=1)
    assert (anchored.elo[1], anchored.se[1], anchored.low[1], anchored.high[1]) == (
        BASE,
        0,
        BASE,
        BASE,
    )
    for other in (0, 2):
        difference, error = free.difference(other, 1)
        assert anchored.elo[other] == pytest.approx(BASE + difference)
        assert anchored.se[other] == pytest.approx(error)
        assert anchored.low[other] < anchored.elo[other] < anchored.high[other]
    assert anchored.difference(0, 2) == pytest.approx(free.difference(0, 2))


def test_an_anchor_moves_its_own_group_only():
    data = games(4, (0, 1, 3, 1, 0), (2, 3, 1, 2, 0))
    free, anchored = (rate(data, replicates=0, anchor=anchor) for anchor in (None, 0))
    assert anchored.elo[0] == BASE
    assert anchored.elo[2:] == free.elo[2:]


def tallies(*order):
    counts = {"AB": (0, 1, 6, 2, 2), "AC": (0, 2, 7, 1, 2), "BC": (1, 2, 5, 3, 2)}
    return [
        Tally(a=a, b=b, wins=wins, losses=losses, draws=draws, size=10)
        for a, b, wins, losses, draws in (counts[pair] for pair in order)
    ]


def test_the_studys_elo_depends_on_the_order_of_pairs():
    forward = online_elo(3, tallies("AB", "AC", "BC"))
    assert forward == pytest.approx((1515.155942, 1496.684101, 1488.159956), abs=1e-6)
    backward = online_elo(3, tallies("BC", "AC", "AB"))
    assert backward == pytest.approx((1515.018440, 1497.096333, 1487.885228), abs=1e-6)


def test_the_studys_elo_keeps_failures_in_the_denominator():
    first = Tally(a=0, b=1, wins=6, losses=2, draws=0, size=10)
    assert online_elo(3, [first, *tallies("AC", "BC")])[0] == pytest.approx(1515.265375, abs=1e-6)


GOOD = {"a": [0, 0], "b": [1, 2], "score": [1.0, 0.5], "cluster": [0, 1], "contestants": 3}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"score": [1.0, math.nan]}, r"score\[1\] = nan: must be a number in \[0, 1\]"),
        ({"score": [1.5, 0.5]}, r"score\[0\] = 1\.5"),
        ({"score": [-0.1, 0.5]}, r"score\[0\] = -0\.1"),
        ({"a": [0, 3]}, r"a\[1\] = 3: must be in 0 \.\. 2"),
        ({"b": [-1, 2]}, r"b\[0\] = -1"),
        ({"b": [1, 0]}, r"b\[1\] = 0: is also a"),
        ({"b": [1.0, 2.0]}, "b must be whole numbers"),
        ({"cluster": [0]}, "one value for each unit"),
        ({"score": [[1.0, 0.5]]}, "one value for each unit"),
        ({"contestants": 0}, r"a\[0\] = 0"),
    ],
)
def test_bad_units_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Units(**{**GOOD, **wrong})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "elo"}, "unknown model 'elo'; there are: bradley-terry, davidson"),
        ({"anchor": 3}, r"anchor = 3: must be in 0 \.\. 2"),
        ({"anchor": -1}, "anchor = -1"),
        ({"replicates": -1}, "replicates = -1"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        rate(T, **options)


SCORES = st.sampled_from([0.0, 1 / 6, 0.25, 0.5, 0.75, 5 / 6, 1.0])


@st.composite
def comparisons(draw):
    """Up to five contestants, and rows of (a, b, score of a, example)."""
    size = draw(st.integers(2, 5))
    pairs = st.sampled_from(list(itertools.combinations(range(size), 2)))
    row = st.tuples(pairs, SCORES, st.integers(0, 7))
    found = draw(st.lists(row, min_size=1, max_size=40))
    return size, [(a, b, score, example) for (a, b), score, example in found]


MODELS = st.sampled_from(["bradley-terry", "davidson"])


@settings(deadline=None, max_examples=60)
@given(comparisons(), st.randoms(use_true_random=False), MODELS)
def test_order_sides_and_names_of_examples_do_not_matter(table, random, model):
    size, rows = table
    names = random.sample(range(100), 8)
    moved = [
        (b, a, 1 - score, names[example])
        if random.random() < 0.5
        else (a, b, score, names[example])
        for a, b, score, example in random.sample(rows, len(rows))
    ]
    plain, other = (rate(units(size, r), model=model, replicates=30) for r in (rows, moved))
    assert other == plain
    assert np.array_equal(other.covariance, plain.covariance, equal_nan=True)


@settings(deadline=None, max_examples=60)
@given(comparisons(), st.randoms(use_true_random=False), MODELS)
def test_names_of_contestants_do_not_matter(table, random, model):
    size, rows = table
    new = random.sample(range(size), size)
    renamed = units(size, [(new[a], new[b], score, example) for a, b, score, example in rows])
    plain, other = (rate(data, model=model, replicates=0) for data in (units(size, rows), renamed))
    assert [other.elo[i] for i in new] == [x if x is None else near(x) for x in plain.elo]
    assert [other.se[i] for i in new] == [x if x is None else near(x) for x in plain.se]


def near(figure):
    return pytest.approx(figure, abs=1e-4, rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(comparisons())
def test_ratings_explain_the_points(table):
    """At the maximum, each contestant's expected points are those that it has."""
    size, rows = table
    ratings = rate(units(size, rows), replicates=0)
    if ratings.regularised:
        return
    for i, own in enumerate(ratings.elo):
        met = [(b, score) if a == i else (a, 1 - score) for a, b, score, _ in rows if i in (a, b)]
        expected = sum(1 / (1 + 10 ** ((ratings.elo[j] - own) / 400)) for j, _ in met)
        assert expected == pytest.approx(sum(score for _, score in met), abs=1e-6)
