"""Texts and marks stand out from what is behind them, in the light as in the dark.

Source: WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

import re
from importlib.resources import files

import pytest

TOKENS = (files("evalkit_report") / "static" / "tokens.css").read_text("utf-8")
PAIRS = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS)
THEMES = {
    "light": {name: light for name, light, _ in PAIRS},
    "dark": {name: dark for name, _, dark in PAIRS},
}
TEXTS = ("ink", "muted", "accent", "matched", "fuzzy", "missed", "invented")
SIGNS = ("matched", "fuzzy", "missed", "invented")


def luminance(colour):
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("behind", ["paper", "raised"])
def test_texts_can_be_read(theme, text, behind):
    colours = THEMES[theme]
    assert contrast(colours[text], colours[behind]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sign", SIGNS)
def test_what_is_marked_can_be_read_on_its_own_ground(theme, sign):
    colours = THEMES[theme]
    assert contrast(colours[sign], colours[f"{sign}-paper"]) >= 4.5
    assert contrast(colours["ink"], colours[f"{sign}-paper"]) >= 4.5
    assert contrast(colours["paper"], colours[sign]) >= 4.5, "the sign of a notice"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("number", range(1, 11))
def test_marks_of_charts_can_be_seen(theme, number):
    colours = THEMES[theme]
    assert contrast(colours[f"c{number}"], colours["paper"]) >= 3


def test_each_colour_has_both_values_once():
    names = [name for name, _, _ in PAIRS]
    assert len(names) == len(set(names)) == TOKENS.count("light-dark(")
    assert "prefers-color-scheme" not in TOKENS
