"""Which tokens of a candidate's slot stand in a reference's slot: longest runs first.

Runs of n tokens are tried from the longest to single ones, and from left to right; a run that
occurs among the reference's free tokens is matched with its first occurrence there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from evalkit_webnlg.official.tokens import Tokens

NOT_MATCHED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Matched runs of tokens.

    Attributes:
        groups: for each reference token the number of its run, from 1; 0 if it is not matched.
        partners: for each candidate token the index of its reference token, or NOT_MATCHED.
        crash: the official script would end with an error here. It goes on with the runs that
            it had listed when a match was found, and fails if one of them still occurs among
            the reference tokens that are free at the end.
    """

    groups: tuple[int, ...]
    partners: tuple[int, ...]
    crash: bool = False

    @property
    def matched(self) -> bool:
        """Whether any token is matched."""
        return any(self.groups)


@lru_cache(maxsize=2**16)
def align(reference: Tokens, candidate: Tokens) -> Alignment:
    """Match the tokens of two slots."""
    if reference == candidate:
        size = len(reference)
        return Alignment(groups=(1,) * size, partners=tuple(range(size)))
    if set(reference).isdisjoint(candidate):
        return Alignment(groups=(0,) * len(reference), partners=(NOT_MATCHED,) * len(candidate))
    return _Matching(reference, candidate).result()


class _Matching:
    """A matching under way; a token that is matched becomes None."""

    def __init__(self, reference: Tokens, candidate: Tokens) -> None:
        self._reference: list[str | None] = list(reference)
        self._candidate: list[str | None] = list(candidate)
        self._groups = [0] * len(reference)
        self._partners = [NOT_MATCHED] * len(candidate)
        self._listed: list[list[list[str | None]]] = []
        self._found = 0

    def result(self) -> Alignment:
        for size in range(min(len(self._reference), len(self._candidate)), 0, -1):
            self._match_runs(size)
        # A run with a matched token in it occurs nowhere.
        crash = any(
            None not in run and _first_place(self._reference, run) is not None
            for runs in self._listed
            for run in runs
        )
        return Alignment(groups=tuple(self._groups), partners=tuple(self._partners), crash=crash)

    def _match_runs(self, size: int) -> None:
        start = 0
        while start + size <= len(self._candidate):
            run = self._candidate[start : start + size]
            place = None if None in run else _first_place(self._reference, run)
            if place is None:
                start += 1
                continue
            self._listed.append(_runs(self._candidate, size, start + 1))
            self._mark(start, place, size)
            start += size

    def _mark(self, start: int, place: int, size: int) -> None:
        self._found += 1
        self._groups[place : place + size] = [self._found] * size
        self._partners[start : start + size] = range(place, place + size)
        self._reference[place : place + size] = [None] * size
        self._candidate[start : start + size] = [None] * size


def _runs(tokens: Sequence[str | None], size: int, start: int) -> list[list[str | None]]:
    """All runs of a size that begin at `start` or later."""
    return [list(tokens[i : i + size]) for i in range(start, len(tokens) - size + 1)]


def _first_place(tokens: list[str | None], run: list[str | None]) -> int | None:
    """Where a run first occurs."""
    size = len(run)
    for place in range(len(tokens) - size + 1):
        if tokens[place : place + size] == run:
            return place
    return None
