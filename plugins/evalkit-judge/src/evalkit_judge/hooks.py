"""Registers the comparison ``judge-elo``."""

from collections.abc import Iterable

from evalkit import Entry, hookimpl


@hookimpl
def evalkit_comparisons() -> Iterable[Entry]:
    """The comparisons of this distribution."""
    return [
        Entry(
            name="judge-elo",
            target="evalkit_judge.comparison:JudgeElo",
            params="evalkit_judge.params:JudgeEloParams",
            summary="models judge pairs of methods and are audited; ratings on the Elo scale",
        )
    ]
