"""The figures of methods and their differences, each made once.

Methods that were scored on the same examples are resampled together.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from evalkit.compare.methods import Method
from evalkit.compare.terms import Terms, read_sources, read_terms
from evalkit.errors import UserError
from evalkit.stats.bootstrap import Sampling
from evalkit.stats.clusters import Clusters, by_source
from evalkit.stats.compare import compare_all
from evalkit.stats.difference import Difference
from evalkit.stats.estimate import Estimate, estimate_all
from evalkit.stats.scores import Scores
from evalkit.stats.verdict import Interval
from evalkit.suite import AnalysisKeys

_SEED = 20_261
"""Of all random numbers: the same runs give the same figures."""


class Numbers:
    """The scores of the methods, read once, and the figures that are made of them."""

    def __init__(self, methods: Sequence[Method], keys: AnalysisKeys) -> None:
        """Read which example was made of what."""
        self.sampling = Sampling(replicates=keys.replicates, seed=_SEED)
        self._meaningful = keys.meaningful_difference
        self._folder = methods[0].folder
        self._sources = read_sources(self._folder)
        self._terms: dict[tuple[str, str], Terms | None] = {}
        self._clusters: dict[tuple[str, ...], Clusters] = {}
        self._estimates: dict[tuple[str, str], Estimate | str] = {}
        self._differences: dict[tuple[str, str, str], Difference | str] = {}

    def terms(self, method: Method, metric: str) -> Terms | str:
        """What the figure of a method is made of, or why there is none."""
        if not method.complete:
            return why_incomplete(method)
        key = (method.name, metric)
        if key not in self._terms:
            self._terms[key] = read_terms(method, metric)
        found = self._terms[key]
        if found is None or not found.examples:
            return why_no_terms(method, metric)
        return found

    def clusters(self, examples: tuple[str, ...]) -> Clusters:
        """Which of some examples belong together.

        Raises:
            UserError: one of them is not among those that the run evaluated.
        """
        if examples not in self._clusters:
            lost = [key for key in examples if key not in self._sources]
            if lost:
                what = f"{self._folder}: {lost[0]} has a score, but is no evaluated example"
                raise UserError(what, "the run folder was changed: run the suite again")
            self._clusters[examples] = by_source([self._sources[key] for key in examples])
        return self._clusters[examples]

    def estimates(self, methods: Sequence[Method], metric: str) -> dict[str, Estimate | str]:
        """Name of a method -> its figure, or why there is none."""
        together: dict[tuple[str, ...], list[Method]] = {}
        for method in methods:
            terms = self.terms(method, metric)
            if isinstance(terms, str):
                self._estimates[method.name, metric] = terms
            elif (method.name, metric) not in self._estimates:
                together.setdefault(terms.examples, []).append(method)
        for examples, own in together.items():
            scores = self._scores(own, metric, examples)
            found = estimate_all(scores, self.clusters(examples), sampling=self.sampling)
            for method, one in zip(own, found, strict=True):
                least, most = range_of(method, metric)
                interval = within(one.interval, least, most)
                self._estimates[method.name, metric] = replace(one, interval=interval)
        return {method.name: self._estimates[method.name, metric] for method in methods}

    def differences(
        self, pairs: Sequence[tuple[Method, Method]], metric: str, *, higher_is_better: bool
    ) -> list[Difference | str]:
        """The difference of each pair, or why there is none."""
        together: dict[tuple[str, ...], list[tuple[Method, Method]]] = {}
        for pair in pairs:
            key = (pair[0].name, pair[1].name, metric)
            shared = self._shared(*pair, metric)
            if isinstance(shared, str):
                self._differences[key] = shared
            elif key not in self._differences:
                together.setdefault(shared, []).append(pair)
        for examples, own in together.items():
            found = self._compare(own, metric, examples, higher_is_better=higher_is_better)
            for (one, other), difference in zip(own, found, strict=True):
                least, most = range_of(one, metric)
                ends = least - most, most - least
                self._differences[one.name, other.name, metric] = replace(
                    difference,
                    interval=within(difference.interval, *ends),
                    narrow=within(difference.narrow, *ends),
                )
        return [self._differences[one.name, other.name, metric] for one, other in pairs]

    def _shared(self, one: Method, other: Method, metric: str) -> tuple[str, ...] | str:
        first, second = self.terms(one, metric), self.terms(other, metric)
        if isinstance(first, str):
            return f"{one.name}: {first}"
        if isinstance(second, str):
            return f"{other.name}: {second}"
        if first.examples == second.examples:
            return first.examples
        known = set(second.examples)
        shared = tuple(key for key in first.examples if key in known)
        return shared or "undefined, because no example has a score of both"

    def _compare(
        self,
        pairs: Sequence[tuple[Method, Method]],
        metric: str,
        examples: tuple[str, ...],
        *,
        higher_is_better: bool,
    ) -> list[Difference]:
        methods = {method.name: method for pair in pairs for method in pair}
        place = {name: index for index, name in enumerate(methods)}
        return compare_all(
            self._scores(list(methods.values()), metric, examples),
            [(place[one.name], place[other.name]) for one, other in pairs],
            self.clusters(examples),
            meaningful=self._meaningful,
            higher_is_better=higher_is_better,
            sampling=self.sampling,
        )

    def _scores(
        self, methods: Sequence[Method], metric: str, examples: tuple[str, ...]
    ) -> list[Scores]:
        found = [self.terms(method, metric) for method in methods]
        own = [one.of(examples) for one in found if isinstance(one, Terms)]
        return [
            Scores(numerator=one.numerator, denominator=one.denominator, empty=one.empty)
            for one in own
        ]


def range_of(method: Method, metric: str) -> tuple[float, float]:
    """The least and the greatest value that a metric can have."""
    least, most = method.cells[0]["scores"][metric].get("range") or (None, None)
    return -inf if least is None else least, inf if most is None else most


def within(found: Interval | None, least: float, most: float) -> Interval | None:
    """The interval without values that there cannot be."""
    if found is None:
        return None
    return replace(found, low=max(found.low, least), high=min(found.high, most))


def why_no_terms(method: Method, metric: str) -> str:
    """Why the figure of a method is not made of what its examples scored."""
    for cell in method.cells:
        score = cell["scores"][metric]
        if score["value"] is None:
            reason = score.get("undefined", {}).get(score["headline"])
            what = reason or f"{metric} gives no figure"
            return f"undefined, because {what} for cell {cell['id']}"
    return "undefined, because no example tells what it adds to this metric's headline"


def why_incomplete(method: Method) -> str:
    """Why a method has no figure to compare."""
    for cell in method.cells:
        if cell["status"] == "failed":
            return f"cell {cell['id']} failed: {cell['failure']['reason']}"
        if cell["status"] != "done":
            return f"cell {cell['id']} was not run to its end"
    return "too many of its answers failed (more than 2%)"
