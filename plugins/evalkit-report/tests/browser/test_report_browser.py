"""The example browser: finds what the files hold, shows it as text, is used without a mouse."""

import re
from urllib.parse import quote

import pytest

from .facts import LONGEST, Facts, is_hidden, shown
from .measuring import axe_faults
from .planted import PLANTED, SHORT

pytestmark = pytest.mark.browser


@pytest.fixture
def facts(reported):
    """What the run folder holds."""
    return Facts(reported.run)


@pytest.fixture
def browsing(visit, reported):
    """Opens the report and waits until examples are listed."""

    def do(at="", **options):
        return Browsing(visit(reported.path, at, **options))

    return do


class Browsing:
    """The example browser in an open report."""

    def __init__(self, visit):
        self._visit = visit

    def __enter__(self):
        self.page = self._visit.__enter__().page
        self.page.locator("#browser-list a").first.wait_for()
        return self

    def __exit__(self, *error):
        return self._visit.__exit__(*error)

    def field(self, name):
        return self.page.locator(f"#browser-{name}")

    def search(self, words):
        self.field("search").fill(words)
        self.page.wait_for_timeout(150)  # what is typed is looked for a little later
        self.page.wait_for_function(
            "() => !document.getElementById('browser-hits').textContent.startsWith('Searching')"
        )

    def pick(self, name, label):
        self.page.evaluate("document.getElementById('browser-more').open = true")
        self.field(name).select_option(label=label)

    def listed(self):
        """Ids of all examples in the list, page by page."""
        ids = []
        self.page.wait_for_timeout(30)
        while self.field("back").is_visible() and self.field("back").is_enabled():
            self.field("back").click()
        while True:
            links = self.page.locator("#browser-list a")
            ids += links.evaluate_all("all => all.map((one) => one.dataset.example)")
            onwards = self.field("on")
            if not onwards.is_visible() or onwards.is_disabled():
                return ids
            onwards.click()

    def go(self, example):
        """Follow a link to an example."""
        self.page.evaluate(
            "(id) => { location.hash = `example=${encodeURIComponent(id)}`; }", example
        )
        self.wait(example)

    def wait(self, example):
        """Wait until an example is shown."""
        self.page.wait_for_function(
            """(id) => { const one = document.getElementById("browser-example");
                 return one.dataset.example === id && !one.hasAttribute("aria-busy"); }""",
            arg=example,
        )

    def card(self, method):
        return self.page.locator(f'[data-cell="{method}"]')


def test_every_planted_text_is_shown_as_text(browsing, reported):
    with browsing() as it:
        for planted in reported.planted[: len(PLANTED)]:  # each text once
            it.go(planted.id)
            assert it.page.locator("#browser-title").inner_text().strip() != ""
            assert it.page.locator("#browser-title").text_content() == shown(planted.id)
            given = str(planted.row["text"])
            assert_shown(it.field("input"), given)
            for method, answer in planted.answers.items():
                assert_answer(it.card(method), answer)
            for fact in planted.row["triples"]:
                assert shown(" | ".join(fact)) in it.field("gold").text_content()
            text = it.page.locator("#examples").inner_text()
            assert [one for one in text if is_hidden(one)] == []


def assert_shown(element, text):
    """The element has the text, with marks for what is not seen; of a long one the beginning."""
    found = element.text_content()
    if len(text) <= LONGEST:
        assert found == shown(text)
    else:
        assert found.startswith(shown(text[:LONGEST]))
        assert f"{len(text) - LONGEST:,} more" in found


def assert_answer(card, answer):
    if answer is None:
        assert card.get_attribute("data-outcome") == "failed"
        assert shown(SHORT["closing"]) in card.text_content()
    elif answer == "":
        assert card.get_attribute("data-outcome") == "empty"
    else:
        assert_shown(card.locator("pre"), answer)


@pytest.mark.parametrize("name", ["script", "attribute", "template", "entity", "bidi", "control"])
def test_a_link_opens_its_example(browsing, reported, name):
    planted = next(one for one in reported.planted if one.name == name)
    with browsing(f"example={quote(planted.id, safe='')}") as it:
        it.wait(planted.id)
        assert it.page.evaluate("document.activeElement.id") == "browser-example"
        assert it.page.locator("#browser-list [aria-current]").count() == 1


def test_a_link_to_no_example_says_so(browsing):
    with browsing("example=%3Cimg%20src%3Dx%20onerror%3Dwindow.pwned%3D1%3E%ZZ") as it:
        assert "no such example" in it.field("example").inner_text()


