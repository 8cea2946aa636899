"""How well each relation is extracted, and whether the relations are the expected ones at all.

The relation vocabulary is the set of relations in the references of all scored examples, after
normalisation. It is the same for every method on the same examples. On few examples it lacks
relations that the task knows, so that the conformance rate is a lower bound; it never depends on
the reference of one example alone, as that would forgive what the example does not contain.

Averages over relations follow REBEL's evaluation (Huguet Cabot and Navigli 2021,
https://aclanthology.org/2021.findings-emnlp.204): triples are matched as sets for each relation,
and each relation of the vocabulary weighs the same. Relations outside it have no precision and
recall of their own; they lower the micro figures and the conformance rate.

The score of an example holds its counts under ``tp:RELATION``, ``predicted:RELATION`` and
``reference:RELATION``, without those that are 0. Malformed items have no relation.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from evalkit_f1.metric import RATES, rates
from evalkit_f1.normalize import Slots

_COUNTS = ("tp", "predicted", "reference")


def relation_counts(answer: Iterable[Slots], target: Iterable[Slots]) -> dict[str, float]:
    """The parts of one example: how many distinct triples there are of each relation."""
    ours, theirs = frozenset(answer), frozenset(target)
    sides = zip(_COUNTS, (ours & theirs, ours, theirs), strict=True)
    return {
        f"{kind}:{relation}": count
        for kind, triples in sides
        for relation, count in Counter(relation for _, relation, _ in triples).items()
    }


def relation_figures(scores: Sequence[Mapping[str, float]]) -> dict[str, float | None]:
    """The figures of a cell.

    Returns:
        ``relations``, the size of the vocabulary; ``relation_conformance``, the share of predicted
        triples whose relation is in it; ``relation_macro_precision``, ``_recall`` and ``_f1``, the
        means over its relations. All but the first are undefined if the references hold no
        triples; without predicted triples the conformance is undefined too.
    """
    tp, predicted, reference = _sums(scores)
    each = [rates(tp[name], predicted[name], reference[name]) for name in reference]
    known = sum(predicted[name] for name in reference)
    total = sum(predicted.values())
    return {
        "relations": len(reference) if scores else None,
        "relation_conformance": known / total if reference and total else None,
        **{
            f"relation_macro_{rate}": fmean([one[rate] for one in each]) if each else None
            for rate in RATES
        },
    }


def _sums(scores: Iterable[Mapping[str, float]]) -> list[Counter[str]]:
    """For each kind of count: relation -> its sum over the examples."""
    sums: dict[str, Counter[str]] = {kind: Counter() for kind in _COUNTS}
    for score in scores:
        for part, count in score.items():
            kind, colon, relation = part.partition(":")
            if colon:
                sums[kind][relation] += int(count)
    return [sums[kind] for kind in _COUNTS]
