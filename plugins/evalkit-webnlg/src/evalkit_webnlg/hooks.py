"""What this distribution registers with evalkit."""

from collections.abc import Iterable

from evalkit import Entry, hookimpl


@hookimpl
def evalkit_tasks() -> Iterable[Entry]:
    """The one task of this distribution."""
    return [
        Entry(
            name="triples",
            target="evalkit_webnlg.task:TriplesTask",
            params="evalkit_webnlg.params:TriplesParams",
            summary="Extract the facts of a text as subject | predicate | object triples.",
            answers=frozenset({"triples"}),
        )
    ]


@hookimpl
def evalkit_metrics() -> Iterable[Entry]:
    """The one metric of this distribution; it reads triples only."""
    return [
        Entry(
            name="webnlg-official",
            target="evalkit_webnlg.official.metric:WebnlgOfficial",
            params="evalkit_webnlg.params:WebnlgOfficialParams",
            summary="The scores of the WebNLG 2020 text-to-triples evaluation",
            answers=frozenset({"triples"}),
        )
    ]
