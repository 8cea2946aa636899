"""The full-triple score: which triples, as they are written in lower case, were found.

Every distinct triple of the data is a class: precision, recall and F1 are computed for each over
all examples, 0 where nothing is to be divided by, and then averaged.

A score may hold numbers only. So an example names its triples, as ``{"both: a | b | c": 1.0}``,
and the classes are put together again from all examples.

Source: scikit-learn's ``average="macro"`` for binarised labels,
https://scikit-learn.org/stable/modules/model_evaluation.html#multiclass-and-multilabel-classification
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import fmean

BOTH = "both: "
ANSWER = "answer: "
TARGET = "target: "


def name_triples(target: Iterable[str], answer: Iterable[str]) -> dict[str, float]:
    """The triples of one example: found, invented and missed ones."""
    wanted, given = ({one.lower() for one in side} for side in (target, answer))
    return {
        **{f"{BOTH}{one}": 1.0 for one in sorted(wanted & given)},
        **{f"{ANSWER}{one}": 1.0 for one in sorted(given - wanted)},
        **{f"{TARGET}{one}": 1.0 for one in sorted(wanted - given)},
    }


class FullTriples:
    """Gathers the triples of all examples."""

    def __init__(self) -> None:
        """Start with none."""
        self._found: Counter[str] = Counter()
        self._given: Counter[str] = Counter()
        self._wanted: Counter[str] = Counter()

    def add(self, score: Mapping[str, float]) -> None:
        """Add the triples that a score names."""
        for name in score:
            if name.startswith(BOTH):
                one = name.removeprefix(BOTH)
                self._found[one] += 1
                self._given[one] += 1
                self._wanted[one] += 1
            elif name.startswith(ANSWER):
                self._given[name.removeprefix(ANSWER)] += 1
            elif name.startswith(TARGET):
                self._wanted[name.removeprefix(TARGET)] += 1

    def rates(self) -> dict[str, float | None]:
        """Macro ``full_precision``, ``full_recall`` and ``full_f1``; None if there is no triple."""
        triples = self._given.keys() | self._wanted.keys()
        if not triples:
            return dict.fromkeys(("full_precision", "full_recall", "full_f1"))
        found, given, wanted = self._found, self._given, self._wanted
        return {
            "full_precision": fmean(_share(found[one], given[one]) for one in triples),
            "full_recall": fmean(_share(found[one], wanted[one]) for one in triples),
            "full_f1": fmean(2 * found[one] / (given[one] + wanted[one]) for one in triples),
        }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
