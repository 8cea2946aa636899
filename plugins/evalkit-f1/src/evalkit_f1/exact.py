"""``exact-f1``: a predicted triple is right if the target holds the same one.

A low score has two causes: the wrong entities were found, or the right ones were joined by a
relation that the references call something else. Two more figures tell them apart. ``pair_*_f1``
looks at (subject, object) pairs alone, whatever the relation. With ``by-relation = true``
``relation_conformance`` says how often a relation of the references was used at all; see
`evalkit_f1.relations`.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

from evalkit_f1.items import Items
from evalkit_f1.metric import Columns, TripleF1, f1_of
from evalkit_f1.normalize import PROFILES
from evalkit_f1.pairs import Pair, equals
from evalkit_f1.params import ExactF1Params
from evalkit_f1.relations import relation_counts, relation_figures

_PAIRS = ("pair_tp", "pair_predicted", "pair_reference")


class ExactF1(TripleF1[str]):
    """F1 by equality after normalisation."""

    params: ExactF1Params
    parts = (*TripleF1.parts, *_PAIRS)

    def __init__(self, params: ExactF1Params) -> None:
        """Choose the normalisation."""
        self._profile = PROFILES[params.normalization]
        super().__init__(params, self._profile.whole)

    def pairs(self, answer: Items[str], target: Items[str]) -> list[Pair]:
        """The items that are in both. The study's rule compares malformed items too."""
        both = equals(answer.triples, target.triples)
        if self.params.compat == "study":
            both += equals(answer.broken, target.broken)
        return both

    def compare(self, answer: Items[str], target: Items[str], tp: int) -> dict[str, float]:
        """The parts of every triple metric, and counts of distinct pairs.

        A malformed item counts as a pair that nothing matches.
        """
        parts = super().compare(answer, target, tp)
        ours = set(map(self._profile.pair, answer.written))
        theirs = ours if target is answer else set(map(self._profile.pair, target.written))
        parts["pair_tp"] = len(ours & theirs)
        parts["pair_predicted"] = len(ours) + len(answer.broken)
        parts["pair_reference"] = len(theirs) + len(target.broken)
        if self.params.by_relation:
            sides = (map(self._profile.slots, side.written) for side in (answer, target))
            parts.update(relation_counts(*sides))
        return parts

    def aggregate(self, scores: Sequence[Mapping[str, float]]) -> Mapping[str, float | None]:
        """Macro and micro figures of triples and of pairs, and on demand those by relation."""
        figures = super().aggregate(scores)
        return {**figures, **relation_figures(scores)} if self.params.by_relation else figures

    def figures(self, columns: Columns) -> dict[str, float | None]:
        """Those of every triple metric, and F1 of pairs."""
        pairs = [columns[part] for part in _PAIRS]
        return {
            **super().figures(columns),
            "pair_macro_f1": fmean(map(f1_of, *pairs)),
            "pair_micro_f1": f1_of(*map(sum, pairs)),
        }
