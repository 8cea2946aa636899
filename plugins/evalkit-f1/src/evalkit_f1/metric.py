"""Precision, recall and F1 over triples: what every way of matching shares.

Parts of an example's score: ``tp``, ``predicted``, ``reference`` (counts of distinct items),
``precision``, ``recall``, ``f1``, ``malformed``, ``duplicates`` and ``items`` (counts in the
answer as written). If answer and target are both empty, precision, recall and F1 are 1; if only
one of them is, they are 0.

Figures of a cell: ``macro_*`` are means over examples, ``micro_*`` are computed from the summed
counts; ``malformed_rate`` and ``duplicate_rate`` are shares of all items in the answers.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from operator import itemgetter
from statistics import fmean

from evalkit import Json, Metric
from evalkit_f1.items import Items, read_items
from evalkit_f1.normalize import PROFILES
from evalkit_f1.params import ExactF1Params

_RATES = ("precision", "recall", "f1")
_PARTS = ("tp", "predicted", "reference", *_RATES, "malformed", "duplicates", "items")
_parts = itemgetter(*_PARTS)


class TripleF1(Metric):
    """F1 over triples; a subclass says which predictions are right.

    An item with other than three parts stays in the answer as a prediction that nothing matches.
    Duplicates are removed after normalisation.
    """

    params: ExactF1Params

    def __init__(self, params: ExactF1Params) -> None:
        """Choose the headline and the normalisation."""
        super().__init__(params)
        self.headline = f"{params.average}_f1"
        self._profile = PROFILES[params.normalization]

    @abstractmethod
    def true_positives(self, answer: Items, target: Items) -> int:
        """How many items of the answer are right."""

    def score(self, target: Json, value: Json) -> Mapping[str, float]:
        """The parts of one example's score; see the module.

        Raises:
            DataError: target or value is no list of lists of strings.
        """
        answer = read_items(value, self._profile)
        wanted = read_items(target, self._profile)
        tp = self.true_positives(answer, wanted)
        predicted, reference = answer.distinct, wanted.distinct
        return {
            "tp": tp,
            "predicted": predicted,
            "reference": reference,
            **rates(tp, predicted, reference),
            "malformed": answer.malformed,
            "duplicates": answer.total - predicted,
            "items": answer.total,
        }

    def aggregate(self, scores: Sequence[Mapping[str, float]]) -> Mapping[str, float | None]:
        """Macro and micro figures; see the module.

        Without scores everything is undefined; without items in any answer, the shares of items
        are.
        """
        if not scores:
            names = (f"{kind}_{rate}" for kind in ("macro", "micro") for rate in _RATES)
            return dict.fromkeys([*names, "malformed_rate", "duplicate_rate"])
        rows = map(_parts, scores)  # one pass: each score may be made as it is asked for
        columns = dict(zip(_PARTS, zip(*rows, strict=True), strict=True))
        micro = rates(*(sum(columns[part]) for part in ("tp", "predicted", "reference")))
        items = sum(columns["items"])
        return {
            **{f"macro_{rate}": fmean(columns[rate]) for rate in _RATES},
            **{f"micro_{rate}": micro[rate] for rate in _RATES},
            "malformed_rate": sum(columns["malformed"]) / items if items else None,
            "duplicate_rate": sum(columns["duplicates"]) / items if items else None,
        }


def rates(tp: float, predicted: float, reference: float) -> dict[str, float]:
    """Precision, recall and F1 from counts; all 1 if there is nothing on either side."""
    if not predicted and not reference:
        return dict.fromkeys(_RATES, 1.0)
    return {
        "precision": tp / predicted if predicted else 0.0,
        "recall": tp / reference if reference else 0.0,
        "f1": 2 * tp / (predicted + reference),
    }
