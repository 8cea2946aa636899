"""Axes, and labels that stand free of each other."""

import random
from itertools import combinations, pairwise

import pytest

from evalkit_report.charts.placing import Box, place_labels, spread
from evalkit_report.charts.scales import linear, linear_at, logarithmic, worth_a_log


@pytest.mark.parametrize("values", [[0.0, 0.5], [0.4, 0.5], [-3.0, 2.0], [1e-9, 1e9], [7.0], [0.0]])
@pytest.mark.parametrize("upright", [True, False])
def test_a_linear_axis_shows_all_values(values, upright):
    scale = linear(values, 300, upright=upright)
    assert scale.low <= min(values) <= max(values) <= scale.high
    assert all(0 <= scale.at(value) <= 300 for value in values)
    assert len(scale.ticks) >= 2
    ends = [scale.at(scale.low), scale.at(scale.high)]
    assert ends == ([300, 0] if upright else [0, 300])


def test_an_axis_begins_at_0_where_that_is_near():
    assert linear([0.1, 0.5], 300).low == 0
    assert linear([0.45, 0.5], 300).low > 0.4
    assert linear([0.45, 0.5], 300, zero=True).low == 0
    assert linear([1400.0, 1600.0], 300).low >= 1300


def test_ticks_are_written_with_as_many_decimals_as_tell_them_apart():
    assert linear([0.0, 0.4], 300).decimals == 1
    assert linear([0.01, 0.02], 300, zero=False).decimals == 3
    assert linear([1400.0, 1600.0], 300).decimals == 0


def test_on_a_log_axis_equal_ratios_are_equally_far():
    scale = logarithmic([1.0, 10.0, 100.0], 300)
    assert scale.at(10) - scale.at(1) == pytest.approx(scale.at(100) - scale.at(10))
    assert 0 < scale.at(1) < scale.at(100) < 300


@pytest.mark.parametrize("values", [[1.0, 1e9], [3.0, 4.0], [0.02, 5.0], [5.0, 5.0]])
def test_ticks_of_a_log_axis_are_apart(values):
    scale = logarithmic(values, 400, room=60)
    places = [scale.at(tick) for tick in scale.ticks]
    assert all(0 <= place <= 400 for place in places)
    assert all(b - a >= 60 for a, b in pairwise(places))


def test_sizes_are_marked_where_they_were_measured():
    assert logarithmic([2, 4, 8, 64], 400, own=[2, 4, 8, 64], room=30).ticks == (2, 4, 8, 64)
    assert linear_at([4, 5, 8], 300, own=[4, 5, 8]).ticks == (4, 5, 8)
    crowded = logarithmic([10, 11, 1000], 300, own=[10, 11, 1000], room=40).ticks
    assert crowded == (10, 1000)


def test_a_log_axis_is_for_values_above_0_that_are_far_apart():
    assert worth_a_log([1, 9])
    assert not worth_a_log([1, 8])
    assert not worth_a_log([0, 100])
    assert not worth_a_log([])


def test_labels_with_room_stay_where_they_are():
    assert spread([50, 10, 90], 15, 0, 100) == [50, 10, 90]


def test_crowded_labels_move_as_little_as_can_be():
    assert spread([50, 50], 10, 0, 100) == [45, 55]
    assert spread([0, 0, 0], 10, 0, 100) == [0, 10, 20]
    assert spread([100, 99], 10, 0, 100) == [100, 90]
    assert spread([], 10, 0, 100) == []


def test_too_many_labels_are_closer():
    assert spread([5] * 11, 20, 0, 100) == [10 * place for place in range(11)]


def test_spread_keeps_order_and_distance():
    rng = random.Random(3)
    for _ in range(200):
        wanted = [rng.uniform(-20, 320) for _ in range(rng.randint(1, 15))]
        found = spread(wanted, 16, 0, 300)
        by_wish = [found[place] for place in sorted(range(len(wanted)), key=wanted.__getitem__)]
        gap = min(16, 300 / max(1, len(wanted) - 1))
        assert all(b - a >= gap - 1e-6 for a, b in pairwise(by_wish))
        assert all(-1e-9 <= place <= 300 + 1e-9 for place in found)


@pytest.mark.parametrize("seed", range(8))
def test_labels_cover_neither_symbols_nor_each_other(seed):
    rng = random.Random(seed)
    points = [(rng.uniform(0, 600), rng.uniform(0, 300)) for _ in range(12)]
    area = Box(left=0, top=-4, right=640, bottom=308)
    places = place_labels(points, [140.0] * 12, area)
    boxes = [Box(left=p.x, top=p.y - 7.5, right=p.x + 140, bottom=p.y + 7.5) for p in places]
    symbols = [Box(left=x - 6, top=y - 6, right=x + 6, bottom=y + 6) for x, y in points]
    assert all(box.within(area) for box in boxes)
    assert all(a.overlap(b) == 0 for a, b in combinations(boxes, 2))
    assert all(box.overlap(symbol) == 0 for box in boxes for symbol in symbols)


def test_a_label_stands_nearer_to_its_own_symbol_than_to_another_one():
    points = [(100.0, 300.0), (109.0, 286.0)]
    first, second = place_labels(points, [60.0, 50.0], Box(left=0, top=0, right=640, bottom=308))
    assert first.x + 60 < 100
    assert second.x > 109
    assert abs(second.y - 286) < abs(second.y - 300)
