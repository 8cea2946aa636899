"""The whole report: nothing leaves it, runs in it or is cut in it, wherever it is read."""

import json
import math
import re

import pytest

from .facts import ISOLATES, is_hidden
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
    assert {one for one in text if is_hidden(one)} <= ISOLATES


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
    assert "a script unpacks them" in page.locator("#browser-unavailable").inner_text()
    context.close()


def test_dark_paper_is_dark_and_the_toggle_overrules_the_system(visit, reported):
    lightness = "getComputedStyle(document.documentElement).backgroundColor"
    with visit(reported.path, color_scheme="light") as visited:
        bright = visited.page.evaluate(lightness)
    with visit(reported.path, color_scheme="dark") as visited:
        assert visited.page.evaluate(lightness) != bright
        visited.page.locator("#theme").click()
        visited.page.wait_for_function(f"() => {lightness} === {bright!r}")
        visited.page.locator("#theme").click()
        visited.page.wait_for_function(f"() => {lightness} !== {bright!r}")


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


def test_tables_sort_by_what_their_cells_stand_for(visit, reported):
    with visit(reported.path) as visited:
        table = visited.page.locator("#methods-table")
        headings = table.locator("thead th button").all()
        assert len(headings) >= 6
        for column, heading in enumerate(headings):
            heading.click()
            first = sort_keys(table, column)
            heading.press("Enter")
            second = sort_keys(table, column)
            there = [one for one in first if one is not None]
            assert there in (sorted(there), sorted(there, reverse=True))
            assert [one for one in second if one is not None] in (sorted(there), there[::-1])
            for order in (first, second):  # what has no value stays below
                assert None not in order[: len(there)]


def sort_keys(table, column):
    """What the rows of a table are sorted by, from above: numbers, or texts as people sort them."""
    texts = table.evaluate(
        """(table, column) => [...table.tBodies[0].rows].map((row) => {
          const cell = row.cells[column];
          return cell.dataset.value ?? (cell.classList.contains("number") ? "" : cell.innerText);
        })""",
        column,
    )
    return [sort_key(text.strip()) for text in texts]


def sort_key(text):
    if text in ("", "–"):  # noqa: RUF001 (the dash that stands for nothing)
        return None
    try:
        return (float(text), [])
    except ValueError:
        parts = re.split(r"(\d+)", text)
        return (math.inf, [int(part) if part.isdecimal() else part for part in parts])


def test_the_best_score_stands_first(visit, reported):
    results = json.loads((reported.run / "results.json").read_text("utf-8"))
    scores = {one["method"]: one["scores"]["exact-f1"]["value"] for one in results["cells"]}
    with visit(reported.path) as visited:
        names = visited.page.locator("#methods-table tbody th bdi").all_inner_texts()
        assert sorted(names) == sorted(DEMOS)
        assert scores[names[0]] == max(scores.values())
        assert names[0] in visited.page.locator("#verdict .headline").inner_text()


def test_a_table_is_filtered_by_words(visit, reported):
    with visit(reported.path) as visited:
        page = visited.page
        page.locator("#methods-filter").fill("FEW")
        assert page.locator("#methods-table tbody tr:visible").count() == 2
        assert "2 of 5" in page.locator("#methods-count").inner_text()


def test_marks_of_charts_are_told_to_the_pointer_and_to_keys(visit, reported):
    with visit(reported.path) as visited:
        page = visited.page
        drawing = page.locator(".drawing").first
        drawing.scroll_into_view_if_needed()
        page.wait_for_timeout(200)  # scrolling takes the tip away
        drawing.focus()
        page.keyboard.press("ArrowRight")
        first = page.locator("#tip").inner_text()
        page.keyboard.press("ArrowRight")
        assert first
        assert page.locator("#tip").inner_text() not in ("", first)
        page.keyboard.press("Escape")
        assert not page.locator("#tip").is_visible()


def test_every_chart_has_a_name_a_summary_and_a_table(visit, reported):
    with visit(reported.path) as visited:
        for chart in visited.page.locator("figure.chart").all():
            name = chart.get_attribute("id")
            assert len(chart.locator("figcaption p").first.inner_text()) > 20, name
            chart.locator("details summary").click()
            rows = chart.locator("table tbody tr")
            assert rows.count() > 0, name
            assert rows.first.is_visible(), name


def test_links_of_the_page_lead_somewhere(visit, reported):
    with visit(reported.path) as visited:
        lost = visited.page.evaluate(
            """() => [...document.querySelectorAll("a[href]:not([data-example])")]
              .map((one) => one.getAttribute("href"))
              .filter((href) => !(href[0] === "#" && document.getElementById(href.slice(1))))"""
        )
    assert lost == []
