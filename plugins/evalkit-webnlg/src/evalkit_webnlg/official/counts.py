"""Spans of a reference and a candidate, counted into the four scores.

The scores differ in what they give a candidate's span credit for:

| the reference has ...                     | type | partial | strict | exact |
| ----------------------------------------- | ---- | ------- | ------ | ----- |
| the same span with the same label         | 1    | 1       | 1      | 1     |
| the same span with another label          | 0    | 1       | 0      | 1     |
| an overlapping span with the same label   | 1    | 1/2     | 0      | 0     |
| an overlapping span with another label    | 0    | 1/2     | 0      | 0     |

Spans overlap if they share a place other than their last: spans of one token never do.

Source: SemEval-2013 task 9.1, https://aclanthology.org/S13-2056, with COR and PAR as credit.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from evalkit_webnlg.official.layout import Span

SCORES: Final = ("type", "partial", "strict", "exact")
RATES: Final = ("precision", "recall", "f1")
FIGURES: Final = tuple(f"{score}_{rate}" for score in SCORES for rate in RATES)


class _Fate(Enum):
    """What became of a span of the candidate."""

    SAME = "the reference has it"
    RELABELLED = "the reference has it with another label"
    OVERLAPPING = "a reference of the same label overlaps"
    MIXED_UP = "a reference of another label overlaps"
    SPURIOUS = "no reference is near"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Precision, recall and F1 of each score, from 0 to 1, in the order of FIGURES.

    Attributes:
        values: the rates.
        mean_f1: the mean of the four F1, by which triples are assigned to each other.
    """

    values: tuple[float, ...]
    mean_f1: float


NO_RATES: Final = Rates(values=(0.0,) * len(FIGURES), mean_f1=0.0)


def rates(references: Sequence[Span], candidates: Sequence[Span]) -> Rates:
    """Compare spans.

    Precision is credit over the candidate's spans, recall over the reference's. A reference that
    several spans of the candidate hit counts as often; one that none hits counts once.
    """
    fates = [_fate(span, references) for span in candidates]
    count = Counter(fate for fate, _ in fates)
    hit = {place for _, place in fates if place is not None}
    actual = len(candidates)
    possible = actual - count[_Fate.SPURIOUS] + len(references) - len(hit)
    half = (count[_Fate.OVERLAPPING] + count[_Fate.MIXED_UP]) / 2
    same, relabelled = count[_Fate.SAME], count[_Fate.RELABELLED]
    credits_ = (same + count[_Fate.OVERLAPPING], same + relabelled + half, same, same + relabelled)
    values = tuple([rate for one in credits_ for rate in _rates(one, actual, possible)])
    return Rates(values=values, mean_f1=sum(values[2::3]) / len(SCORES))


def _rates(credit: float, actual: int, possible: int) -> tuple[float, float, float]:
    if not credit:
        return 0.0, 0.0, 0.0
    return credit / actual, credit / possible, 2 * credit / (actual + possible)


def _fate(span: Span, references: Sequence[Span]) -> tuple[_Fate, int | None]:
    """What became of a span, and the index of the reference that it hits."""
    if span in references:
        return _Fate.SAME, references.index(span)
    for place, reference in enumerate(references):
        if reference[1:] == span[1:]:
            return _Fate.RELABELLED, place
    for place, reference in enumerate(references):
        if max(reference.first, span.first) < min(reference.last, span.last):
            same = reference.label == span.label
            return (_Fate.OVERLAPPING if same else _Fate.MIXED_UP), place
    return _Fate.SPURIOUS, None
