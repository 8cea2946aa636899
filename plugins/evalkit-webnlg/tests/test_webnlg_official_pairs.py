"""``webnlg-official`` on single triples: which spans there are, and what they score."""

import pytest

from evalkit_webnlg.official.alignment import align
from evalkit_webnlg.official.counts import SCORES
from evalkit_webnlg.official.entry import compare
from evalkit_webnlg.official.layout import Labels, lay_out
from evalkit_webnlg.official.pairing import spans
from evalkit_webnlg.official.tokens import read


def f1s(reference, candidate):
    """F1 of type, partial, strict and exact."""
    return compare(reference, candidate).rates.values[2::3]


def places(reference, candidate):
    """(label, first, last) of the spans of reference and candidate."""
    found = spans(read(reference), read(candidate))
    return list(map(tuple, found.references)), list(map(tuple, found.candidates))


THIRD, TWO_THIRDS = 1 / 3, 2 / 3


@pytest.mark.parametrize(
    ("reference", "candidate", "expected"),
    [
        ("aa | rel | cc", "cc | rel | aa", (THIRD, 1, THIRD, 1)),
        ("aa bb | rel | cc dd", "cc dd | other | aa bb", (THIRD, 1, THIRD, 1)),
        ("new york city | rel | cc", "new york | rel | cc", (1, 0.833, TWO_THIRDS, TWO_THIRDS)),
        ("york | rel | cc", "new york | rel | cc", (TWO_THIRDS,) * 4),
        ("a b c | rel | cc", "a x c | rel | cc", (TWO_THIRDS, 0.556, 0.444, 0.444)),
        ('aa | rel | "utaa"', 'aa | rel | "utaa"', (TWO_THIRDS,) * 4),
    ],
)
def test_published_pairs(reference, candidate, expected):
    assert len(SCORES) == 4
    assert f1s(reference, candidate) == pytest.approx(expected, abs=5e-4)
    assert not compare(reference, candidate).crash


def test_precision_and_recall_have_their_own_denominators():
    type_, partial, strict, exact = (
        compare("a b c | rel | cc", "a x c | rel | cc").rates.values[3 * i : 3 * i + 2]
        for i in range(4)
    )
    assert type_ == pytest.approx((3 / 6, 3 / 3))
    assert partial == pytest.approx((2.5 / 6, 2.5 / 3))
    assert strict == exact == pytest.approx((2 / 6, 2 / 3))


def test_a_reference_that_is_hit_twice_counts_twice():
    # On the line "1 1 - -" the candidate has the spans 0-1 and 0-2: both overlap with 0-3.
    rates = compare("a b x y | rel | cc", "a b | rel | cc").rates.values
    assert rates[:3] == pytest.approx((4 / 4, 4 / 4, 1))
    assert rates[6:8] == pytest.approx((2 / 4, 2 / 4))


def test_nothing_in_common_scores_nothing():
    assert f1s("aa | bb | cc", "dd | ee | ff") == (0, 0, 0, 0)
    assert f1s("", "dd | ee | ff") == f1s("aa | bb | cc", "") == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("written", "slots"),
    [
        ("Alan_Bean | birthPlace | X", ("alan bean", "birth place", "x")),
        ("A  B | is\ta | c", ("a b", "is a", "c")),
        ("x (y) | p | Bean (born 1932)", ("x y", "p", "bean")),
        ("a | p | (all of it)", ("a", "p", "all of it")),
        ("a | p | o | q", ("a", "p", "o")),
        ("a | b", ("", "", "")),
        ("a", ("", "", "")),
        ("", ("", "", "")),
    ],
)
def test_a_line_is_normalised_and_split(written, slots):
    assert tuple(" ".join(slot) for slot in read(written).reference) == slots


def test_punctuation_is_dropped_more_from_a_reference_than_from_a_candidate():
    item = read('"a, b" | c-d | .')
    assert item.candidate == (("``", "a", "b", "''"), ("c-d",), ())
    assert item.reference == (("a", "b"), ("c-d",), ())
    assert item.bare == (("a", "b"), (), ())


