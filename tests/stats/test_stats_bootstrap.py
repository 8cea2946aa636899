"""Replicates and the intervals of them."""

import numpy as np
import pytest

from evalkit.errors import UserError
from evalkit.stats import bootstrap
from evalkit.stats.bootstrap import (
    Sampling,
    acceleration,
    bca,
    draw,
    half_width,
    jackknife,
    jackknife_error,
    percentile,
    replicate,
)
from evalkit.stats.clusters import by_source, independent
from evalkit.stats.scores import Scores

EIGHT = independent(8)
MANY = Sampling(replicates=99_999)


def difference(pair, of, clusters=EIGHT, *rest):
    baseline, method = (of(scores, clusters, *rest) for scores in pair)
    return method - baseline


class TestWorkedExample:
    def test_intervals(self, means):
        baseline, method = replicate(means, EIGHT, MANY)
        gains, left_out = method - baseline, difference(means, jackknife)
        assert percentile(gains, half_width(0.95)) == pytest.approx((0.008, 0.636), abs=0.003)
        assert bca(gains, 0.307738, left_out, half_width(0.95)) == pytest.approx(
            (0.033, 0.657), abs=0.004
        )

    def test_acceleration(self, means):
        found = acceleration(difference(means, jackknife))
        assert found == pytest.approx(0.029002, abs=1e-6)

    def test_jackknife_errors(self, means, ratios):
        assert jackknife_error(difference(ratios, jackknife)) == pytest.approx(0.144884, abs=1e-6)
        assert jackknife_error(difference(means, jackknife)) == pytest.approx(0.171851, abs=1e-6)


def test_every_draw_has_as_many_units():
    counts = draw(np.random.default_rng(0), 50, 7)
    assert counts.shape == (50, 7)
    assert (counts.sum(axis=1) == 7).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(7), abs=0.5)


def test_methods_are_resampled_alike(pair):
    one, other, again = replicate([*pair, pair[0]], EIGHT, Sampling(replicates=200))
    assert (one == again).all()
    assert not (one == other).all()


def test_a_method_is_resampled_alike_in_any_company(pair):
    """A table's figures, differences and advice are made by calls of their own, on these draws."""
    sampling = Sampling(replicates=199, seed=5)
    together = replicate(pair, EIGHT, sampling)
    alone = [replicate([one], EIGHT, sampling)[0] for one in pair]
    assert together == pytest.approx(np.stack(alone), abs=1e-12)


def test_the_same_seed_draws_the_same_and_another_does_not(pair):
    one, same, other = (
        replicate(pair, EIGHT, Sampling(replicates=200, seed=seed)) for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert not (one == other).all()


def test_blocks_that_fit_the_memory_change_nothing(pair, monkeypatch):
    whole = replicate(pair, EIGHT, Sampling(replicates=999))
    monkeypatch.setattr(bootstrap, "_BLOCK", 100)
    assert (replicate(pair, EIGHT, Sampling(replicates=999)) == whole).all()


def test_clusters_are_resampled_whole():
    scores = Scores.of([0.0, 0.0, 1.0, 1.0])
    clusters = by_source([["a"], ["a"], ["b"], ["b"]])
    found = replicate([scores], clusters, Sampling(replicates=500))
    assert set(found[0].tolist()) == {0.0, 0.5, 1.0}


def test_seeds_vary_in_replicates_as_much_as_their_mean_does():
    seeds = np.array([0.1, 0.3, 0.8])
    scores = Scores.of(np.repeat(seeds[:, None], 20, axis=1))
    found = replicate([scores], independent(20), MANY)
    assert found.var() == pytest.approx(seeds.var(ddof=1) / 3, rel=0.02)
    assert found.mean() == pytest.approx(0.4, abs=0.003)


def test_replicates_without_a_denominator_are_undefined():
    found = replicate([Scores.of([1.0, 0.0], [1, 0])], independent(2), Sampling(replicates=400))
    assert np.isnan(found).mean() == pytest.approx(0.25, abs=0.07)
    assert not np.isnan(jackknife(Scores.of([1.0, 1.0], [1, 1]), independent(2))).any()


class TestDegenerate:
    def test_no_replicate_on_one_side(self):
        assert bca(np.linspace(1, 2, 99), 0.5, np.arange(9.0), 1.96) is None

    def test_no_unit_changes_anything(self):
        assert np.isnan(acceleration(np.ones(9)))
        assert bca(np.linspace(0, 1, 99), 0.5, np.ones(9), 1.96) is None

    def test_a_jackknife_that_is_undefined(self):
        assert bca(np.linspace(0, 1, 99), 0.5, np.array([1.0, np.nan, 2.0]), 1.96) is None

    def test_a_correction_beyond_the_replicates(self):
        left_out = np.array([0.0] + [1.0] * 9999)
        replicates = np.r_[np.zeros(3), np.full(9996, 2.0)]
        assert bca(replicates, 1.0, left_out, 1.96) is None

    def test_a_correction_beyond_all_probabilities(self):
        left_out = np.array([1.0] + [0.0] * 9999)
        replicates = np.r_[np.full(3, 2.0), np.zeros(9996)]
        assert bca(replicates, 1.0, left_out, 3.0) is None


def test_percentiles_of_9999_are_the_250th_from_either_end():
    assert percentile(np.arange(1, 10_000) / 1.0, half_width(0.95)) == pytest.approx((250, 9750))


def test_few_clusters_reach_further():
    assert half_width(0.95) == pytest.approx(1.959964)
    assert half_width(0.95, 39) == pytest.approx(2.022691, abs=1e-6)


def test_too_few_replicates_are_refused():
    with pytest.raises(UserError, match="replicates: 10"):
        Sampling(replicates=10)
