"""Numbers in sentences and tables."""

import pytest

from evalkit.wording import counted, p_value, span, with_sign


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 examples"), (1, "1 example"), (2, "2 examples")]
)
def test_nouns_follow_their_numbers(number, shown):
    assert counted(number, "example") == shown


def test_thousands_are_told_apart():
    assert counted(1200, "answer") == "1,200 answers"


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [(0.25, 3, "+0.250"), (-30.04, 1, "\N{MINUS SIGN}30.0"), (0.0, 1, "+0.0")],
)
def test_differences_show_their_sign(value, decimals, shown):
    assert with_sign(value, decimals) == shown


@pytest.mark.parametrize(("p", "shown"), [(0.0001, "<.001"), (0.001, "0.001"), (1.0, "1.000")])
def test_small_p_values_are_no_0(p, shown):
    assert p_value(p) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4, "0 s"), (89.0, "89 s"), (90.0, "2 min"), (5_399.0, "90 min"), (5_400.0, "1.5 h")],
)
def test_spans_of_time_are_as_exact_as_an_estimate(seconds, shown):
    assert span(seconds) == shown