def test_the_address_names_the_example_and_can_be_opened_again(browsing, facts):
    with browsing() as it:
        link = it.page.locator("#browser-list a").nth(7)
        example = link.get_attribute("data-example")
        link.click()
        it.wait(example)
        at = it.page.evaluate("location.hash.slice(1)")
    with browsing(at) as it:
        it.wait(example)


SEARCHES = [
    "ada",
    "BABBAGE london",
    "javascript:",
    "</script>",
    "{{ 7 * 7 }}",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "xxxxxxxxxx",
    "the server said",
    '"',
    "\\u003c",
    ".*",
    "nowhere",
]


@pytest.mark.parametrize("words", SEARCHES)
def test_a_search_finds_what_the_files_hold(browsing, facts, words):
    wanted = facts.holding(words.split())
    with browsing() as it:
        it.search(words)
        assert it.listed() == wanted
        said = it.field("hits").inner_text()
    assert said.startswith(f"{len(wanted)} " if wanted else "None of")


def test_filters_show_what_the_files_hold(browsing, facts):
    outcomes = facts.outcomes
    kinds = {
        "all-fail": lambda e: max(facts.values(e)) == 0,
        "failures": lambda e: outcomes(e) != {"parsed"},
        "differ": lambda e: facts.spread(e) > 0,
        "judged": lambda e: e in facts.judged,
        "malformed": lambda e: "malformed" in outcomes(e),
        "empty": lambda e: "empty" in outcomes(e),
        "truncated": lambda e: "truncated" in outcomes(e),
        "failed": lambda e: "failed" in outcomes(e),
    }
    with browsing() as it:
        for kind, test in kinds.items():
            it.field("kind").select_option(value=kind)
            assert it.listed() == (wanted := facts.fitting(test)), kind
            assert 0 < len(wanted) < len(facts.examples) or kind in ("failures", "differ")


def test_orders_are_those_of_the_scores(browsing, facts):
    keys = {
        "spread": lambda e: -round(facts.spread(e), 3),
        "worst": lambda e: round(facts.mean(e), 3),
        "best": lambda e: -round(facts.mean(e), 3),
        "long": lambda e: -len(facts.examples[e]["input"]),
        "data": lambda e: 0,
    }
    with browsing() as it:
        for name, key in keys.items():
            it.field("sort").select_option(value=name)
            found = it.listed()
            assert sorted(found) == sorted(facts.examples)
            assert [key(e) for e in found] == sorted(map(key, facts.examples)), name


def test_a_new_order_is_shown_from_its_beginning(browsing, facts):
    worst = min(facts.examples, key=facts.mean)
    with browsing() as it:
        it.go(worst)
        it.field("sort").select_option(value="best")
        it.page.wait_for_timeout(100)
        assert it.field("page").inner_text() == "1 of 2"
        assert it.field("example").get_attribute("data-example") == worst


def test_every_row_of_the_list_is_drawn_in_view_or_not(browsing):
    with browsing() as it:
        texts = it.page.locator("#browser-list a").all_inner_texts()
        assert len(texts) == 50
        assert all("scores from" in text for text in texts)


def test_an_answer_whose_score_is_undefined_has_no_bar(browsing, facts):
    failed = facts.fitting(lambda e: facts.answers["few-shot-k2"][e].get("failure"))[0]
    with browsing(f"example={quote(failed, safe='')}") as it:
        it.wait(failed)
        assert it.card("few-shot-k2").locator(".browser-meter").count() == 0
        assert it.card("few-shot-k4").locator(".browser-meter").count() == 1
        bars = it.page.locator("#browser-list [aria-current] .browser-mini")
        undefined = bars.evaluate_all("all => all.map((one) => 'undefined' in one.dataset)")
        assert undefined == [False, True, False, False, False]


def test_two_methods_can_be_compared(browsing, facts):
    one, other = (facts.scores[name] for name in ("taught-16", "taught-8"))
    with browsing() as it:
        it.pick("a", "taught-16")
        it.pick("b", "taught-8")
        found = it.listed()
        gaps = [round(abs(one[e] - other[e]), 3) for e in found]
        assert gaps == sorted(gaps, reverse=True)
        assert gaps[0] > gaps[-1]
        it.field("sort").select_option(value="a")
        leads = [round(one[e] - other[e], 3) for e in it.listed()]
        assert leads == sorted(leads, reverse=True)