def test_longer_runs_are_matched_first():
    found = align(("a", "b", "x", "b", "c"), ("b", "c", "a"))
    assert found.groups == (2, 0, 0, 1, 1)
    assert found.partners == (3, 4, 0)
    assert not found.crash


def test_a_run_that_would_match_twice_makes_the_official_script_crash():
    assert align(("b", "a", "c", "b"), ("a", "b")).crash
    assert not align(("b", "a", "c"), ("a", "b")).crash
    assert compare("b a c b | rel | cc", "a b | rel | cc").crash


def laid_out(reference, candidate, **options):
    labels = Labels(reference=0, candidate=0)
    found = lay_out(align(tuple(reference), tuple(candidate)), 10, labels, **options)
    return (
        [(span.first, span.last) for span in found.references],
        [(span.first, span.last) for span in found.candidates],
        found.length,
    )


@pytest.mark.parametrize(
    ("reference", "candidate", "expected"),
    [
        ("ab", "ab", ([(10, 11)], [(10, 11)], 2)),
        ("ab", "xaby", ([(11, 12)], [(10, 13)], 4)),
        ("ab", "xb", ([(10, 11)], [(11, 11), (12, 12)], 3)),
        ("axyb", "ab", ([(10, 13)], [(10, 10), (10, 11), (10, 12), (13, 13)], 4)),
        ("ba", "ab", ([(10, 11)], [(10, 10), (11, 11)], 2)),
        ("ab", "axbyz", ([(10, 11)], [(10, 10), (11, 13), (14, 14)], 5)),
        ("xab", "ab", ([(10, 12)], [(11, 12)], 3)),
        ("ab", "cde", ([(10, 11)], [(12, 14)], 5)),
        ("", "cd", ([], [(10, 11)], 2)),
        ("abc", "", ([(10, 10)], [], 1)),
        ("", "", ([], [(10, 9)], 0)),
    ],
)
def test_where_spans_lie(reference, candidate, expected):
    assert laid_out(reference, candidate) == expected


def test_loose_ends_can_count_as_matched():
    assert laid_out("ab", "xaby", loose_ends=False) == ([(10, 11)], [(10, 11)], 2)
    assert laid_out("ab", "xaybz", loose_ends=False) == (
        [(10, 11)],
        [(10, 10), (11, 11), (12, 12)],
        3,
    )


def test_subject_and_object_are_exchanged_first_and_hide_the_predicate():
    references, candidates = places("aa | p q r | cc", "cc | x y | aa")
    assert references == [(0, 0, 0), (1, 1, 1), (2, 6, 6)]
    assert candidates == [(2, 0, 0), (1, 1, 1), (0, 6, 6)]


def test_subject_and_predicate_are_exchanged_if_the_object_matches():
    references, candidates = places("aa | bb | cc", "bb | aa | cc")
    assert references == [(0, 0, 0), (1, 1, 1), (2, 4, 4)]
    assert candidates == [(1, 0, 0), (0, 1, 1), (2, 4, 4)]
    assert f1s("aa | bb | cc", "bb | aa | cc") == pytest.approx((THIRD, 1, THIRD, 1))


def test_predicate_and_object_are_exchanged_if_the_subject_matches():
    references, candidates = places("aa | bb | cc dd", "aa | cc dd | bb")
    assert references == [(0, 0, 0), (1, 1, 1), (2, 2, 3)]
    assert candidates == [(0, 0, 0), (2, 1, 1), (1, 2, 3)]


def test_one_direction_is_enough_for_an_exchange_and_no_second_one_follows():
    # Subject and object are exchanged; that predicate and subject would match is not seen.
    references, candidates = places("aa | bb | cc", "bb | xx | aa")
    assert references == [(0, 0, 0), (1, 1, 1), (2, 3, 3)]
    assert candidates == [(2, 0, 0), (1, 2, 2), (0, 4, 4)]


def test_a_slot_that_matches_is_never_exchanged():
    references, candidates = places("aa | bb | cc", "aa | bb | aa")
    assert [label for label, _, _ in candidates] == [label for label, _, _ in references]


def test_tokens_with_punctuation_do_not_count_for_an_exchange():
    assert f1s("a-b | rel | cc", "xx | rel | a-b")[3] < f1s("ab | rel | cc", "xx | rel | ab")[3]
