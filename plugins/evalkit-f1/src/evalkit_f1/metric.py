"""Precision, recall and F1 over triples: what every way of matching shares.

Parts of an example's score: ``tp``, ``predicted``, ``reference`` (counts of distinct items),
``precision``, ``recall``, ``f1``, ``malformed``, ``duplicates`` and ``items`` (counts in the
answer as written). If answer and target are both empty, precision, recall and F1 are 1; if only
one of them is, they are 0.

Figures of a cell: ``macro_*`` are means over examples, ``micro_*`` are computed from the summed
counts; ``malformed_rate`` and ``duplicate_rate`` are shares of all items in the answers.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from statistics import fmean
from typing import ClassVar, Final, Generic

from evalkit import Json, Match, Metric, Ratio
from evalkit_f1.items import Form, Items, read_items
from evalkit_f1.normalize import Written
from evalkit_f1.pairs import Pair
from evalkit_f1.params import TripleParams

RATES: Final = ("precision", "recall", "f1")
_RATIOS: Final = {
    "macro": Ratio(numerator={"f1": 1}),
    "micro": Ratio(numerator={"tp": 2}, denominator={"predicted": 1, "reference": 1}, empty=1.0),
}

Columns = Mapping[str, Sequence[float]]
"""Name of a part -> its value for each example."""


class TripleF1(Metric, Generic[Form]):
    """F1 over triples; a subclass says which predictions are right.

    An item with other than three parts stays in the answer as a prediction that nothing matches.
    Duplicates are removed after normalisation.
    """

    params: TripleParams
    parts: ClassVar[tuple[str, ...]] = (
        *("tp", "predicted", "reference", *RATES),
        *("malformed", "duplicates", "items"),
    )
    """The parts that every score has."""

    def __init__(self, params: TripleParams, form: Callable[[Written], Form]) -> None:
        """Choose the headline, and the form in which items are matched."""
        super().__init__(params)
        self.headline = f"{params.average}_f1"
        self.ratio = _RATIOS[params.average]
        self._form = form
        self._last: tuple[Json, Json, Sequence[Pair]] | None = None

    @abstractmethod
    def pairs(self, answer: Items[Form], target: Items[Form]) -> list[Pair]:
        """The items of the answer that are right, each with one of the target for which it stands.

        No item of the answer is in two pairs.
        """

    def score(self, target: Json, value: Json) -> Mapping[str, float]:
        """The parts of one example's score; see the module.

        Raises:
            DataError: target or value is no list of lists of strings.
        """
        answer, wanted, pairs = self._paired(target, value)
        self._last = (target, value, pairs)  # for ``matches``, which is asked next
        return self.compare(answer, wanted, len(pairs))

    def matches(self, target: Json, value: Json) -> list[Match]:
        """As many as ``tp`` counts; of duplicates the first one is matched.

        Raises:
            DataError: as ``score``.
        """
        last = self._last
        if last is not None and last[0] is target and last[1] is value:
            pairs = last[2]
        else:
            _, _, pairs = self._paired(target, value)
        return [Match(answer=i, target=j, similarity=s) for i, j, s in pairs]

    def _paired(self, target: Json, value: Json) -> tuple[Items[Form], Items[Form], Sequence[Pair]]:
        answer = read_items(value, self._form)
        wanted = answer if value == target else read_items(target, self._form)
        return answer, wanted, self.pairs(answer, wanted)

    def compare(self, answer: Items[Form], target: Items[Form], tp: int) -> dict[str, float]:
        """The parts of the score of items that were read, `tp` of which are right."""
        predicted, reference = answer.distinct, target.distinct
        return {
            "tp": tp,
            "predicted": predicted,
            "reference": reference,
            **rates(tp, predicted, reference),
            "malformed": answer.total - len(answer.written),
            "duplicates": answer.total - predicted,
            "items": answer.total,
        }

    def aggregate(self, scores: Sequence[Mapping[str, float]]) -> Mapping[str, float | None]:
        """Macro and micro figures; see the module.

        Without scores everything is undefined; without items in any answer, the shares of items
        are.
        """
        if not scores:  # any score shows which figures there are
            return dict.fromkeys(self.figures(dict.fromkeys(self.parts, (0,))))
        rows = map(itemgetter(*self.parts), scores)  # one pass: a score may be made when asked for
        return self.figures(dict(zip(self.parts, zip(*rows, strict=True), strict=True)))

    def figures(self, columns: Columns) -> dict[str, float | None]:
        """The figures of a cell, from the parts of at least one score."""
        micro = rates(*(sum(columns[part]) for part in ("tp", "predicted", "reference")))
        items = sum(columns["items"])
        return {
            **{f"macro_{rate}": fmean(columns[rate]) for rate in RATES},
            **{f"micro_{rate}": micro[rate] for rate in RATES},
            "malformed_rate": sum(columns["malformed"]) / items if items else None,
            "duplicate_rate": sum(columns["duplicates"]) / items if items else None,
        }


def rates(tp: float, predicted: float, reference: float) -> dict[str, float]:
    """Precision, recall and F1 from counts; all 1 if there is nothing on either side."""
    if not predicted and not reference:
        return dict.fromkeys(RATES, 1.0)
    return {
        "precision": tp / predicted if predicted else 0.0,
        "recall": tp / reference if reference else 0.0,
        "f1": f1_of(tp, predicted, reference),
    }


def f1_of(tp: float, predicted: float, reference: float) -> float:
    """F1 from counts; 1 if there is nothing on either side."""
    both = predicted + reference
    return 2 * tp / both if both else 1.0
