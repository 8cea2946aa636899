"""Paired comparisons of methods: the difference, how sure it is, and what it means.

Every function takes scores on the same examples, in the same order. Methods with equally many
seeds are taken to have the same ones, and are compared seed by seed.
"""

from collections.abc import Sequence
from math import inf

from evalkit.errors import UserError
from evalkit.stats.bootstrap import Sampling, jackknife, replicate
from evalkit.stats.clusters import Clusters
from evalkit.stats.difference import Difference, Pair
from evalkit.stats.estimate import check_examples
from evalkit.stats.randomisation import randomisation_tests
from evalkit.stats.scores import Scores


def compare_methods(
    baseline: Scores,
    method: Scores,
    clusters: Clusters,
    *,
    meaningful: float,
    higher_is_better: bool = True,
    sampling: Sampling | None = None,
) -> Difference:
    """The difference of a method to a baseline. For several, ``compare_all`` draws once.

    Args:
        baseline: its scores.
        method: its scores.
        clusters: of the examples.
        meaningful: the minimum meaningful difference, in units of the figure; 0 or more.
        higher_is_better: whether a positive difference is an improvement.
        sampling: how often to resample, and the seed.

    Raises:
        UserError: numbers of examples differ, or the meaningful difference is negative.
    """
    return compare_all(
        [baseline, method],
        [(0, 1)],
        clusters,
        meaningful=meaningful,
        higher_is_better=higher_is_better,
        sampling=sampling,
    )[0]


def compare_all(
    methods: Sequence[Scores],
    pairs: Sequence[tuple[int, int]],
    clusters: Clusters,
    *,
    meaningful: float,
    higher_is_better: bool = True,
    sampling: Sampling | None = None,
) -> list[Difference]:
    """The differences of pairs of methods, each ``(baseline, method)`` by their indices.

    Otherwise as ``compare_methods``.
    """
    check_examples(methods, clusters)
    if not 0 <= meaningful < inf:
        raise UserError(f"minimum meaningful difference: {meaningful}", "a number, 0 or more")
    sampling = sampling or Sampling()
    drawn = replicate(methods, clusters, sampling)
    left_out = [jackknife(method, clusters) for method in methods]
    found = [
        Pair.of(
            methods[one],
            methods[other],
            clusters,
            replicates=drawn[other] - drawn[one],
            leave_one_out=left_out[other] - left_out[one],
        )
        for one, other in pairs
    ]
    swapped = randomisation_tests(
        [(pair.baseline, pair.method) for pair in found],
        clusters,
        sampling,
        [pair.stretch for pair in found],
    )
    return [
        pair.difference(test, meaningful, sign=1 if higher_is_better else -1)
        for pair, test in zip(found, swapped, strict=True)
    ]
