"""Which examples belong together, and the variances that follow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import UserError
from evalkit.stats.clusters import (
    MOST_UNITS,
    UNITS_OF_MANY,
    Clusters,
    by_source,
    independent,
)

PAIRS = by_source([[name] for name in "00112233"])
CHAIN = by_source([{str(i), str(i + 1)} for i in range(40)])
tables = st.lists(st.floats(-5, 5), min_size=40, max_size=40).map(lambda row: np.array([row]))
entries = st.lists(st.frozensets(st.sampled_from("abcdefgh"), max_size=3), min_size=1, max_size=60)


def test_examples_of_one_source_are_a_cluster():
    clusters = by_source([["b"], ["a"], ["b"], ["c"]])
    assert (clusters.unit_count, clusters.count, clusters.largest) == (3, 3, 0.5)
    assert clusters.units[0] == clusters.units[2] != clusters.units[1]
    assert clusters.sums(np.array([[1.0, 2, 4, 8]]))[0, clusters.units].tolist() == [5, 2, 5, 8]


def test_examples_without_a_source_are_by_themselves():
    assert by_source([[], [], ["a"], ["a"]]).unit_count == 3
    assert by_source([[], []]).unit_count == 2


def test_large_clusters_remain_clusters_if_nothing_overlaps():
    assert not by_source([{"a", "b"}, {"a", "b"}, {"c"}, {"c", "d"}]).overlapping


def test_small_groups_that_overlap_are_clusters():
    sources = [{f"{g}-{i}", f"{g}-{i + 1}"} for g in range(20) for i in range(4)]
    clusters = by_source(sources)
    assert (clusters.overlapping, clusters.unit_count, clusters.largest) == (False, 20, 0.05)


def test_a_large_group_that_overlaps_is_no_cluster():
    assert (CHAIN.overlapping, CHAIN.unit_count, CHAIN.largest) == (True, 40, 1.0)
    assert CHAIN.sharing.toarray().sum() == 40 + 2 * 39


def test_overlapping_sources_are_worth_as_many_clusters_as_have_their_pairs():
    assert CHAIN.count == 40**2 / (40 + 2 * 39)


@given(entries)
@settings(max_examples=100)
def test_the_order_of_examples_changes_nothing(sources):
    one, other = by_source(sources), by_source(sources[::-1])
    values = np.arange(len(sources), dtype=float)[None] ** 1.5
    assert one.count == other.count
    assert one.variance(values) == pytest.approx(other.variance(values[:, ::-1]), nan_ok=True)


@given(entries)
@settings(max_examples=100)
def test_examples_that_share_an_entry_are_never_taken_for_independent(sources):
    clusters = by_source(sources)
    shared = np.array([[bool(a & b) for b in sources] for a in sources])
    if clusters.overlapping:
        np.fill_diagonal(shared, True)
        assert (clusters.sharing.toarray() == shared).all()
    else:
        assert not (shared & (clusters.units[:, None] != clusters.units)).any()


class TestVariance:
    def test_of_the_worked_example_with_and_without_correction(self, means):
        gain = means[1].numerator - means[0].numerator
        errors = [PAIRS.variance(gain, correct=correct)[0] ** 0.5 for correct in (False, True)]
        assert errors == pytest.approx([0.074304, 0.085799], abs=1e-6)

    def test_of_the_worked_example_without_clusters(self, means):
        gain = means[1].numerator - means[0].numerator
        assert independent(8).variance(gain)[0] ** 0.5 == pytest.approx(0.171851, abs=1e-6)

    def test_of_a_ratio_by_the_delta_method(self, ratios):
        gain = ratios[1].linearised() - ratios[0].linearised()
        assert independent(8).variance(gain)[0] ** 0.5 == pytest.approx(0.133578, abs=1e-6)

    @given(tables)
    @settings(max_examples=50)
    def test_of_independent_examples_is_that_of_a_mean(self, table):
        expected = table.var(ddof=1) / 40
        assert independent(40).variance(table)[0] == pytest.approx(expected, abs=1e-12)

    @given(tables)
    @settings(max_examples=50)
    def test_by_pairs_is_that_by_clusters_where_there_are_such(self, table):
        clusters = by_source([[str(i // 4)] for i in range(40)])
        pairs = Clusters(
            units=np.arange(40),
            unit_count=40,
            cluster_count=40,
            largest=1.0,
            sharing=by_source([{"hub", str(i)} for i in range(40)]).sharing,
        )
        assert pairs.sharing is None  # a common source makes one cluster of all
        sharing = CHAIN.sharing.copy()
        sharing = type(sharing)((clusters.units[:, None] == clusters.units).astype(float))
        pairs = Clusters(
            units=np.arange(40), unit_count=40, cluster_count=40, largest=1.0, sharing=sharing
        )
        assert pairs.count == 10
        assert pairs.variance(table)[0] == pytest.approx(clusters.variance(table)[0], abs=1e-12)

    def test_by_pairs_is_unbiased_for_independent_examples(self):
        draws = np.random.default_rng(3).normal(size=(20_000, 40))
        assert CHAIN.variance(draws).mean() == pytest.approx(1 / 40, rel=0.02)

    def test_of_one_cluster_is_undefined(self):
        assert np.isnan(by_source([["a"], ["a"]]).variance(np.array([[1.0, 2.0]]))).all()

    def test_of_copies_is_as_if_there_were_none(self):
        values = np.random.default_rng(4).normal(size=(1, 30))
        copies = by_source([[str(i // 5)] for i in range(150)])
        found = copies.variance(np.repeat(values, 5, axis=1))
        assert found == pytest.approx(independent(30).variance(values))


@pytest.mark.parametrize("sources", [[], ["e1+e2"], [["a"], "b"]])
def test_bad_sources_are_refused(sources):
    with pytest.raises(UserError, match="a collection of ids is needed"):
        by_source(sources)


def test_very_many_clusters_are_resampled_in_groups_and_counted_one_by_one():
    """The margins are those of the clusters themselves, up to the chance of the grouping."""
    count = MOST_UNITS + 2_000
    values = np.random.default_rng(5).normal(size=(1, count))
    many = independent(count)
    assert (many.unit_count, many.cluster_count, many.count) == (UNITS_OF_MANY, count, count)
    one_by_one = Clusters(
        units=np.arange(count), unit_count=count, cluster_count=count, largest=1 / count
    )
    assert many.sums(values).sum() == pytest.approx(values.sum())
    assert many.variance(values)[0] == pytest.approx(one_by_one.variance(values)[0], rel=0.1)
