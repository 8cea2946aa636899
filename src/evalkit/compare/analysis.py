"""Methods side by side: figures with intervals, paired differences, tests, verdicts.

What a pair is compared on are the examples that both have a score of for every seed. A method with
a cell that failed, or in which more than 2% of the answers failed, gets no verdict.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from evalkit.compare.contrasts import rating_differences
from evalkit.compare.decision import Basis, decide
from evalkit.compare.duplicates import carried, read_near_duplicates
from evalkit.compare.facts import other_scores, outcomes_of, rate, rating_notes
from evalkit.compare.forms import difference_form, estimate_form, figures
from evalkit.compare.latency import latencies, latency_notes
from evalkit.compare.methods import Method
from evalkit.compare.notes import about_metric, about_numbers, doubts
from evalkit.compare.numbers import Numbers
from evalkit.compare.terms import Terms
from evalkit.fairness import check
from evalkit.stats.holm import holm
from evalkit.suite import AnalysisKeys

Form = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is compared.

    Attributes:
        methods: the methods, the order of the table.
        metric: the primary metric.
        baseline: the method that the others are compared with.
        keys: how.
        notes: what to say of the choice.
    """

    methods: tuple[Method, ...]
    metric: str
    baseline: Method
    keys: AnalysisKeys
    notes: tuple[str, ...] = ()

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


def analyse(subject: Subject, numbers: Numbers) -> Form:
    """All figures of a comparison, as JSON; undefined ones are None, with the reason beside."""
    estimates = numbers.estimates(subject.methods, subject.metric)
    pairs = subject.pairs
    found = numbers.differences(pairs, subject.metric, higher_is_better=subject.higher_is_better)
    differences = [
        difference_form(one.name, other.name, difference)
        for (one, other), difference in zip(pairs, found, strict=True)
    ]
    for row, p in zip(differences, holm([row["p"] for row in differences]), strict=True):
        row["p_adjusted"] = p
    terms = {name: one for name, one in _terms(subject, numbers).items() if isinstance(one, Terms)}
    decided = decide(
        Basis(
            methods=subject.methods,
            figures={name: figures(found) for name, found in estimates.items()},
            terms=terms,
            clusters=numbers.clusters,
            sampling=numbers.sampling,
            keys=subject.keys,
            higher_is_better=subject.higher_is_better,
            baseline=subject.baseline.name,
        )
    )
    others, left_out = other_scores(subject.methods, subject.metric)
    ratings = rate(subject.methods)
    waits = latencies(subject.methods)
    return {
        **_settings(subject),
        "methods": [
            {
                "method": method.name,
                "run": method.run,
                "cells": [cell["id"] for cell in method.cells],
                **estimate_form(estimates[method.name], len(method.seeds)),
                "others": others[method.name],
                **ratings[method.name],
                **outcomes_of(method),
                "near_duplicates": _near(method, terms.get(method.name)),
                "cost_per_1000": decided["costs"][method.name]["serving"]["per_1000"],
                "latency": waits[method.name],
            }
            for method in subject.methods
        ],
        "differences": differences,
        "rating_differences": rating_differences(
            subject.methods, subject.baseline.name, all_pairs=subject.keys.pairs == "all"
        ),
        **decided,
        "checks": [asdict(one) for one in check(subject.methods)],
        "notes": [
            *about_metric(subject.metric, subject.score),
            *about_numbers(subject.methods, found, subject.keys),
            *subject.notes,
            *left_out,
            *doubts(estimates, pairs, found),
            *rating_notes(subject.methods),
            *latency_notes(waits),
        ],
    }


def _settings(subject: Subject) -> Form:
    """By what the methods are compared."""
    return {
        "metric": subject.metric,
        "headline": subject.score["headline"],
        "direction": subject.score["direction"],
        "params": subject.score.get("params") or {},
        "baseline": subject.baseline.name,
        "pairs": subject.keys.pairs,
        "meaningful_difference": subject.keys.meaningful_difference,
        "replicates": subject.keys.replicates,
        "currency": next(filter(None, (m.results.get("currency") for m in subject.methods)), None),
    }


def _terms(subject: Subject, numbers: Numbers) -> dict[str, Terms | str]:
    return {method.name: numbers.terms(method, subject.metric) for method in subject.methods}


def _near(method: Method, terms: Terms | None) -> Form | None:
    """What near-duplicates of training examples carry; None if there are none."""
    found = None if terms is None else carried(terms, read_near_duplicates(method))
    return None if found is None else asdict(found)
