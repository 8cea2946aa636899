"""The spans of two triples, slot by slot, or with two slots exchanged.

Where two slots match nothing, each is held against the other one's counterpart: first subject and
object, then subject and predicate, then predicate and object. The first exchange that matches
anything is made, and no other.
"""

from dataclasses import dataclass

from evalkit_webnlg.official.alignment import Alignment, align
from evalkit_webnlg.official.layout import Labels, Layout, Span, lay_out
from evalkit_webnlg.official.tokens import Item

SUBJECT, PREDICATE, OBJECT = range(3)
_EXCHANGES = ((SUBJECT, OBJECT), (SUBJECT, PREDICATE), (PREDICATE, OBJECT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """What is compared.

    Attributes:
        references: the spans of the reference.
        candidates: the spans of the candidate.
        crash: whether the official script would end with an error on the way.
    """

    references: tuple[Span, ...]
    candidates: tuple[Span, ...]
    crash: bool


def spans(reference: Item, candidate: Item) -> Spans:
    """The spans of two triples."""
    slots = [align(*pair) for pair in zip(reference.reference, candidate.candidate, strict=True)]
    crash = any(slot.crash for slot in slots)
    for one, other in _EXCHANGES:
        if slots[one].matched or slots[other].matched:
            continue
        there = align(reference.bare[one], candidate.bare[other])
        back = align(reference.bare[other], candidate.bare[one])
        crash = crash or there.crash or back.crash
        if there.matched or back.matched:
            return _gather(_exchanged(slots, (one, other), there, back), crash)
    return _gather(_in_place(slots), crash)


def _in_place(slots: list[Alignment]) -> list[Layout]:
    """One slot behind the other."""
    layouts: list[Layout] = []
    base = 0
    for slot, alignment in enumerate(slots):
        layouts.append(lay_out(alignment, base, Labels(slot, slot)))
        base += layouts[-1].length
    return layouts


def _exchanged(
    slots: list[Alignment], exchange: tuple[int, int], there: Alignment, back: Alignment
) -> list[Layout]:
    """The layout with two slots exchanged; the third one stays where it was.

    Args:
        slots: the alignments in place.
        exchange: the two slots.
        there: the reference's first of the two with the candidate's second.
        back: the other way round.
    """
    one, other = exchange
    layouts = _in_place(slots)
    first_base = layouts[SUBJECT].length if one == PREDICATE else 0
    first = lay_out(there, first_base, Labels(one, other))
    second_base = first_base + first.length
    if exchange == (SUBJECT, OBJECT):
        # The official script leaves the second alignment behind in the predicate's place: the
        # predicate itself is not looked at.
        own = Labels(PREDICATE, PREDICATE)
        second_base += layouts[PREDICATE].length
        layouts[PREDICATE] = lay_out(back, first.length, own, loose_ends=False)
    layouts[one] = first
    layouts[other] = lay_out(back, second_base, Labels(other, one))
    return layouts


def _gather(layouts: list[Layout], crash: bool) -> Spans:
    return Spans(
        references=tuple([span for layout in layouts for span in layout.references]),
        candidates=tuple([span for layout in layouts for span in layout.candidates]),
        crash=crash,
    )
