"""Cost, latency, and which method to take."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import UserError
from evalkit.stats.cost import (
    Costs,
    Tokens,
    break_even,
    break_even_interval,
    endpoint_cost,
    hosted_cost,
    quality_adjusted,
)
from evalkit.stats.latency import latency, ranks
from evalkit.stats.pareto import front, front_shares, recommend

PROMPT = Tokens(fresh=2400, output=120), Tokens(fresh=0.15, output=0.60)
TUNED = Tokens(fresh=400, output=110), Tokens(fresh=0.30, output=1.20)


class TestCost:
    def test_of_an_endpoint(self):
        per_thousand = [1000 * endpoint_cost(*one, successful=1) for one in (PROMPT, TUNED)]
        assert per_thousand == pytest.approx([0.432, 0.252])

    def test_failed_attempts_are_paid_by_the_predictions_that_came(self):
        used, prices = Tokens(fresh=3e6, cached=1e6, output=0), Tokens(fresh=2, cached=1, output=9)
        assert endpoint_cost(used, prices, 7) == 1.0
        assert endpoint_cost(used, prices, 0) is None

    def test_of_a_machine(self):
        assert 1000 * hosted_cost(2, 12) == pytest.approx(0.077160, abs=1e-6)
        assert hosted_cost(2, 12, utilisation=0.3) == 2 * hosted_cost(2, 12)

    @pytest.mark.parametrize("numbers", [(-1, 12, 0.6), (2, 0, 0.6), (2, 12, 0), (2, 12, 1.1)])
    def test_impossible_machines_are_refused(self, numbers):
        with pytest.raises(UserError, match="cost of a machine"):
            hosted_cost(*numbers)

    def test_negative_prices_are_refused(self):
        with pytest.raises(UserError, match="0 or more"):
            endpoint_cost(PROMPT[0], Tokens(fresh=-1, output=0), 1)


class TestBreakEven:
    def test_the_worked_example(self):
        prompt, tuned = (endpoint_cost(*one, successful=1) for one in (PROMPT, TUNED))
        found = break_even(
            Costs(fixed=3, per_prediction=prompt), Costs(fixed=25, per_prediction=tuned)
        )
        assert (found.case, round(found.volume)) == ("above", 122_222)
        prompt, tuned = quality_adjusted(prompt, 0.78, 0.002), quality_adjusted(tuned, 0.84, 0.002)
        found = break_even(
            Costs(fixed=3, per_prediction=prompt), Costs(fixed=25, per_prediction=tuned)
        )
        assert (found.case, round(found.volume)) == ("above", 73_333)

    @pytest.mark.parametrize(
        ("fixed", "each", "case", "volume"),
        [
            (5, 1, "always", None),
            (5, 2, "always", None),
            (10, 1, "always", None),
            (15, 3, "never", None),
            (15, 2, "never", None),
            (10, 3, "never", None),
            (15, 1, "above", 5),
            (5, 3, "below", 5),
            (10, 2, "indifferent", None),
        ],
    )
    def test_every_case(self, fixed, each, case, volume):
        found = break_even(
            Costs(fixed=10, per_prediction=2), Costs(fixed=fixed, per_prediction=each)
        )
        assert (found.case, found.volume) == (case, volume)

    @given(*[st.integers(0, 5)] * 4, st.integers(1, 100))
    @settings(max_examples=100)
    def test_the_case_says_who_is_cheaper(self, fixed, each, other_fixed, other_each, volume):
        found = break_even(
            Costs(fixed=fixed, per_prediction=each),
            Costs(fixed=other_fixed, per_prediction=other_each),
        )
        saved = fixed + each * volume - other_fixed - other_each * volume
        match found.case:
            case "always":
                assert saved >= 0
            case "never":
                assert saved <= 0
            case "indifferent":
                assert saved == 0
            case "above":
                assert (saved >= -1e-9) == (volume >= found.volume - 1e-9)
            case "below":
                assert (saved >= -1e-9) == (volume <= found.volume + 1e-9)


class TestBreakEvenInterval:
    def test_follows_the_replicates(self):
        low, high = break_even_interval(10.0, np.linspace(1, 2, 1001), "above")
        assert (low, high) == pytest.approx((10 / 1.975, 10 / 1.025), rel=0.01)

    def test_is_open_where_it_may_never_pay(self):
        low, high = break_even_interval(10.0, np.linspace(-1, 9, 1001), "above")
        assert (low, high) == (pytest.approx(10 / 8.75, rel=0.01), inf)

    def test_starts_at_0_where_it_may_pay_at_once(self):
        assert break_even_interval(np.linspace(-1, 9, 1001), 1.0, "above")[0] == 0

    def test_of_the_other_side(self):
        low, high = break_even_interval(-10.0, np.linspace(-2, 0.5, 1001), "below")
        assert (low, high) == (pytest.approx(10 / 1.94, rel=0.02), inf)

    def test_is_undefined_where_the_side_is_not_known(self):
        assert break_even_interval([1.0, -1.0], [1.0, -1.0], "above") is None
        assert break_even_interval([1.0, -1.0], [1.0, -1.0], "below") is None

    def test_is_undefined_without_a_volume(self):
        assert break_even_interval([1.0], [-1.0], "never") is None

    def test_replicates_that_are_no_numbers_are_refused(self):
        with pytest.raises(UserError, match="costs per prediction"):
            break_even_interval([1.0], [nan], "above")


class TestLatency:
    @pytest.mark.parametrize(
        ("count", "share", "expected"),
        [(200, 0.5, (86, 115)), (200, 0.95, (184, 197)), (1000, 0.95, (936, 964))],
    )
    def test_the_worked_example(self, count, share, expected):
        assert ranks(count, share) == expected
        found = latency(range(1, count + 1), share, warm_up=0)
        assert (found.low, found.high) == expected

    def test_the_warm_up_is_left_out(self):
        assert latency([100.0] * 20 + [1.0] * 99, 0.95, warm_up=20).value == 1.0

    def test_what_timed_out_took_for_ever(self):
        found = latency([1.0] * 90 + [inf] * 10, 0.95, warm_up=0)
        assert (found.value, found.low, found.high) == (inf, 1.0, inf)

    def test_a_rank_is_not_one_higher_by_rounding(self):
        assert latency(range(1, 101), 0.55, warm_up=0).value == 55

    def test_few_times_have_no_upper_end(self):
        found = latency([3.0, 1.0, 2.0], 0.95, warm_up=0)
        assert (found.value, found.high) == (3.0, None)
        assert latency([3.0, 1.0, 2.0], 0.05, warm_up=0).low is None

    @pytest.mark.parametrize(
        ("times", "share"),
        [([], 0.5), ([1.0] * 20, 0.5), ([1.0] * 20 + [nan], 0.5), ([1.0] * 40, 1)],
    )
    def test_nonsense_is_refused(self, times, share):
        with pytest.raises(UserError, match="latency"):
            latency(times, share, warm_up=20)

    def test_intervals_hold_the_true_percentile(self):
        times = np.random.default_rng(11).exponential(size=(2000, 200))
        found = [latency(row, 0.95, warm_up=0) for row in times]
        held = np.mean([one.low <= np.log(20) <= one.high for one in found])
        assert 0.94 <= held <= 0.98  # discrete ranks hold at least what they promise


class TestPareto:
    def test_dominated_methods_are_seen(self):
        assert front([1, 2, 3, 2], [0.5, 0.7, 0.6, 0.8]).tolist() == [True, False, False, True]

    def test_exact_duplicates_both_stay(self):
        assert front([1, 1, 1], [0.5, 0.5, 0.4]).tolist() == [True, True, False]

    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
    @settings(max_examples=100)
    def test_a_method_stays_if_nothing_beats_it(self, methods):
        found = front(*np.array(methods).T)
        for index, (cost, value) in enumerate(methods):
            better = [(c, v) for c, v in methods if c <= cost and v >= value]
            assert found[index] == (set(better) == {(cost, value)})

    def test_shares_are_of_joint_replicates(self):
        replicates = [[0.5, 0.5, 0.5, 0.5], [0.6, 0.6, 0.4, 0.6]]
        assert front_shares([1, 2], replicates).tolist() == [1.0, 0.75]
        assert front_shares([2, 1], replicates).tolist() == [0.25, 1.0]

    def test_the_cheapest_that_is_as_good_is_recommended(self):
        values = [0.70, 0.79, 0.80]
        found = recommend([1, 2, 3], values, np.tile(np.array(values)[:, None], 99), 0.02)
        assert (found.best, found.chosen, found.as_good) == (2, 1, (0.0, 1.0, 1.0))

    def test_without_a_cheaper_equivalent_nothing_is(self):
        spread = np.linspace(-0.1, 0.1, 99)
        replicates = [0.79 + spread, 0.80 - spread]
        found = recommend([1, 2], [0.79, 0.80], replicates, 0.02)
        assert (found.best, found.chosen) == (1, None)

    def test_the_best_is_recommended_if_nothing_is_cheaper(self):
        found = recommend([1, 2], [0.8, 0.7], [[0.8] * 99, [0.7] * 99], 0.02)
        assert (found.best, found.chosen) == (0, 0)

    def test_of_equally_good_methods_the_cheapest_is_best(self):
        assert recommend([2, 1], [0.8, 0.8], [[0.8] * 99] * 2, 0.02).best == 1

    @pytest.mark.parametrize(
        ("costs", "values", "replicates", "meaningful"),
        [
            ([1, nan], [0.1, 0.2], [[0.1], [0.2]], 0.02),
            ([1, 2], [0.1, nan], [[0.1], [0.2]], 0.02),
            ([1, 2], [0.1, 0.2], [[0.1], [nan]], 0.02),
            ([1, 2], [0.1, 0.2], [[0.1]], 0.02),
            ([1], [0.1, 0.2], [[0.1], [0.2]], 0.02),
            ([1, 2], [0.1, 0.2], [[0.1], [0.2]], 0),
        ],
    )
    def test_nonsense_is_refused(self, costs, values, replicates, meaningful):
        with pytest.raises(UserError):
            recommend(costs, values, replicates, meaningful)
