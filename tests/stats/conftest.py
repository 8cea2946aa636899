"""The worked example that several files look at."""

import numpy as np
import pytest

from evalkit.stats.scores import Scores

# One row for each example: right triples, triples given, triples wanted.
BASELINE = [(2, 2, 2), (1, 2, 3), (0, 1, 1), (3, 3, 3), (1, 1, 2), (2, 4, 3), (0, 0, 1), (4, 5, 5)]
METHOD = [(2, 2, 2), (2, 2, 3), (1, 1, 1), (3, 3, 3), (1, 2, 2), (3, 3, 3), (1, 1, 1), (3, 5, 5)]


def micro(rows):
    right, given, wanted = np.array(rows, dtype=float).T
    return Scores.of(2 * right, given + wanted, empty=1.0)


def macro(rows):
    return Scores.of(micro(rows).by_example())


@pytest.fixture(params=["macro", "micro"])
def figure(request):
    """The kind of figure, for tests that hold for both."""
    return {"macro": macro, "micro": micro}[request.param]


@pytest.fixture
def means():
    """Baseline and method, scored by macro F1."""
    return macro(BASELINE), macro(METHOD)


@pytest.fixture
def ratios():
    """Baseline and method, scored by micro F1."""
    return micro(BASELINE), micro(METHOD)


@pytest.fixture
def pair(figure):
    """Baseline and method, scored by either."""
    return figure(BASELINE), figure(METHOD)
