"""Registers the metrics ``exact-f1``, ``fuzzy-f1`` and ``slot-fuzzy-f1``."""

from collections.abc import Iterable

from evalkit import Entry, hookimpl


@hookimpl
def evalkit_metrics() -> Iterable[Entry]:
    """The metrics of this distribution; all read triples only."""
    return [
        Entry(
            name="exact-f1",
            target="evalkit_f1.exact:ExactF1",
            params="evalkit_f1.params:ExactF1Params",
            summary="F1 of triples that are equal after normalisation",
            answers=frozenset({"triples"}),
        ),
        Entry(
            name="fuzzy-f1",
            target="evalkit_f1.fuzzy:FuzzyF1",
            params="evalkit_f1.params:FuzzyF1Params",
            summary="F1 of triples that are similar as a whole, matched one to one",
            answers=frozenset({"triples"}),
        ),
        Entry(
            name="slot-fuzzy-f1",
            target="evalkit_f1.slot_fuzzy:SlotFuzzyF1",
            params="evalkit_f1.params:SlotFuzzyF1Params",
            summary="F1 of triples that are similar slot by slot, matched one to one",
            answers=frozenset({"triples"}),
        ),
    ]
