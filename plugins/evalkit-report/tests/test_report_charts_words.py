"""Texts in charts."""

import pytest

from evalkit_report.charts.words import (
    ELLIPSIS,
    bracket,
    interval,
    number,
    short_names,
    shortened,
    slug,
    width,
)
from evalkit_report.figures import NOTHING


def test_a_text_that_fits_stays_as_it_is():
    assert shortened("lora-100", 200) == "lora-100"


def test_of_a_long_one_both_ends_stay():
    short = shortened("a-very-long-name-of-a-method-100", 120)
    assert short.startswith("a-very")
    assert short.endswith("100")
    assert ELLIPSIS in short
    assert width(short) <= 120


def test_where_there_is_no_room_only_the_mark_stays():
    assert shortened("lora-100", 13) == ELLIPSIS
    assert shortened("", 13) == ""


def test_wide_and_combining_characters_count_as_what_they_take():
    assert width("\u6f22\u5b57", 10) == 20
    assert width("e\u0301", 10) == width("e", 10)
    assert width("W") > width("i")


def test_names_are_told_apart_by_what_differs():
    names = [f"few-shot-k{k}-select-similar-order-random" for k in (2, 4, 8)]
    short = short_names([*names, "zero-shot"], 130)
    assert short["zero-shot"] == "zero-shot"
    assert all(f"k{k}" in short[name] for k, name in zip((2, 4, 8), names, strict=True))


def test_names_that_nothing_tells_apart_get_their_number():
    names = [f"{'a' * 30}{k}{'b' * 30}" for k in (1, 2)]
    short = short_names(names, 100)
    assert [short[name].split()[0] for name in names] == ["1", "2"]
    assert all(width(text) <= 100 for text in short.values())


def test_equal_names_are_one():
    assert short_names(["a", "a"], 50) == {"a": "a"}


def test_a_name_from_right_to_left_is_isolated():
    name = "\u05e9\u05dc\u05d5\u05dd-100"
    assert short_names([name], 200)[name] == f"\u2068{name}\u2069"


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (None, 3, NOTHING),
        (0.2341, 3, "0.234"),
        (-0.0001, 3, "\N{MINUS SIGN}0.0001"),
        (-1e-17, 3, "0.000"),
        (-0.03, 1, "0.0"),
        (-1.5, 1, "\N{MINUS SIGN}1.5"),
        (1543.84, 1, "1,543.8"),
        (1e6, 0, "1,000,000"),
    ],
)
def test_figures(value, decimals, text):
    assert number(value, decimals) == text


def test_intervals_need_both_ends():
    assert interval(0.1, 0.2) == ", 95% interval 0.100 to 0.200"
    assert bracket(0.1, 0.2) == "[0.100, 0.200]"
    assert interval(None, 0.2) == interval(0.1, None) == bracket(None, None) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [("judge-elo seed 1", "judge-elo-seed-1"), ("A b\u00e4c", "a-b-c"), ("\u05e9", "x"), ("", "x")],
)
def test_ids(text, found):
    assert slug(text) == found
