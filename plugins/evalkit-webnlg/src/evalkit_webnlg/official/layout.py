"""From matched tokens to spans: both slots are laid out on one line, on which spans are compared.

The line holds the reference's tokens, around them what the candidate has before and after, and
behind them the candidate's other tokens that match nothing. On it the reference is one span, and
the candidate one span for every run of equal labels. Candidate tokens that match nothing are
labelled by how many matched ones stand before them, so that they form a run of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evalkit_webnlg.official.alignment import NOT_MATCHED, Alignment

_RAW = 0
"""The label of a reference token that is not matched."""


class Span(NamedTuple):
    """A stretch of the line; `last` is within it, and one less than `first` if it is empty."""

    label: int
    first: int
    last: int


class Labels(NamedTuple):
    """What the spans of a slot are labelled: the indices of the slots they come from."""

    reference: int
    candidate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One slot laid out.

    Attributes:
        references: the reference's span, if it has one.
        candidates: the candidate's spans, from left to right.
        length: how many places of the line it takes.
    """

    references: tuple[Span, ...]
    candidates: tuple[Span, ...]
    length: int


def lay_out(alignment: Alignment, base: int, labels: Labels, *, loose_ends: bool = True) -> Layout:
    """Lay a slot out from the place `base` on.

    Args:
        alignment: which tokens match.
        base: index of the first place.
        labels: of the spans.
        loose_ends: whether the candidate's tokens before and after belong to its outer runs;
            otherwise they count as matched, and take no place.
    """
    if not alignment.matched:
        return _apart(len(alignment.groups), len(alignment.partners), base, labels)
    before, after = _loose_ends(alignment)
    groups = alignment.groups
    line = [*groups, *_unmatched_within(alignment, before, after)]
    shift = 0
    if loose_ends:
        line = [*[groups[0]] * before, *groups, *[groups[-1]] * after, *line[len(groups) :]]
        shift = before
    start = base + shift
    own = [Span(labels.candidate, base + first, base + last) for first, last in _label_runs(line)]
    return Layout(
        references=(Span(labels.reference, start, start + len(groups) - 1),),
        candidates=tuple(own),
        length=len(line),
    )


def _apart(reference: int, candidate: int, base: int, labels: Labels) -> Layout:
    """Slots of these sizes without a match, one behind the other.

    A reference that faces no tokens takes one place only, whatever its size.
    """
    if not reference:
        own = Span(labels.candidate, base, base + candidate - 1)
        return Layout(references=(), candidates=(own,), length=candidate)
    if not candidate:
        return Layout(references=(Span(labels.reference, base, base),), candidates=(), length=1)
    middle, end = base + reference, base + reference + candidate
    return Layout(
        references=(Span(labels.reference, base, middle - 1),),
        candidates=(Span(labels.candidate, middle, end - 1),),
        length=end - base,
    )


def _loose_ends(alignment: Alignment) -> tuple[int, int]:
    """How many unmatched candidate tokens belong before and after the reference.

    Those at its start belong there if the first matched one is the reference's first token, those
    at its end if the last matched one is the reference's last.
    """
    partners = alignment.partners
    matched = [i for i, partner in enumerate(partners) if partner != NOT_MATCHED]
    first, last = matched[0], matched[-1]
    before = first if partners[first] == 0 else 0
    after = len(partners) - 1 - last if partners[last] == len(alignment.groups) - 1 else 0
    return before, after


def _unmatched_within(alignment: Alignment, before: int, after: int) -> list[int]:
    """Labels of the candidate's other unmatched tokens: -1 less the matched ones passed."""
    partners = alignment.partners
    labels: list[int] = []
    passed = 0
    for partner in partners[before : len(partners) - after]:
        if partner == NOT_MATCHED:
            labels.append(-1 - passed)
        else:
            passed += 1
    return labels


def _label_runs(line: Sequence[int]) -> list[tuple[int, int]]:
    """First and last place of the candidate's spans.

    A new label ends the run before it. A raw token does so too, but that run stays open: the next
    raw token, or the next label, ends it once more, further on.
    """
    runs: list[tuple[int, int]] = []
    current, begin = _RAW, 0
    for place, label in enumerate(line):
        if label == current:
            continue
        if current != _RAW:
            runs.append((begin, place - 1))
        if label != _RAW:
            current, begin = label, place
    if line[-1] != _RAW:
        runs.append((begin, len(line) - 1))
    return runs
