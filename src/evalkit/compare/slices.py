"""The primary figure of each method in groups of the evaluated examples: where it is strong.

The figures are made of the same scores as those of the analysis, and respect clusters and seeds
alike. There are many of them, so that their intervals are found without resampling. Nothing is
corrected for their number: of 20 intervals one is expected to miss.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evalkit.compare.groups import Evaluated, read_evaluated
from evalkit.compare.methods import Method, methods_of
from evalkit.compare.numbers import range_of, why_incomplete, why_no_terms, within
from evalkit.compare.terms import read_terms
from evalkit.errors import UserError
from evalkit.stats.arrays import IntArray
from evalkit.stats.clusters import Clusters
from evalkit.stats.estimate import plain_interval
from evalkit.stats.scores import Scores

Form = dict[str, Any]


def make_slices(folder: Path, results: Mapping[str, Any], metric: str | None = None) -> list[Form]:
    """One row for each group and method.

    Args:
        folder: the run folder.
        results: the content of its ``results.json``.
        metric: the primary metric; by default that of the analysis, or else the suite's first.

    Returns:
        Rows with ``by``, ``group``, ``order`` (the place of the group among those of its kind),
        ``method``, ``metric``, ``examples``, ``clusters``, ``value``, ``low``, ``high`` and
        ``undefined``: why a figure, or its interval, is None. Group by group, and within a group
        the methods in the order of their cells. Empty if no cell has a score.

    Raises:
        UserError: the evaluated examples are missing or damaged.
    """
    metric = metric or _primary(results)
    if metric is None:
        return []
    evaluated = read_evaluated(folder)
    methods = methods_of(folder, results)
    tables = [_read_table(method, metric, evaluated) for method in methods]
    slicer = _Slicer(evaluated, binary=all(t.is_binary for t in tables if isinstance(t, _Table)))
    found = [slicer.figures(table) for table in tables]
    return [
        {
            "by": group.by,
            "group": group.label,
            "order": group.order,
            "method": method.name,
            "metric": metric,
            **figures[number],
        }
        for number, group in enumerate(evaluated.groups)
        for method, figures in zip(methods, found, strict=True)
    ]


def _primary(results: Mapping[str, Any]) -> str | None:
    """The metric of the analysis; without one, the first of the suite by which a cell is scored."""
    if results.get("analysis"):
        return str(results["analysis"]["metric"])
    cells = results["cells"]
    planned = [name for cell in cells for name in (cell["jobs"] or {}).get("score", {})]
    scored = dict.fromkeys(name for cell in cells for name in cell["scores"])
    return next((name for name in [*planned, *scored] if name in scored), None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Table:
    """What the figure of a method is made of.

    Attributes:
        scores: of its examples.
        columns: place of an evaluated example -> its column there; -1 if it has no score.
        ends: the least and the greatest value that the figure can have.
    """

    scores: Scores
    columns: IntArray
    ends: tuple[float, float]

    @property
    def is_binary(self) -> bool:
        """Whether each example is right or wrong; in a small group that may be so by chance."""
        right_or_wrong = np.isin(self.scores.numerator, (0, 1)).all()
        return bool(right_or_wrong and (self.scores.denominator == 1).all())


class _Slicer:
    """Cuts the scores of one method after another into the same groups."""

    def __init__(self, evaluated: Evaluated, *, binary: bool) -> None:
        self._evaluated = evaluated
        self._binary = binary
        self._clusters: dict[int, Clusters] = {}  # of whole groups: most methods share them

    def figures(self, table: _Table | str) -> list[Form]:
        """The figure in each group; a text is the reason why there is none."""
        if isinstance(table, str):
            return [_undefined(table)] * len(self._evaluated.groups)
        return [self._figure(table, number) for number in range(len(self._evaluated.groups))]

    def _figure(self, table: _Table, number: int) -> Form:
        group = self._evaluated.groups[number].rows
        scored = group[table.columns[group] >= 0]
        if not len(scored):
            return _undefined("undefined, because no example of this group has a score")
        clusters = self._clusters.get(number)
        if clusters is None or len(scored) < len(group):
            clusters = self._evaluated.clusters(scored)
        if len(scored) == len(group):
            self._clusters[number] = clusters
        scores = table.scores.of_examples(table.columns[scored])
        found = plain_interval(scores, clusters, binary=self._binary)
        interval = None if isinstance(found, str) else within(found, *table.ends)
        return {
            "examples": scores.examples,
            "clusters": int(clusters.count),
            "value": scores.value(),
            "low": interval.low if interval else None,
            "high": interval.high if interval else None,
            "undefined": found if isinstance(found, str) else None,
        }


def _read_table(method: Method, metric: str, evaluated: Evaluated) -> _Table | str:
    """What the figure of a method is made of, or why there is none."""
    if not method.complete:
        return why_incomplete(method)
    if any(score and not score.get("ratio") for score in _scores(method, metric)):
        return (
            f"undefined, because {metric} names no ratio: only the metric itself could tell its "
            "figure for some of the examples"
        )
    try:
        terms = read_terms(method, metric)
    except UserError as error:
        return f"undefined: {error.message}"
    if terms is None or not terms.examples:
        return why_no_terms(method, metric)
    places = [evaluated.places.get(example, -1) for example in terms.examples]
    if -1 in places:
        lost = terms.examples[places.index(-1)]
        return f"undefined: {lost} has a score, but is no evaluated example"
    columns = np.full(len(evaluated.places), -1)
    columns[places] = np.arange(len(places))
    scores = Scores(numerator=terms.numerator, denominator=terms.denominator, empty=terms.empty)
    return _Table(scores=scores, columns=columns, ends=range_of(method, metric))


def _scores(method: Method, metric: str) -> list[Mapping[str, Any]]:
    return [cell["scores"].get(metric) or {} for cell in method.cells]


def _undefined(reason: str) -> Form:
    nothing = dict.fromkeys(("value", "low", "high"))
    return {"examples": 0, "clusters": 0, **nothing, "undefined": reason}
