"""Variance of seeds and examples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.stats.clusters import by_source, independent
from evalkit.stats.figure import t_test
from evalkit.stats.spread import Spread, components, spread_of

TABLE = np.array([[0.60, 0.70, 0.50, 0.80], [0.66, 0.77, 0.58, 0.88], [0.55, 0.66, 0.43, 0.73]])
ALIKE = np.array([[0.60, 0.70, 0.50, 0.80], [0.62, 0.74, 0.48, 0.84], [0.58, 0.69, 0.55, 0.75]])
FOUR = independent(4)
PAIRS = by_source([[name] for name in "0011"])
rows = st.integers(2, 4).flatmap(
    lambda seeds: st.lists(
        st.lists(st.floats(-3, 3), min_size=6, max_size=6), min_size=seeds, max_size=seeds
    )
)


class TestWorkedExample:
    def test_components(self):
        found = components(TABLE)
        assert found.seeds == pytest.approx(0.0042083, abs=1e-7)
        assert found.examples == pytest.approx(0.0168528, abs=1e-7)
        assert found.interaction == pytest.approx(0.00014167, abs=1e-8)

    def test_standard_error(self):
        assert spread_of([TABLE], FOUR).error == pytest.approx(0.075019, abs=1e-6)

    def test_a_component_below_0_is_taken_as_0(self):
        assert components(ALIKE).seeds == 0
        assert spread_of([ALIKE], FOUR).error == pytest.approx(0.062678, abs=1e-6)


def test_the_worked_example_by_t(means):
    gain = means[1].numerator - means[0].numerator
    found = t_test(float(gain.mean()), spread_of([gain], independent(8)))
    assert found.p == pytest.approx(0.116453, abs=1e-6)


@given(rows)
@settings(max_examples=100)
def test_the_variance_is_the_sum_of_its_components(table):
    table = np.array(table)
    spread = spread_of([table], independent(6))
    if isinstance(spread, Spread):
        parts = components(table)
        count = len(table)
        expected = parts.seeds / count + parts.examples / 6 + parts.interaction / (6 * count)
        assert spread.error**2 == pytest.approx(expected, abs=1e-12)


def test_one_seed_has_no_seed_variance():
    spread = spread_of([TABLE[:1]], FOUR)
    assert spread.of_seeds is None
    assert spread.notes == ("seed variance not estimated",)
    assert (spread.error**2, spread.freedom) == pytest.approx((TABLE[0].var(ddof=1) / 4, 3))


def test_seeds_that_change_nothing_count_as_one():
    spread, single = (spread_of([np.tile(TABLE[:1], (n, 1))], FOUR) for n in (3, 1))
    assert (spread.of_seeds, spread.crossed, spread.notes) == (0.0, False, ())
    assert (spread.error, spread.freedom) == pytest.approx((single.error, single.freedom))


def test_methods_with_seeds_of_their_own_add_their_variances():
    other = np.array([[0.3, 0.1, 0.4, 0.1], [0.5, 0.9, 0.2, 0.6]])
    apart = spread_of([TABLE, -other], FOUR)
    assert apart.of_seeds == pytest.approx(
        components(TABLE).seeds / 3 + components(other).seeds / 2
    )


def test_a_method_with_one_seed_is_said_to_lack_an_estimate():
    spread = spread_of([TABLE, -ALIKE[:1]], FOUR)
    assert spread.notes == ("seed variance not estimated where there is one seed",)
    assert spread.of_seeds == pytest.approx(components(TABLE).seeds / 3)


def test_few_seeds_have_few_degrees_of_freedom():
    table = np.random.default_rng(1).normal(size=(3, 400)) + np.array([[0.0], [1.0], [2.0]])
    assert spread_of([table], independent(400)).freedom == pytest.approx(2, abs=0.1)


def test_clusters_widen_and_say_by_how_much():
    table = np.repeat(np.random.default_rng(2).normal(size=(1, 50)), 4, axis=1)
    spread = spread_of([table], by_source([[str(i // 4)] for i in range(200)]))
    assert spread.design_effect == pytest.approx(4, rel=0.03)
    assert spread.freedom == pytest.approx(49)


def test_neighbours_that_vary_against_each_other_are_taken_as_independent():
    clusters = by_source([{str(i), str(i + 1)} for i in range(40)])
    table = np.array([[0.0, 1.0] * 20])
    assert clusters.variance(table)[0] < 0
    spread = spread_of([table], clusters)
    assert spread.error == pytest.approx(independent(40).variance(table)[0] ** 0.5)
    assert "taken as independent" in spread.notes[0]


@pytest.mark.parametrize(
    ("table", "clusters", "reason"),
    [
        ([[0.5]], independent(1), "one example only"),
        ([[0.5], [0.7]], independent(1), "one example only"),
        ([[0.1, 0.2]], by_source([["a"], ["a"]]), "one cluster only"),
        ([[0.3, 0.3, 0.3, 0.3]], FOUR, "all examples give the same"),
        ([[0.1 + 0.2, 0.3, 0.3, 0.3]], FOUR, "all examples give the same"),
        ([[0.0, 1.0, 1.0, 0.0]], PAIRS, "all clusters give the same"),
        ([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0]], PAIRS, "all clusters give the same"),
    ],
)
def test_what_cannot_be_known_is_undefined(table, clusters, reason):
    assert reason in spread_of([np.array(table)], clusters)