def test_scores_and_groups_narrow_each_other_down(browsing, facts):
    domain = SHORT["script"]
    own = facts.scores["few-shot-k4"]
    wanted = facts.fitting(
        lambda e: facts.examples[e]["groups"]["domain"] == domain and own[e] >= 0.5
    )
    with browsing() as it:
        it.page.evaluate("document.getElementById('browser-more').open = true")
        it.page.locator('select[data-group="domain"]').select_option(label=domain)
        it.pick("method", "few-shot-k4")
        it.field("low").fill("0.5")
        assert it.listed() == wanted
        it.field("clear").click()
        assert it.listed() == list(facts.examples)


def test_it_is_used_by_keys_alone(browsing, facts):
    order = list(facts.examples)
    with browsing() as it:
        keys = it.page.keyboard
        keys.press("/")
        assert it.page.evaluate("document.activeElement.id") == "browser-search"
        keys.type("jkl?/")
        assert it.field("search").input_value() == "jkl?/"
        keys.press("Escape")
        assert it.field("search").input_value() == ""
        for place in (1, 2):
            keys.press("j")
            it.wait(order[place])
        keys.press("k")
        it.wait(order[1])
        keys.press("ArrowDown")  # the focus is in the list
        it.wait(order[2])
        keys.press("?")
        assert it.field("keys").is_visible()
        keys.press("Escape")
        assert not it.field("keys").is_visible()


def test_enter_on_the_current_example_goes_into_it(browsing, facts):
    with browsing() as it:
        it.page.keyboard.press("j")
        it.wait(list(facts.examples)[1])
        focused = "getComputedStyle(document.activeElement)"
        assert it.page.evaluate(f"[{focused}.outlineStyle, {focused}.outlineOffset]") == [
            "solid",
            "-3px",  # the list would cut off an outline around the link
        ]
        it.page.keyboard.press("Enter")
        it.page.wait_for_function("() => document.activeElement.id === 'browser-example'")


def test_letters_can_be_switched_off(browsing, facts):
    with browsing() as it:
        it.page.keyboard.press("?")
        it.field("keys-on").uncheck()
        it.field("keys-close").click()
        it.page.keyboard.press("/")
        assert it.page.evaluate("document.activeElement.id") != "browser-search"


def test_tab_reaches_every_control_in_view(browsing):
    """Each stop is seen, is named, and none holds the focus fast."""
    with browsing() as it:
        page = it.page
        page.locator("#browser-search").focus()
        seen = []
        for _ in range(40):
            page.keyboard.press("Tab")
            seen.append(
                page.evaluate(
                    """() => { const one = document.activeElement;
                    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
                    const name = one.id || one.dataset.example || one.textContent.slice(0, 20);
                    return [one.tagName, name,
                      box.width > 0 && box.height > 0,
                      style.outlineStyle !== "none" || style.boxShadow !== "none"]; }"""
                )
            )
        assert len({tuple(stop[:2]) for stop in seen}) > 30
        assert [stop for stop in seen if not stop[2] or not stop[3]] == []


def test_kinds_of_items_have_signs_and_words_beside_colours(browsing, reported):
    planted = reported.planted[23]  # three facts; an answer with one missed and two invented
    with browsing() as it:
        it.go(planted.id)
        legend = it.page.locator(".browser-legend").inner_text()
        for word in ("matched", "fuzzy-matched", "missed", "invented"):
            assert word in legend
        kinds = set(it.page.locator("[data-cell] [data-kind]").evaluate_all(
            "all => all.map((one) => one.dataset.kind)"))  # fmt: skip
        assert kinds == {"matched", "fuzzy", "missed", "invented"}
        for kind in kinds:
            one = it.page.locator(f'[data-cell] li[data-kind="{kind}"]').first
            assert re.search(kind, one.text_content())
            assert one.locator(".browser-sign").inner_text().strip() != ""


def test_reasons_of_the_judge_are_shown_in_both_orders(browsing, facts):
    example = next(iter(sorted(facts.judged, key=list(facts.examples).index)))
    with browsing() as it:
        it.go(example)
        it.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        pair = it.page.locator(
            '[data-pair="few-shot-k2 taught-16"], [data-pair="taught-8 taught-16"]'
        )
        assert pair.first.locator("blockquote").count() >= 2
        assert "Better, for" in it.field("verdicts").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_an_open_example(browsing, reported, facts, scheme):
    example = next(iter(facts.judged))
    with browsing(f"example={quote(example, safe='')}", color_scheme=scheme) as it:
        it.wait(example)
        it.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert axe_faults(it.page) == {}
