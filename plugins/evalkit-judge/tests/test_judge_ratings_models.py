"""The models behind the ratings: their derivatives, and where they have no finite maximum."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from evalkit_judge.ratings import Units
from evalkit_judge.ratings.bradley_terry import BradleyTerry
from evalkit_judge.ratings.davidson import Davidson
from evalkit_judge.ratings.likelihood import Likelihood
from evalkit_judge.ratings.position import WithPosition
from evalkit_judge.ratings.units import gather

MODELS = [BradleyTerry(), Davidson(), WithPosition()]
STEP = 1e-6


def sample(size, rows):
    """Rows of (a, b, score), each an example of its own."""
    a, b, score = (np.array(column) for column in zip(*rows, strict=True))
    data = Units(a=a, b=b, score=score, cluster=np.arange(len(rows)), contestants=size)
    return gather(data, ordered=True)


def name(model):
    return type(model).__name__


@pytest.mark.parametrize("model", MODELS, ids=name)
def test_derivatives_are_those_of_the_likelihood(model):
    ways = itertools.permutations(range(4), 2)
    data = sample(4, [(a, b, s) for a, b in ways for s in (0, 0.25, 0.5, 1)])
    likelihood = Likelihood(model, data)
    counts = data.total()
    at = np.random.default_rng(3).normal(size=(1, 4 + model.extra))
    width = at.shape[1]

    def gradient(where):
        return counts.reshape(-1) @ likelihood.scores(where)

    steps = STEP * np.eye(width)
    slope = [
        (likelihood.value(at + s, counts) - likelihood.value(at - s, counts))[0] / (2 * STEP)
        for s in steps
    ]
    assert gradient(at) == pytest.approx(slope, abs=1e-6)
    bend = np.array([(gradient(at + s) - gradient(at - s)) / (2 * STEP) for s in steps])
    gauge = np.zeros((width, width))
    gauge[:4, :4] = 1
    curvature = likelihood.curvature(at, counts, np.zeros_like(at))[0]
    assert curvature - gauge == pytest.approx(-bend, abs=1e-6)


@st.composite
def tables(draw):
    """Up to four contestants, all linked, and what they scored."""
    size = draw(st.integers(2, 4))
    pairs = st.sampled_from(list(itertools.permutations(range(size), 2)))
    scores = st.sampled_from([0.0, 0.5, 1.0])
    rows = draw(st.lists(st.tuples(pairs, scores), min_size=1, max_size=9))
    chain = [((i, i + 1), draw(scores)) for i in range(size - 1)]
    return size, [(a, b, score) for (a, b), score in chain + rows]


def better(model, score):
    """By what the log-odds of the outcome over each other one rise, per unit of (d, x)."""
    if isinstance(model, Davidson):
        of = {1.0: (0.5, 0.0), 0.5: (0.0, 1.0), 0.0: (-0.5, 0.0)}
        return [np.subtract(of[score], of[other]) for other in of if other != score]
    lift = np.array([1.0, 1.0 if isinstance(model, WithPosition) else 0.0])
    return {1.0: [lift], 0.0: [-lift], 0.5: [lift, -lift]}[score]


def has_a_way_without_loss(model, size, rows):
    """Whether some direction lowers the odds of no outcome and raises those of one, by a solver."""
    gains = []
    for a, b, score in rows:
        for by_d, by_x in better(model, score):
            gain = np.zeros(size + 1)
            gain[[a, b]] = by_d, -by_d
            gain[size] = by_x
            gains.append(gain)
    found = linprog(
        -np.sum(gains, axis=0), A_ub=-np.array(gains), b_ub=np.zeros(len(gains)), bounds=(-1, 1)
    )
    return -found.fun > 1e-6


@pytest.mark.parametrize("model", MODELS, ids=name)
@settings(deadline=None, max_examples=100)
@given(table=tables())
def test_the_prior_is_used_exactly_where_there_is_no_maximum(model, table):
    size, rows = table
    data = sample(size, rows)
    needed = model.unbounded(data, data.total()).any()
    # With the effect of position, a way along which nothing changes leaves it undetermined too.
    if isinstance(model, WithPosition) and undetermined(size, rows):
        assert needed
    else:
        assert needed == has_a_way_without_loss(model, size, rows)


def undetermined(size, rows):
    design = np.zeros((len(rows), size + 1))
    for row, (a, b, _) in enumerate(rows):
        design[row, [a, b, size]] = 1, -1, 1
    return np.linalg.matrix_rank(design) < size


@pytest.mark.parametrize("model", MODELS, ids=name)
@settings(deadline=None, max_examples=60)
@given(table=tables())
def test_the_gradient_vanishes_at_the_fit(model, table):
    size, rows = table
    data = sample(size, rows)
    likelihood = Likelihood(model, data)
    fit = likelihood.fit(data.total(), likelihood.start(1))
    slope = data.total().reshape(-1) @ likelihood.scores(fit.at)
    assert slope == pytest.approx((fit.precision * fit.at)[0], abs=1e-7)
