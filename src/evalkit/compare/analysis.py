"""Methods side by side: figures with intervals, paired differences, tests, verdicts.

What a pair is compared on are the examples that both have a score of for every seed. A method with
a cell that failed, or in which more than 2% of the answers failed, gets no verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from math import inf
from statistics import fmean
from typing import Any

from evalkit.compare.decision import Basis, decide
from evalkit.compare.duplicates import carried, read_near_duplicates
from evalkit.compare.facts import outcomes_of, rating_notes, ratings_of
from evalkit.compare.forms import difference_form, estimate_form, figures
from evalkit.compare.methods import Method, Terms, read_sources, read_terms
from evalkit.fairness import check
from evalkit.stats.bootstrap import Sampling
from evalkit.stats.clusters import Clusters, by_source
from evalkit.stats.compare import compare_all
from evalkit.stats.difference import Difference
from evalkit.stats.estimate import Estimate, estimate
from evalkit.stats.holm import holm
from evalkit.stats.scores import Scores
from evalkit.suite import AnalysisKeys

Form = dict[str, Any]
_SEED = 20_261
"""Of all random numbers: the same runs give the same figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is compared.

    Attributes:
        methods: the methods, the order of the table.
        metric: the primary metric.
        baseline: the method that the others are compared with.
        keys: how.
    """

    methods: tuple[Method, ...]
    metric: str
    baseline: Method
    keys: AnalysisKeys

    @property
    def score(self) -> Mapping[str, Any]:
        """What any of the cells says of the primary metric."""
        cells = (cell for method in self.methods for cell in method.cells)
        return next(c["scores"][self.metric] for c in cells if self.metric in c["scores"])

    @property
    def higher_is_better(self) -> bool:
        """Whether more is better."""
        return bool(self.score["direction"] == "higher")

    @property
    def pairs(self) -> list[tuple[Method, Method]]:
        """What is compared with what: the baseline first, or the earlier one."""
        if self.keys.pairs == "all":
            others = [method for method in self.methods if method is not self.baseline]
            return list(combinations((self.baseline, *others), 2))
        return [(self.baseline, other) for other in self.methods if other is not self.baseline]


class Numbers:
    """The scores of the methods, read once, and the figures that are made of them."""

    def __init__(self, methods: Sequence[Method], keys: AnalysisKeys) -> None:
        """Read which example was made of what."""
        self._sampling = Sampling(replicates=keys.replicates, seed=_SEED)
        self._meaningful = keys.meaningful_difference
        self._sources = read_sources(methods[0].folder)
        self._terms: dict[tuple[str, str], Terms | None] = {}
        self._clusters: dict[tuple[str, ...], Clusters] = {}

    def terms(self, method: Method, metric: str) -> Terms | str:
        """What the figure of a method is made of, or why there is none."""
        if not method.complete:
            return why_incomplete(method)
        key = (method.name, metric)
        if key not in self._terms:
            self._terms[key] = read_terms(method, metric)
        found = self._terms[key]
        if found is None or not found.examples:
            return "undefined, because no example tells what it adds to this metric's headline"
        return found

    def clusters(self, examples: tuple[str, ...]) -> Clusters:
        """Which of some examples belong together."""
        if examples not in self._clusters:
            self._clusters[examples] = by_source([self._sources[key] for key in examples])
        return self._clusters[examples]

    @property
    def sampling(self) -> Sampling:
        """How often to resample, and the seed."""
        return self._sampling

    def estimate(self, method: Method, metric: str) -> Estimate | str:
        """The figure of a method, or why there is none."""
        terms = self.terms(method, metric)
        if isinstance(terms, str):
            return terms
        found = estimate(scores_of(terms), self.clusters(terms.examples), sampling=self._sampling)
        return _within(found, method.cells[0]["scores"][metric]["range"])

    def differences(
        self, pairs: Sequence[tuple[Method, Method]], metric: str, *, higher_is_better: bool
    ) -> list[Difference | str]:
        """The difference of each pair, or why there is none; pairs on the same examples at once."""
        found: list[Difference | str] = [""] * len(pairs)
        together: dict[tuple[str, ...], list[int]] = {}
        for index, (one, other) in enumerate(pairs):
            shared = self._shared(one, other, metric)
            if isinstance(shared, str):
                found[index] = shared
            else:
                together.setdefault(shared, []).append(index)
        for examples, indices in together.items():
            own = [pairs[index] for index in indices]
            differences = self._compare(own, metric, examples, higher_is_better=higher_is_better)
            for index, difference in zip(indices, differences, strict=True):
                found[index] = difference
        return found

    def _shared(self, one: Method, other: Method, metric: str) -> tuple[str, ...] | str:
        first, second = self.terms(one, metric), self.terms(other, metric)
        for method, terms in ((one, first), (other, second)):
            if isinstance(terms, str):
                return f"{method.name}: {terms}"
        assert isinstance(first, Terms)
        assert isinstance(second, Terms)
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
        scores = []
        for method in methods.values():
            terms = self.terms(method, metric)
            assert isinstance(terms, Terms)
            scores.append(scores_of(terms.of(examples)))
        return compare_all(
            scores,
            [(place[one.name], place[other.name]) for one, other in pairs],
            self.clusters(examples),
            meaningful=self._meaningful,
            higher_is_better=higher_is_better,
            sampling=self._sampling,
        )


def _within(found: Estimate, limits: Sequence[float | None]) -> Estimate:
    """The figure with an interval that holds no value which the metric cannot have."""
    if found.interval is None:
        return found
    least, most = limits
    low = max(found.interval.low, -inf if least is None else least)
    high = min(found.interval.high, inf if most is None else most)
    return replace(found, interval=replace(found.interval, low=low, high=high))


def scores_of(terms: Terms) -> Scores:
    """The terms as the statistics take them."""
    return Scores(numerator=terms.numerator, denominator=terms.denominator, empty=terms.empty)


def why_incomplete(method: Method) -> str:
    """Why a method has no figure to compare."""
    for cell in method.cells:
        if cell["status"] == "failed":
            return f"cell {cell['id']} failed: {cell['failure']['reason']}"
        if cell["status"] != "done":
            return f"cell {cell['id']} was not run to its end"
    return "too many of its answers failed (more than 2%)"


def analyse(subject: Subject, numbers: Numbers) -> Form:
    """All figures of a comparison, as JSON; undefined ones are None, with the reason beside."""
    estimates = {
        method.name: numbers.estimate(method, subject.metric) for method in subject.methods
    }
    pairs = subject.pairs
    found = numbers.differences(pairs, subject.metric, higher_is_better=subject.higher_is_better)
    differences = [
        difference_form(one.name, other.name, difference)
        for (one, other), difference in zip(pairs, found, strict=True)
    ]
    for row, p in zip(differences, holm([row["p"] for row in differences]), strict=True):
        row["p_adjusted"] = p
    keys = subject.keys
    terms = {name: one for name, one in _terms(subject, numbers).items() if isinstance(one, Terms)}
    decided = decide(
        Basis(
            methods=subject.methods,
            figures={name: figures(found) for name, found in estimates.items()},
            terms=terms,
            clusters=numbers.clusters,
            sampling=numbers.sampling,
            keys=keys,
            higher_is_better=subject.higher_is_better,
        )
    )
    checks = check(subject.methods)
    return {
        "metric": subject.metric,
        "headline": subject.score["headline"],
        "direction": subject.score["direction"],
        "params": subject.score.get("params") or {},
        "baseline": subject.baseline.name,
        "pairs": keys.pairs,
        "meaningful_difference": keys.meaningful_difference,
        "replicates": keys.replicates,
        "currency": next((m.results.get("currency") for m in subject.methods), None),
        "methods": [
            {
                "method": method.name,
                "run": method.folder.name,
                "cells": [cell["id"] for cell in method.cells],
                **estimate_form(estimates[method.name], len(method.seeds)),
                "others": _others(method, subject.metric),
                "ratings": ratings_of(method),
                **outcomes_of(method),
                "near_duplicates": _near(method, terms.get(method.name)),
                "cost_per_1000": decided["costs"][method.name]["serving"]["per_1000"],
            }
            for method in subject.methods
        ],
        "differences": differences,
        **decided,
        "checks": [asdict(one) for one in checks],
        "notes": [*_notes(subject, estimates, found), *rating_notes(subject.methods)],
    }


def _terms(subject: Subject, numbers: Numbers) -> dict[str, Terms | str]:
    return {method.name: numbers.terms(method, subject.metric) for method in subject.methods}


def _near(method: Method, terms: Terms | None) -> Form | None:
    """What near-duplicates of training examples carry; None if there are none."""
    found = None if terms is None else carried(terms, read_near_duplicates(method))
    return None if found is None else asdict(found)


def _others(method: Method, metric: str) -> dict[str, float | None]:
    """The headlines of the other metrics, each the mean over the seeds."""
    names = dict.fromkeys(name for cell in method.cells for name in cell["scores"])
    found: dict[str, float | None] = {}
    for name in names:
        if name != metric:
            values = [c["scores"][name]["value"] for c in method.cells if name in c["scores"]]
            known = [value for value in values if value is not None]
            found[name] = fmean(known) if known and len(known) == len(values) else None
    return found


def _notes(
    subject: Subject,
    estimates: Mapping[str, Estimate | str],
    found: Sequence[Difference | str],
) -> list[str]:
    """What stands below the table."""
    seeds = sorted({seed for method in subject.methods for seed in method.seeds})
    known = [one.detectable for one in found if not isinstance(one, str) and one.detectable]
    given = (subject.score.get("params") or {}).items()
    params = ", ".join(f"{key} = {value}" for key, value in given if value is not None)
    notes = [
        f"{subject.metric}: {subject.score['headline']}, {subject.score['direction']} is better"
        + (f" ({params})" if params else ""),
        f"* baseline; differences below {subject.keys.meaningful_difference:g} do not matter",
        f"{'seeds' if len(seeds) > 1 else 'seed'} {', '.join(map(str, seeds))}; "
        f"{subject.keys.replicates} replicates; p adjusted over {len(found)} pairs",
    ]
    if known:
        notes.append(f"a true difference of {max(known):.3f} would be found in 4 of 5 cases")
    doubts: dict[str, None] = {}
    for name, estimated in estimates.items():
        if isinstance(estimated, str):
            doubts[f"{name}: {estimated}"] = None
        elif estimated.interval is None:
            doubts.update(dict.fromkeys(f"{name}: {note}" for note in estimated.notes))
    for (one, other), difference in zip(subject.pairs, found, strict=True):
        if isinstance(difference, str):
            doubts[f"{other.name} against {one.name}: {difference}"] = None
        else:
            doubts.update(dict.fromkeys(difference.notes))
    return [*notes, *doubts]
