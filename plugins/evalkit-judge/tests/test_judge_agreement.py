"""Agreement beyond chance, against published and independently computed figures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit_judge.agreement import ac1, agree, kappa, observed_agreement
from evalkit_judge.power import decisive_units, detectable_elo, elo_of

PREVALENT = np.array([[118, 5], [2, 0]])
THREE = np.array([[30, 4, 6], [5, 20, 5], [3, 2, 25]])


@pytest.mark.parametrize(
    ("table", "expected"),
    [(PREVALENT, (0.944, -0.023392, 0.940776)), (THREE, (0.75, 0.622356, 0.626699))],
)
def test_known_tables(table, expected):
    figures = [figure(table) for figure in (observed_agreement, kappa, ac1)]
    assert figures == pytest.approx(expected, abs=1e-6)


def labels(table):
    """Two raters' labels that make this table."""
    cells = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return [i for i, _ in cells], [j for _, j in cells]


def test_intervals_hold_the_figures():
    first, second = labels(THREE)
    found = agree(first, second, range(100), categories=3, seed=4)
    assert (found.units, found.observed) == (100, 0.75)
    assert found.kappa == pytest.approx(0.622356, abs=1e-6)
    low, high = found.kappa_interval
    # The published large-sample error of this kappa is about 0.065.
    assert low == pytest.approx(found.kappa - 1.96 * 0.065, abs=0.03)
    assert high == pytest.approx(found.kappa + 1.96 * 0.065, abs=0.03)
    assert found.observed_interval[0] < 0.75 < found.observed_interval[1]
    assert found.ac1_interval[0] < found.ac1 < found.ac1_interval[1]
    assert found == agree(first, second, range(100), categories=3, seed=4)


def test_whole_clusters_are_resampled():
    first, second = labels(THREE)
    alone = agree(first, second, range(100), categories=3)
    # Units that differ lie together: twenty clusters of five tell less than a hundred units.
    order = sorted(range(100), key=lambda i: first[i] == second[i])
    clusters = {unit: place // 5 for place, unit in enumerate(order)}
    together = agree(first, second, [clusters[i] for i in range(100)], categories=3)
    width = [found.observed_interval[1] - found.observed_interval[0] for found in (alone, together)]
    assert width[1] > 1.8 * width[0]


def test_where_chance_explains_everything_kappa_is_undefined():
    found = agree([1] * 20, [1] * 20, range(20), categories=3)
    assert found.observed == 1
    assert found.kappa is None
    assert found.kappa_interval is None
    assert found.ac1 == 1


def test_without_a_unit_there_is_no_agreement_and_with_one_cluster_no_interval():
    assert agree([], [], [], categories=3) is None
    found = agree([0, 1], [0, 2], ["e", "e"], categories=3)
    assert found.observed == 0.5
    assert found.observed_interval is found.kappa_interval is found.ac1_interval is None


TABLES = st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=3, max_size=3)


@settings(deadline=None, max_examples=100)
@given(TABLES)
def test_raters_and_categories_have_no_order(rows):
    table = np.array(rows, dtype=float)
    if not table.sum():
        return
    for figure in (observed_agreement, kappa, ac1):
        value = figure(table)
        assert figure(table.T) == pytest.approx(value, nan_ok=True)
        assert figure(table[::-1, ::-1]) == pytest.approx(value, nan_ok=True)
        assert np.isnan(value) or value <= 1 + 1e-12


@pytest.mark.parametrize(
    ("share", "units", "elo"), [(0.55, 783, 35), (0.6, 194, 70), (0.65, 85, 108)]
)
def test_units_for_a_power_of_80_percent(share, units, elo):
    assert decisive_units(share) == units
    assert round(elo_of(share)) == elo
    assert detectable_elo(units) == pytest.approx(elo_of(share), abs=0.2)  # units are whole


def test_too_few_units_can_show_nothing():
    assert detectable_elo(0) is None
    assert detectable_elo(5) is None
    assert detectable_elo(10**12) < 0.1
