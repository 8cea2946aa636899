"""Many comparisons, proportions, and plans for more examples."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import UserError
from evalkit.stats.holm import benjamini_hochberg, holm
from evalkit.stats.power import Noise, detectable_difference, sample_size
from evalkit.stats.proportions import mcnemar, wilson

FAMILY = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06]
ps = st.lists(st.floats(0, 1), min_size=1, max_size=12)


class TestFamilies:
    def test_the_worked_example(self):
        assert holm(FAMILY) == pytest.approx([0.006, 0.04, *[0.156] * 4])
        assert benjamini_hochberg(FAMILY) == pytest.approx([0.006, 0.024, *[0.0504] * 3, 0.06])

    @given(ps)
    @settings(max_examples=50)
    def test_holm_lies_between_none_and_bonferroni(self, family):
        for p, adjusted, milder in zip(
            family, holm(family), benjamini_hochberg(family), strict=True
        ):
            assert p - 1e-12 <= milder <= adjusted + 1e-12
            assert adjusted <= min(1, p * len(family)) + 1e-12 or adjusted <= max(holm(family))

    @given(ps, st.randoms(use_true_random=False))
    @settings(max_examples=50)
    def test_the_order_of_the_family_changes_nothing(self, family, random):
        order = random.sample(range(len(family)), len(family))
        shuffled = holm([family[index] for index in order])
        assert shuffled == pytest.approx([holm(family)[index] for index in order])

    def test_comparisons_without_a_test_do_not_count(self):
        assert holm([0.01, None, 0.04]) == [0.02, None, 0.04]
        assert holm([None]) == [None]
        assert holm([]) == []

    @pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
    def test_what_is_no_probability_is_refused(self, p):
        with pytest.raises(UserError, match="p-value"):
            holm([0.5, p])


class TestProportions:
    def test_the_worked_example(self):
        found = mcnemar(10, 2)
        figures = (found.exact, found.mid, found.statistic, found.approximate)
        assert figures == pytest.approx((0.038574, 0.022461, 4.083333, 0.043308), abs=1e-6)

    def test_methods_that_never_disagree_do_not_differ(self):
        found = mcnemar(0, 0)
        assert (found.exact, found.statistic, found.approximate) == (1.0, None, None)

    def test_equal_disagreement_is_no_evidence(self):
        found = mcnemar(5, 5)
        assert (found.exact, found.mid, found.statistic) == (1.0, 1.0, 0.0)

    def test_wilson_stays_within_bounds(self):
        # Source: Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81/263, 0/20, 29/29
        assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
        assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
        assert wilson(29, 29) == pytest.approx((0.8830, 1.0), abs=5e-5)

    def test_impossible_counts_are_refused(self):
        with pytest.raises(UserError):
            mcnemar(-1, 2)
        for counts in [(1, 0), (3, 2), (0, 0), (-1, 5)]:
            with pytest.raises(UserError):
                wilson(*counts)


class TestPower:
    @pytest.mark.parametrize(("repeats", "size"), [(1, 3876), (10, 1260), (float("inf"), 969)])
    def test_repeated_answers_save_examples(self, repeats, size):
        noise = Noise(between=1 / 9, answers=(1 / 6, 1 / 6), repeats=(repeats, repeats))
        assert sample_size(noise, 0.03) == size

    def test_the_worked_example(self):
        noise = Noise(between=0.25**2)
        assert detectable_difference(noise, 200) == pytest.approx(0.0495, abs=5e-5)
        assert sample_size(noise, 0.02) == 1227

    def test_clusters_need_more_examples(self):
        assert sample_size(Noise(between=0.25**2, design_effect=2), 0.02) == 2453

    @given(st.floats(0.01, 1), st.integers(10, 10_000))
    @settings(max_examples=50)
    def test_size_and_difference_are_inverse(self, deviation, size):
        noise = Noise(between=deviation**2)
        assert sample_size(noise, detectable_difference(noise, size)) in (size, size + 1)

    def test_nonsense_is_refused(self):
        with pytest.raises(UserError, match="no number of examples"):
            sample_size(Noise(between=1), 0)
        with pytest.raises(UserError, match="at least one"):
            detectable_difference(Noise(between=1), 0)
        for wrong in [{"between": -1}, {"between": 1, "repeats": (0, 1)}]:
            with pytest.raises(UserError, match="variances are 0 or more"):
                Noise(**wrong)
