"""The whole report: nothing leaves it, runs in it or is cut in it, wherever it is read."""

import re

import pytest

from .making import DEMOS
from .measuring import OF_CHARTS, OF_PAGE, axe_faults
from .watching import NARROW

pytestmark = pytest.mark.browser
SCHEMES = ("light", "dark")


def test_it_opens_from_the_disk_and_asks_for_nothing(visit, reported):
    with visit(reported.path) as visited:
        visited.page.locator("#browser-search").wait_for()
        visited.page.mouse.wheel(0, 100_000)


def test_everything_can_be_unfolded(visit, reported):
    with visit(reported.path) as visited:
        page = visited.page
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        page.wait_for_timeout(200)
        text = page.locator("body").inner_text()
    for method in DEMOS:
        assert method in text


@pytest.mark.parametrize("scheme", SCHEMES)
def test_texts_of_charts_neither_overlap_nor_are_cut(visit, reported, scheme):
    with visit(reported.path, color_scheme=scheme) as visited:
        page = visited.page
        assert page.locator("svg.marks, .marks svg").count() >= 5
        assert page.evaluate(OF_CHARTS) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_serious(visit, reported, scheme):
    with visit(reported.path, color_scheme=scheme) as visited:
        visited.page.locator("#browser-search").wait_for()
        assert axe_faults(visited.page) == {}


def test_a_narrow_page_does_not_scroll_sideways(visit, reported):
    with visit(reported.path, viewport=NARROW) as visited:
        page = visited.page
        page.locator("#browser-search").wait_for()
        assert page.evaluate(OF_PAGE) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        assert axe_faults(page) == {}


def test_without_script_the_verdict_the_tables_and_the_charts_are_there(browser, reported):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(reported.path.as_uri())
    text = page.locator("main").inner_text()
    for method in DEMOS:
        assert method in text
    assert re.search(r"[01]\.\d{3}", page.locator("#verdict").inner_text())
    assert page.locator("table").count() >= 3
    assert page.locator("svg.marks, .marks svg").first.is_visible()
    assert page.locator("noscript").count() == 0 or "script" in text.lower()
    context.close()


def test_dark_paper_is_dark_and_the_toggle_overrules_the_system(visit, reported):
    lightness = "getComputedStyle(document.documentElement).backgroundColor"
    with visit(reported.path, color_scheme="light") as visited:
        bright = visited.page.evaluate(lightness)
    with visit(reported.path, color_scheme="dark") as visited:
        assert visited.page.evaluate(lightness) != bright
        visited.page.locator("#theme").click()
        visited.page.wait_for_function(f"{lightness} === {bright!r}")
        visited.page.locator("#theme").click()
        visited.page.wait_for_function(f"{lightness} !== {bright!r}")


def test_print_shows_no_controls_and_is_black_on_white(visit, reported):
    with visit(reported.path, color_scheme="dark") as visited:
        page = visited.page
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") in (
            "rgb(255, 255, 255)",
            "rgba(0, 0, 0, 0)",
        )
        assert not page.locator("#theme").is_visible()
        assert page.locator("#verdict").is_visible()
        assert page.evaluate(OF_CHARTS) == []


def test_nothing_moves_for_those_who_asked_for_that(visit, reported):
    moving = """() => [...document.querySelectorAll("*")].filter((one) => {
      const style = getComputedStyle(one);
      return [style.transitionDuration, style.animationDuration].some((t) => parseFloat(t) > 0.01);
    }).map((one) => one.tagName + one.className)"""
    with visit(reported.path, reduced_motion="reduce") as visited:
        assert visited.page.evaluate(moving) == []
        assert visited.page.evaluate("document.getAnimations().length") == 0
