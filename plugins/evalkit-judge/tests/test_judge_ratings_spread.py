"""Bootstrap, ranks, and whether 95% intervals cover what they should."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy.special import expit

from evalkit_judge.ratings import ELO_PER_LOGIT, Units, rate
from evalkit_judge.ratings.bootstrap import bootstrap
from evalkit_judge.ratings.bradley_terry import BradleyTerry
from evalkit_judge.ratings.likelihood import Likelihood
from evalkit_judge.ratings.spread import ranks
from evalkit_judge.ratings.units import gather

THETA = np.array([0.3, 0.0, -0.3])
FIRST, SECOND = np.array([0, 0, 1]), np.array([1, 2, 2])
DEPENDENCE = 0.2


def contest(examples, seed):
    """Three contestants of known strength on examples that sway all of an example's verdicts.

    An example raises or lowers the chances of whoever stands first, all by as much: chances over
    all examples are those of the strengths, but verdicts on one example are alike.
    """
    random = np.random.default_rng(seed)
    sway = DEPENDENCE * random.choice([-1, 1], size=(examples, 1))
    chance = expit(THETA[FIRST] - THETA[SECOND]) + sway
    score = (random.random((examples, 3)) < chance).astype(float)
    return Units(
        a=np.tile(FIRST, examples),
        b=np.tile(SECOND, examples),
        score=score.ravel(),
        cluster=np.repeat(np.arange(examples), 3),
        contestants=3,
    )


def test_the_bootstrap_and_the_sandwich_agree():
    ratings = rate(contest(400, seed=1), replicates=2000, seed=2)
    for low, high, se in zip(ratings.low, ratings.high, ratings.se, strict=True):
        assert (high - low) / (2 * 1.96) == pytest.approx(se, rel=0.06)


def test_clusters_make_the_error_larger_than_that_of_units_alone():
    data = contest(400, seed=1)
    alone = Units(a=data.a, b=data.b, score=data.score, cluster=np.arange(len(data)), contestants=3)
    clustered, independent = (rate(d, replicates=0).difference(0, 2)[1] for d in (data, alone))
    assert clustered > 1.1 * independent


def test_replicates_are_fits_of_examples_that_count_more_than_once():
    data = contest(6, seed=4)
    likelihood = Likelihood(BradleyTerry(), gather(data))
    fit = likelihood.fit(likelihood.sample.total(), likelihood.start(1))
    drawn = bootstrap(likelihood, fit.at, replicates=40, seed=0)
    again = bootstrap(likelihood, fit.at, replicates=15, seed=0)
    assert np.array_equal(drawn.theta[:15], again.theta)
    possible = np.array(list(refits(data, examples=6)))
    apart = np.abs(drawn.theta[:, None, :] - possible[None]).max(axis=2).min(axis=1)
    assert apart.max() < 1e-8


def refits(data, examples):
    """Strengths for all ways in which so many examples can be drawn with replacement."""
    for drawn in combinations_with_replacement(range(examples), examples):
        rows = np.concatenate([np.flatnonzero(data.cluster == example) for example in drawn])
        chosen = Units(
            a=data.a[rows],
            b=data.b[rows],
            score=data.score[rows],
            cluster=np.arange(len(rows)),
            contestants=3,
        )
        elo = rate(chosen, replicates=0).elo
        yield (np.array(elo) - 1500) / ELO_PER_LOGIT


def test_replicates_without_a_maximum_are_counted():
    # Of four games, a draw of four leaves the only loss out, or takes nothing else, so often.
    share = 0.75**4 + 0.25**4
    one_loss = Units(
        a=np.zeros(4, dtype=int),
        b=np.ones(4, dtype=int),
        score=np.array([1.0, 1.0, 1.0, 0.0]),
        cluster=np.arange(4),
        contestants=2,
    )
    ratings = rate(one_loss, replicates=4000)
    assert ratings.prior_share == pytest.approx(share, abs=0.03)
    assert not ratings.regularised


def test_the_seed_decides_the_intervals():
    data = contest(30, seed=5)
    one, same, other = (rate(data, replicates=100, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.low != other.low


def test_ranks_are_what_the_intervals_leave_open():
    low = np.array([1600.0, 1450.0, 1440.0, 1300.0])
    high = np.array([1700.0, 1550.0, 1460.0, 1400.0])
    best, worst = ranks(np.stack([low, high]))
    assert best.tolist() == [1, 2, 2, 4]
    assert worst.tolist() == [1, 3, 3, 4]


def test_intervals_that_touch_leave_the_ranks_open():
    best, worst = ranks(np.array([[1500.0, 1400.0], [1600.0, 1500.0]]))
    assert (best.tolist(), worst.tolist()) == ([1, 1], [2, 2])


def test_without_an_interval_there_is_no_rank():
    assert np.isnan(ranks(np.array([[1500.0, np.nan], [1600.0, np.nan]]))).all()


TRUE = ELO_PER_LOGIT * (THETA[0] - THETA[2])


@pytest.mark.slow
def test_sandwich_intervals_cover_a_known_difference():
    covered = []
    for seed in range(5000):
        difference, error = rate(contest(100, seed), replicates=0).difference(0, 2)
        covered.append(abs(difference - TRUE) < 1.96 * error)
    assert 0.93 <= np.mean(covered) <= 0.97


@pytest.mark.slow
def test_bootstrap_intervals_cover_a_known_difference():
    covered = []
    for seed in range(5000):
        ratings = rate(contest(100, seed), replicates=1000, seed=seed, anchor=2)
        covered.append(ratings.low[0] - 1500 < TRUE < ratings.high[0] - 1500)
    assert 0.93 <= np.mean(covered) <= 0.97
