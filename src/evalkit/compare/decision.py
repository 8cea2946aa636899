"""What the figures are good for: learning curves, costs, and which method to take."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalkit.compare.breakeven import adjusted_costs, break_evens, deciding_pairs
from evalkit.compare.costs import costs
from evalkit.compare.curves import Step, last_steps, learning_curves
from evalkit.compare.evidence import Evidence, Form
from evalkit.compare.methods import Method
from evalkit.compare.recommend import recommendation
from evalkit.compare.serving import read_token_costs, serving_replicates
from evalkit.compare.terms import Terms
from evalkit.compare.weighing import measure_of, weigh
from evalkit.stats.arrays import FloatArray
from evalkit.stats.bootstrap import Sampling
from evalkit.stats.clusters import Clusters
from evalkit.stats.compare import compare_all
from evalkit.stats.difference import Difference
from evalkit.stats.estimate import joint_replicates
from evalkit.stats.scores import Scores
from evalkit.suite import AnalysisKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a decision rests on.

    Attributes:
        methods: all methods that are compared.
        figures: name of a method -> its figure by the primary metric: ``value``, ``low``,
            ``high``, ``undefined``.
        terms: name of a method -> what its figure is made of; a method without a figure has none.
        clusters: of some examples.
        sampling: how often to resample, and the seed.
        keys: how the suite wants methods compared.
        higher_is_better: which way the metric is better.
        baseline: name of the method that the others are compared with.
    """

    methods: Sequence[Method]
    figures: Mapping[str, Form]
    terms: Mapping[str, Terms]
    clusters: Callable[[tuple[str, ...]], Clusters]
    sampling: Sampling
    keys: AnalysisKeys
    higher_is_better: bool
    baseline: str = ""


def decide(basis: Basis) -> dict[str, Any]:
    """The keys ``curves``, ``costs``, ``break_evens`` and ``recommendation`` of an analysis.

    All methods are resampled together, on the examples of which every one of them has a score.

    Raises:
        UserError: predictions cannot be read.
    """
    examples = _shared(list(basis.terms.values()))
    clusters = basis.clusters(examples) if examples else None
    own = basis.terms if examples else {}
    scores = {name: _scores(terms.of(examples)) for name, terms in own.items()}
    centres = {name: one.value() for name, one in scores.items()}
    tables = {name: one.linearised() for name, one in scores.items()}
    evidence = Evidence(
        figures=basis.figures,
        replicates=_replicates(scores, clusters, basis.sampling),
        meaningful=basis.keys.meaningful_difference,
        higher_is_better=basis.higher_is_better,
        examples=len(examples),
        clusters=int(clusters.count) if clusters else 0,
        centres={name: value for name, value in centres.items() if value is not None},
        tables={name: table for name, table in tables.items() if table is not None},
        together=clusters,
    )
    paid = costs(basis.methods, basis.keys)
    serving = _serving(basis, paid, examples, clusters)
    pairs = _pairs(basis, paid, evidence)
    found = break_evens(paid, evidence, pairs, error_cost=basis.keys.error_cost, serving=serving)
    if basis.keys.error_cost:
        for name, adjusted in adjusted_costs(paid, evidence, basis.keys.error_cost).items():
            paid[name]["with_errors"] = adjusted
    return {
        "curves": learning_curves(
            basis.methods, evidence, _gains(basis, evidence, scores, clusters)
        ),
        "costs": paid,
        "break_evens": found,
        "recommendation": recommendation(paid, evidence, serving=serving, break_evens=found),
    }


def _shared(terms: Sequence[Terms]) -> tuple[str, ...]:
    """The examples that all have, in the order of the first."""
    if not terms:
        return ()
    known = set.intersection(*(set(one.examples) for one in terms))
    return tuple(key for key in terms[0].examples if key in known)


def _scores(terms: Terms) -> Scores:
    return Scores(numerator=terms.numerator, denominator=terms.denominator, empty=terms.empty)


def _replicates(
    scores: Mapping[str, Scores], clusters: Clusters | None, sampling: Sampling
) -> dict[str, FloatArray]:
    if clusters is None:
        return {}
    drawn = joint_replicates(list(scores.values()), clusters, sampling=sampling)
    return dict(zip(scores, np.asarray(drawn), strict=True))


def _pairs(basis: Basis, paid: Mapping[str, Form], evidence: Evidence) -> list[tuple[str, str]]:
    """The pairs of methods of which it matters from how many answers on one of them pays."""
    measure, _ = measure_of(paid, evidence)
    field, _ = weigh(paid, evidence, measure)
    if field is None:
        return deciding_pairs(list(paid), [basis.baseline], [])
    return deciding_pairs(list(paid), [basis.baseline, field.best, field.chosen], field.on_front())


def _gains(
    basis: Basis, evidence: Evidence, scores: Mapping[str, Scores], clusters: Clusters | None
) -> dict[Step, Difference]:
    """What the last steps of learning curves gain, as differences are always found."""
    steps = last_steps(basis.methods, evidence)
    if not steps or clusters is None:
        return {}
    place = {name: index for index, name in enumerate(dict.fromkeys(sum(steps, ())))}
    found = compare_all(
        [scores[name] for name in place],
        [(place[before], place[after]) for before, after in steps],
        clusters,
        meaningful=evidence.meaningful,
        higher_is_better=evidence.higher_is_better,
        sampling=basis.sampling,
    )
    return dict(zip(steps, found, strict=True))


def _serving(
    basis: Basis, paid: Mapping[str, Form], examples: tuple[str, ...], clusters: Clusters | None
) -> dict[str, FloatArray]:
    if clusters is None:
        return {}
    found = {}
    for method in basis.methods:
        known = paid[method.name]["serving"]["per_1000"] is not None
        terms = read_token_costs(method) if known else None
        if terms is not None and set(examples) <= set(terms.examples):
            found[method.name] = terms
    return serving_replicates(paid, found, examples, clusters, basis.sampling)
