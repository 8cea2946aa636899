"""How much each example moves a headline that is no ratio of sums."""

import json
from statistics import mean, median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.influence import MOST, influences
from evalkit.interfaces import Metric
from evalkit.params import Params


class Headline(Metric):
    """Any function of the values."""

    headline = "figure"

    def __init__(self, figure):
        super().__init__(Params())
        self.figure = figure

    def score(self, target, value):
        raise NotImplementedError

    def aggregate(self, scores):
        values = [score["value"] for score in scores]
        return {"figure": self.figure(values) if values else None}


def found(values, figure=mean):
    return influences(Headline(figure), [{"value": value} for value in values])


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30))
@settings(max_examples=60, deadline=None)
def test_of_a_mean_they_are_the_values_less_the_mean(values):
    expected = [value - mean(values) for value in values]
    assert found(values) == pytest.approx(expected, abs=1e-9)


def test_of_a_ratio_their_spread_is_that_of_the_jackknife():
    # Both columns of a fixture of paired micro F1: tp, predicted + reference.
    above, below = [2, 1, 0, 3, 1, 2, 0, 4], [4, 5, 2, 6, 3, 7, 1, 10]
    rows = list(range(8))

    def micro(chosen):
        return 2 * sum(above[i] for i in chosen) / sum(below[i] for i in chosen)

    assert micro(rows) == pytest.approx(0.684211, abs=1e-6)
    left_out = [micro([j for j in rows if j != i]) for i in rows]
    centre = mean(left_out)
    error = (7 / 8 * sum((one - centre) ** 2 for one in left_out)) ** 0.5
    own = found(rows, micro)
    assert (sum(one**2 for one in own) / (8 * 7)) ** 0.5 == pytest.approx(error, abs=1e-12)


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=20))
@settings(max_examples=40, deadline=None)
def test_their_mean_is_0(values):
    assert sum(found(values, lambda rows: median(rows) ** 2)) == pytest.approx(0, abs=1e-6)


def test_an_example_that_raises_the_headline_has_a_positive_one():
    low, _, high = found([0.0, 0.5, 1.0])
    assert low < 0 < high


@pytest.mark.parametrize(
    ("values", "figure"),
    [
        ([], mean),
        ([1.0], mean),
        ([1.0] * (MOST + 1), mean),
        ([1.0, 2.0], lambda rows: None),
        ([1.0, 2.0], lambda rows: None if len(rows) < 2 else 1.0),
        ([1.0, 2.0], lambda rows: float("nan")),
        ([1.0, 2.0], lambda rows: float("inf") if len(rows) < 2 else 1.0),
    ],
)
def test_undefined(values, figure):
    assert found(values, figure) is None


def test_they_are_kept_with_the_scores(lab):
    lab.suite(task='[task]\nuse = "fake-task"\ntest = 8\n')
    assert lab.run().exit_code == 0
    rows = lab.path.joinpath("runs", "latest", "scores", "contains", "fake-adapter.jsonl")

    forms = [json.loads(line) for line in rows.read_text().splitlines()]
    value = lab.cell("fake-adapter")["scores"]["contains"]["value"]
    assert [form["influence"] + value for form in forms] == pytest.approx(
        [form["values"]["contains"] for form in forms]
    )
