"""Estimates and differences as they are reported, undefined cases included."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import UserError
from evalkit.stats.bootstrap import Sampling
from evalkit.stats.clusters import by_source, independent
from evalkit.stats.compare import compare_all, compare_methods
from evalkit.stats.estimate import estimate, estimate_all, joint_replicates
from evalkit.stats.scores import Scores
from evalkit.stats.verdict import Interval, verdict_of

QUICK = Sampling(replicates=499)
N = 120
ALONE = independent(N)
CHAIN = by_source([{str(i), str(i + 1)} for i in range(N)])


def noise(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape or (N,))


def compare(baseline, method, clusters=ALONE, **options):
    options = {"meaningful": 0.02, "sampling": QUICK} | options
    return compare_methods(baseline, method, clusters, **options)


def same(one, other):
    """Whether intervals are the same, but for the order in which sums were made."""
    ends = [(interval.low, interval.high) for interval in (one, other)]
    return one.method == other.method and ends[0] == pytest.approx(ends[1], abs=1e-12)


class TestWorkedExample:
    def test_macro(self, means):
        found = compare(*means, independent(8))
        assert found.value == pytest.approx(0.307738, abs=1e-6)
        assert found.error == pytest.approx(0.171851, abs=1e-6)
        assert found.effect == pytest.approx(0.633118, abs=1e-6)
        assert found.value / found.error == pytest.approx(1.790729, abs=1e-6)
        assert (found.significance.p, found.interval.method) == (0.125, "t")
        assert (found.tally.wins, found.tally.ties, found.tally.losses) == (4, 2, 2)

    def test_micro(self, ratios):
        found = compare(*ratios, independent(8))
        assert found.value == pytest.approx(0.136302, abs=1e-6)
        assert found.error == pytest.approx(0.133578, abs=1e-6)
        assert found.significance.p == pytest.approx(0.34375)

    def test_clusters(self, means):
        found = compare(*means, by_source([[name] for name in "00112233"]))
        assert found.error == pytest.approx(0.085799, abs=1e-6)
        assert found.interval.high == pytest.approx(0.307738 + 3.182446 * 0.085799, abs=1e-5)
        assert found.notes == (
            "seed variance not estimated",
            "interval by t with 3.0 degrees of freedom, as there are only 4 clusters",
        )


class TestEstimate:
    def test_a_figure_lies_in_its_interval(self, pair):
        for method in pair:
            found = estimate(method, independent(8))
            assert found.interval.low < found.value < found.interval.high
            assert (found.sample.examples, found.sample.clusters, found.sample.seeds) == (8, 8, 1)

    def test_of_30_clusters_or_more_is_by_the_bootstrap(self):
        found = [estimate(Scores.of(noise(1, n)), independent(n)).interval for n in (29, 30)]
        assert [interval.method for interval in found] == ["t", "BCa"]

    def test_of_a_proportion_is_wilsons(self):
        found = estimate(Scores.of([1] * 81 + [0] * 182), independent(263), sampling=QUICK)
        assert found.interval.method == "Wilson"
        assert found.interval.low == pytest.approx(0.2553, abs=5e-5)

    def test_of_a_perfect_score_has_an_interval_and_no_error(self):
        found = estimate(Scores.of(np.ones(29)), independent(29))
        assert (found.value, found.error, found.interval.high) == (1.0, None, 1.0)
        assert found.interval.low == pytest.approx(0.8830, abs=5e-5)
        assert found.notes[0].startswith("standard error undefined, because all examples give the")

    def test_of_few_right_or_wrong_answers_is_not_said_to_be_by_t(self):
        found = estimate(Scores.of([1, 0, 1, 1]), independent(4), sampling=QUICK)
        assert found.interval.method == "Wilson"
        assert found.notes == ("seed variance not estimated",)

    def test_of_a_proportion_that_no_seed_changes_is_wilsons_too(self):
        for right in (0, 81, 263):
            answers = [1] * right + [0] * (263 - right)
            once, thrice = (
                estimate(Scores.of([answers] * seeds), independent(263), sampling=QUICK)
                for seeds in (1, 3)
            )
            assert thrice.interval.method == "Wilson"
            assert thrice.interval == once.interval

    def test_tells_the_deviation_between_seeds(self):
        seeds = noise(5, 40, 1)
        found = estimate(Scores.of(seeds + noise(6, 1, N)), ALONE, sampling=QUICK)
        assert found.seed_deviation == pytest.approx(seeds.std(ddof=1))
        assert estimate(Scores.of(noise(6)), ALONE, sampling=QUICK).seed_deviation is None

    def test_without_a_denominator_is_undefined(self):
        found = estimate(Scores.of(np.zeros(N), np.zeros(N)), ALONE, sampling=QUICK)
        assert (found.value, found.error, found.interval) == (None, None, None)
        assert found.notes == ("undefined, because the denominators of all examples add up to 0",)

    def test_rare_denominators_fall_back_to_t(self):
        above, below = np.zeros(N), np.zeros(N)
        above[:2], below[:3] = 1, 1
        found = estimate(Scores.of(above, below), ALONE, sampling=QUICK)
        assert found.interval.method == "t"
        assert "leave the figure undefined" in found.notes[-1]


class TestRightOrWrong:
    def test_is_compared_by_mcnemar(self):
        one, other = np.zeros(N), np.zeros(N)
        one[:2], other[2:12] = 1, 1
        found = compare(Scores.of(one), Scores.of(other)).significance
        assert found.method == "exact McNemar"
        assert found.p == pytest.approx(0.038574, abs=1e-6)

    def test_seeds_that_change_nothing_count_once(self):
        one, other = np.zeros((3, N)), np.zeros((3, N))
        one[:, :2], other[:, 2:12] = 1, 1
        found = compare(Scores.of(one), Scores.of(other)).significance
        assert found.method == "exact McNemar"
        assert found.p == pytest.approx(0.038574, abs=1e-6)

    def test_ties_everywhere_have_a_p_of_1(self):
        found = compare(Scores.of(np.ones(N)), Scores.of(np.ones(N)))
        assert (found.significance.p, found.interval, found.verdict) == (1, None, None)

    def test_in_clusters_whole_clusters_are_swapped(self):
        clusters = by_source([[str(i // 2)] for i in range(N)])
        found = compare(Scores.of(np.zeros(N)), Scores.of([1, 0, 0] * 40), clusters)
        assert found.significance.method == "approximate randomisation"


class TestUndefined:
    def test_clusters_that_all_give_the_same(self):
        clusters = by_source([[str(i // 2)] for i in range(80)])
        found = compare(Scores.of(np.zeros(80)), Scores.of([1, 0] * 40), clusters)
        assert (found.value, found.interval, found.verdict, found.needed) == (0.5, None, None, None)
        assert "all clusters give the same" in found.notes[0]

    def test_seeds_that_only_swap_within_clusters(self):
        clusters = by_source([[name] for name in "0011"])
        seeds = Scores.of([[1, 0, 1, 0], [0, 1, 0, 1]])
        found = compare(Scores.of(np.zeros((2, 4))), seeds, clusters)
        assert (found.value, found.interval) == (0.5, None)

    @pytest.mark.parametrize(
        ("count", "clusters", "reason"),
        [
            (1, independent(1), "one example only"),
            (4, by_source([["a"]] * 4), "one cluster only"),
        ],
    )
    def test_too_little_to_tell(self, count, clusters, reason):
        found = compare(Scores.of(np.zeros(count)), Scores.of(noise(1, count)), clusters)
        assert found.value is not None
        assert reason in found.notes[0]
        undefined = (found.error, found.interval, found.narrow, found.significance)
        assert undefined == (None,) * 4
        assert (found.verdict, found.detectable, found.needed) == (None,) * 3

    def test_ties_everywhere(self):
        same = Scores.of(noise(1))
        found = compare(same, same)
        assert (found.value, found.error, found.interval, found.effect) == (0, None, None, None)
        assert (found.verdict, found.significance.p, found.tally.ties) == (None, 1.0, N)
        assert "all examples give the same" in found.notes[0]

    def test_a_difference_without_a_spread(self):
        scores = noise(1)
        found = compare(Scores.of(scores), Scores.of(scores + 0.1))
        assert found.value == pytest.approx(0.1)
        assert (found.error, found.verdict, found.effect) == (None, None, None)

    def test_a_figure_without_a_denominator(self):
        found = compare(Scores.of(noise(1)), Scores.of(np.zeros(N), np.zeros(N)))
        assert (found.value, found.interval, found.significance) == (None, None, None)
        assert (found.tally.wins, found.tally.ties, found.tally.losses) == (0, 0, 0)

    def test_one_seed_says_what_it_does_not_know(self):
        assert compare(Scores.of(noise(1)), Scores.of(noise(2))).notes == (
            "seed variance not estimated",
        )


class TestSeeds:
    def test_are_compared_one_by_one(self):
        seeds, example = noise(1, 3, 1), noise(2, 3, N)
        baseline = Scores.of(np.repeat(seeds, N, axis=1))
        found = compare(baseline, Scores.of(baseline.numerator + example / 10))
        assert found.error < 0.05
        assert found.sample.seeds == 3

    def test_of_ones_own_are_not(self):
        baseline = Scores.of(noise(1, 3, 1) + noise(2, 3, N))
        method = Scores.of(noise(3, 2, 1) + noise(4, 2, N))
        found = compare(baseline, method)
        assert found.value == pytest.approx(method.value() - baseline.value())
        assert (found.sample.seeds, found.interval.method) == (2, "t")
        assert "few seeds were drawn" in found.notes[0]
        assert found.significance.method == "t"

    def test_interval_and_test_agree(self):
        for shift in np.linspace(0, 3, 13):
            baseline = Scores.of(noise(1, 3, 1) + noise(2, 3, N))
            found = compare(baseline, Scores.of(noise(3, 3, 1) + noise(4, 3, N) + shift))
            excluded = found.interval.low > 0 or found.interval.high < 0
            assert excluded == (found.significance.p < 0.05)

    def test_that_change_nothing_change_nothing(self):
        one, other = noise(1), noise(2)
        single = compare(Scores.of(one), Scores.of(other))
        three = compare(Scores.of(np.tile(one, (3, 1))), Scores.of(np.tile(other, (3, 1))))
        assert same(three.interval, single.interval)
        assert three.significance == single.significance
        assert three.notes == ()

    def test_that_vary_too_much_are_said_to(self):
        baseline = Scores.of(noise(1, 3, 1) + noise(2, 1, N))
        found = compare(baseline, Scores.of(noise(3, 3, 1) + noise(2, 1, N)))
        assert found.needed is None
        assert "only more of them" in found.notes[-1]


class TestOverlap:
    def test_is_told_and_widens(self):
        wave = np.convolve(noise(1, N + 1), [1, 1], "valid")
        alone, chained = (
            compare(Scores.of(np.zeros(N)), Scores.of(wave), clusters)
            for clusters in (ALONE, CHAIN)
        )
        assert chained.sample.design_effect > 1.5
        widths = [one.interval.high - one.interval.low for one in (alone, chained)]
        assert widths[1] > 1.2 * widths[0]
        assert chained.sample.clusters == int(N**2 / (N + 2 * (N - 1)))
        assert "hang together" in chained.notes[-1]

    def test_makes_chance_differences_more_likely(self):
        wave = np.convolve(noise(1, N + 1), [1, 1], "valid") + 0.2
        alone, chained = (
            compare(Scores.of(np.zeros(N)), Scores.of(wave), clusters).significance.p
            for clusters in (ALONE, CHAIN)
        )
        assert chained > alone


class TestManyMethods:
    def test_are_compared_as_they_would_be_alone(self):
        methods = [Scores.of(noise(seed)) for seed in range(4)]
        pairs = [(0, 1), (0, 2), (3, 1)]
        together = compare_all(methods, pairs, ALONE, meaningful=0.1, sampling=QUICK)
        for (baseline, method), found in zip(pairs, together, strict=True):
            alone = compare(methods[baseline], methods[method], meaningful=0.1)
            assert same(found.interval, alone.interval)
            assert same(found.narrow, alone.narrow)
            ends = {"interval": None, "narrow": None}
            assert replace(found, **ends) == replace(alone, **ends)

    def test_are_estimated_as_they_would_be_alone(self):
        methods = [Scores.of(noise(seed)) for seed in range(3)]
        together = estimate_all(methods, ALONE, sampling=QUICK)
        for method, found in zip(methods, together, strict=True):
            alone = estimate(method, ALONE, sampling=QUICK)
            assert same(found.interval, alone.interval)
            assert replace(found, interval=None) == replace(alone, interval=None)

    def test_vary_together_as_their_errors_say(self):
        methods = [Scores.of(np.convolve(noise(s, N + 1), [1, 1], "valid")) for s in (1, 2)]
        for clusters in (ALONE, CHAIN):
            found = joint_replicates(methods, clusters, sampling=Sampling(replicates=20_000))
            errors = [one.error for one in estimate_all(methods, clusters, sampling=QUICK)]
            assert max(found.std(axis=1) / errors) >= 0.98
            values = [method.value() for method in methods]
            assert found.mean(axis=1) == pytest.approx(values, abs=0.01)

    def test_may_be_none(self):
        assert compare_all([Scores.of(noise(1))], [], ALONE, meaningful=0.1, sampling=QUICK) == []

    def test_on_other_examples_are_refused(self):
        with pytest.raises(UserError, match=r"numbers of examples differ: \[3, 120\]"):
            compare(Scores.of([1, 2, 3]), Scores.of(noise(1)))
        with pytest.raises(UserError, match="numbers of examples differ"):
            estimate(Scores.of([1, 2, 3]), ALONE)


@given(st.integers(0, 1000), st.floats(-1, 1))
@settings(max_examples=30, deadline=None)
def test_the_other_way_round_everything_is_mirrored(seed, shift):
    one, other = Scores.of(noise(seed)), Scores.of(noise(seed + 5000) + shift)
    ahead, back = compare(one, other), compare(other, one)
    assert ahead.value == -back.value
    assert ahead.significance == back.significance
    assert (ahead.tally.wins, ahead.tally.losses) == (back.tally.losses, back.tally.wins)
    assert ahead.interval.low == pytest.approx(-back.interval.high, abs=1e-6)
    lower = compare(one, other, higher_is_better=False)
    opposite = {"better": "worse", "worse": "better"}
    words = ahead.verdict.split(", ")
    assert lower.verdict == ", ".join([opposite.get(words[0], words[0]), *words[1:]])


def test_the_needed_number_of_examples_matches_what_is_detectable():
    found = compare(Scores.of(noise(1)), Scores.of(noise(2)), meaningful=0.02)
    assert found.needed == pytest.approx(N * (found.detectable / 0.02) ** 2, abs=1)
    assert compare(Scores.of(noise(1)), Scores.of(noise(2)), meaningful=0).needed is None


@pytest.mark.parametrize("meaningful", [-0.1, np.nan, np.inf])
def test_a_meaningful_difference_is_a_number(meaningful):
    with pytest.raises(UserError, match="minimum meaningful difference"):
        compare(Scores.of(noise(1)), Scores.of(noise(2)), meaningful=meaningful)


@pytest.mark.parametrize(
    ("wide", "narrow", "verdict"),
    [
        ((0.03, 0.09), (0.04, 0.08), "better"),
        ((-0.09, -0.03), (-0.08, -0.04), "worse"),
        ((-0.021, 0.019), (-0.019, 0.018), "equivalent"),
        ((0.001, 0.019), (0.002, 0.018), "equivalent"),
        ((0.001, 0.05), (0.002, 0.04), "better, maybe trivial"),
        ((-0.05, -0.001), (-0.04, -0.002), "worse, maybe trivial"),
        ((-0.05, 0.05), (-0.04, 0.04), "inconclusive"),
        ((0.0, 0.05), (0.01, 0.04), "inconclusive"),
        ((0.02, 0.05), (0.021, 0.04), "better, maybe trivial"),
        ((-0.03, 0.01), (-0.02, 0.0), "inconclusive"),
    ],
)
def test_verdicts(wide, narrow, verdict):
    intervals = [
        Interval(low=low, high=high, level=level, method="t")
        for (low, high), level in ((wide, 0.95), (narrow, 0.90))
    ]
    assert verdict_of(*intervals, 0.02) == verdict
    mirrored = [
        Interval(low=-one.high, high=-one.low, level=one.level, method="t") for one in intervals
    ]
    assert verdict_of(*mirrored, 0.02, higher_is_better=False) == verdict
