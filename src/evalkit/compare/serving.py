"""How much the cost of serving would vary with other examples.

Longer inputs and longer answers cost more tokens, so the cost of an answer depends on the example.
It is resampled by the very draws by which scores are resampled. The time of a device was measured
for all examples at once, and stays what it is.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evalkit.compare.costs import prices_of
from evalkit.compare.methods import Form, Method
from evalkit.compare.terms import Terms, read_rows
from evalkit.stats.bootstrap import Sampling
from evalkit.stats.clusters import Clusters
from evalkit.stats.estimate import joint_replicates
from evalkit.stats.scores import Scores


def read_token_costs(method: Method) -> Terms | None:
    """What the tokens of each answer cost, as terms of a mean.

    Returns:
        None where the prices are not known, or predictions are missing.

    Raises:
        UserError: predictions cannot be read.
    """
    prices = prices_of(method)
    if isinstance(prices, str) or any(not cell["predictions"] for cell in method.cells):
        return None
    by_seed = []
    for cell in method.cells:
        path = method.folder / cell["predictions"]
        forms = [form for form in read_rows(path) if form.get("failure") is None]
        by_seed.append({form["id"]: prices.of_tokens(form["usage"]) for form in forms})
    shared = [key for key in by_seed[0] if all(key in paid for paid in by_seed)]
    if not shared:
        return None
    table = np.array([[paid[key] for key in shared] for paid in by_seed], dtype=np.float64)
    return Terms(
        examples=tuple(shared), numerator=table, denominator=np.ones_like(table), empty=None
    )


def serving_replicates(
    costs: Mapping[str, Form],
    terms: Mapping[str, Terms],
    examples: Sequence[str],
    clusters: Clusters,
    sampling: Sampling,
) -> dict[str, NDArray[np.float64]]:
    """The cost of one answer in each joint resample, for methods whose cost is known.

    Args:
        costs: as `costs` has them.
        terms: name of a method -> what `read_token_costs` found of it.
        examples: those that are compared; every method has terms of them.
        clusters: of these examples.
        sampling: that of the scores, so that resamples of both belong together.

    Returns:
        Name of a method -> amounts, of shape (replicates,).
    """
    names = [name for name in terms if costs[name]["serving"]["per_1000"] is not None]
    if not names:
        return {}
    scores = [Scores.of(terms[name].of(examples).numerator) for name in names]
    drawn = joint_replicates(scores, clusters, sampling=sampling)
    return {
        name: (_relative(rows, score) * costs[name]["serving"]["tokens"] + _device(costs[name]))
        / 1000
        for name, rows, score in zip(names, drawn, scores, strict=True)
    }


def _relative(rows: NDArray[np.float64], score: Scores) -> NDArray[np.float64]:
    """Replicates over the mean: attempts that failed are paid, and have no example of their own."""
    mean = score.value()
    return rows / mean if mean else np.ones_like(rows)


def _device(costs_of_one: Form) -> float:
    return float(costs_of_one["serving"]["device"])
