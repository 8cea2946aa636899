"""The page as a whole: every text is shown as text, nothing is loaded, what is missing is named."""

import base64
import copy
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from evalkit import RunView, UserError
from evalkit.testing import Project
from evalkit_report.material import gather
from evalkit_report.page import render
from evalkit_report.params import HtmlParams
from evalkit_report.reporter import HtmlReporter
from evalkit_report.sections.judging import judged_of

from .report_runs import SUITE, changed, make_run

HOSTILE = (
    "<script>window.pwned=1</script><img src=x onerror=alert(1)>\"' onmouseover='x'"
    "</style></title></textarea>--><!--]]>{{ 7 * 7 }}{% raw %}&lt;&amp;"
    "\u202eright\u200bzero\x00nul\x1b[31m\ud800lone\u2028line\r"
)
FILES = frozenset(("id", "cells", "predictions", "run"))
"""Keys of what files are called by."""
KNOWN = frozenset(("status", "direction", "verdict", "metric", "headline", "contestant", "case"))
"""Keys of texts on which it depends what is shown."""
VOID = frozenset(("meta", "br", "hr", "img", "input", "link", "base"))


class Outline(HTMLParser):
    """What a browser would make of a page: its elements, and the text in them."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts, self.faults = [], [], {}, []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data):
        tag = self.open[-1] if self.open else ""
        self.texts.setdefault(tag, []).append(data)

    def text(self):
        hidden = ("script", "style")
        return " ".join(
            part for tag, parts in self.texts.items() if tag not in hidden for part in parts
        )

    def ids(self):
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def page(run):
    return render(gather(run), 100)


def required(value, schema, root=None):
    """The form without all that its JSON schema does not ask for."""
    root = root or schema
    if "$ref" in schema:
        return required(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    for other in schema.get("anyOf", ()):
        value = required(value, other, root)
    if isinstance(value, dict) and "required" in schema:
        value = {key: one for key, one in value.items() if key in schema["required"]}
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return {key: required(one, known.get(key, {}), root) for key, one in value.items()}
    if isinstance(value, list):
        return [required(one, schema.get("items", {}), root) for one in value]
    return value


def planted(value, names, kept):
    """The same form with the hostile text after every text, and in every method's name.

    Args:
        value: the form.
        names: of the methods.
        kept: keys of which the texts stay.
    """
    if isinstance(value, dict):
        return {
            key + HOSTILE if key in names else key: one
            if key in kept
            else planted(one, names, kept)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [planted(one, names, kept) for one in value]
    return value + HOSTILE if isinstance(value, str) else value


def planted_material(run, kept):
    """All that there is to show of a run, planted."""
    whole = gather(run)
    names = set(whole.methods)
    results = planted(run.results, names, {*FILES, *kept})
    material = gather(RunView(run.folder, json.loads(json.dumps(results))))
    return replace(
        material,
        prompts={key: planted(form, names, kept) for key, form in whole.prompts.items()},
        manifest=planted(whole.manifest, names, kept),
        missing=(HOSTILE,),
    )


def test_the_page_is_well_formed_and_its_ids_are_its_own(page):
    outline = Outline(page)
    assert outline.faults == []
    assert outline.open == []
    assert len(outline.ids()) == len(set(outline.ids()))


def test_headings_do_not_skip_a_level(page):
    levels = [int(tag[1]) for tag, _ in Outline(page).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_links_lead_to_what_is_there(page):
    outline = Outline(page)
    links = [attrs["href"] for tag, attrs in outline.elements if tag == "a" and "href" in attrs]
    assert links
    assert {link[1:] for link in links if link.startswith("#")} <= set(outline.ids())
    assert [link for link in links if not link.startswith("#")] == []


class TestPolicy:
    def test_the_hashes_are_those_of_the_script_and_the_style(self, page):
        outline = Outline(page)
        policy = next(
            attrs["content"]
            for tag, attrs in outline.elements
            if attrs.get("http-equiv") == "Content-Security-Policy"
        )
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        for tag in ("script", "style"):
            (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy

    def test_it_stands_before_anything_that_it_is_about(self, page):
        assert page.index("Content-Security-Policy") < page.index("<style>")

    def test_nothing_needs_what_the_policy_forbids(self, page):
        for tag, attrs in Outline(page).elements:
            assert "style" not in attrs, (tag, attrs)
            assert not [name for name in attrs if name.startswith("on")], (tag, attrs)
            assert tag not in ("link", "iframe", "object", "embed", "base", "form") or (
                tag == "form" and "action" not in attrs
            )
            assert not attrs.get("src"), (tag, attrs)

    def test_nothing_is_loaded_from_elsewhere(self, page):
        urls = re.findall(
            r"(?:https?:)?//[\w.-]+", re.sub(r"<script.*?</script>", "", page, flags=re.S)
        )
        assert set(urls) <= {"http://www.w3.org"}


@pytest.fixture(scope="module", params=[frozenset(), KNOWN], ids=["all", "not the known ones"])
def outline(run, request):
    return Outline(render(planted_material(run, request.param), 100))


class TestHostileTexts:
    def test_they_make_no_elements(self, outline, page):
        assert outline.faults == []
        kinds = {tag for tag, _ in outline.elements}
        assert kinds <= {tag for tag, _ in Outline(page).elements} | {"del", "ins", "li", "ul"}
        assert (
            sum(tag == "script" for tag, _ in outline.elements)
            <= sum(tag == "script" for tag, _ in Outline(page).elements) + 1
        )

    def test_they_make_no_attributes(self, outline):
        names = {name for _, attrs in outline.elements for name in attrs}
        assert not [name for name in names if name.startswith("on")]

    def test_they_are_shown_as_they_are(self, outline):
        text = outline.text()
        for part in ("<script>window.pwned=1</script>", "{{ 7 * 7 }}", "{% raw %}", "&lt;&amp;"):
            assert part in text
        assert "49" not in re.findall(r"\{\{.*?\}\}|\b49\b", text)

    @pytest.mark.parametrize(
        "hidden", ["\u202e", "\u200b", "\x00", "\x1b", "\ud800", "\u2028", "\r"]
    )
    def test_hidden_characters_are_marks(self, outline, hidden):
        everything = [*outline.texts.values()]
        shown = "".join(part for parts in everything for part in parts)
        attributes = "".join(
            str(value) for _, attrs in outline.elements for value in attrs.values()
        )
        assert hidden not in shown + attributes
        assert f"U+{ord(hidden):04X}" in shown

    def test_the_file_can_be_written(self, run, tmp_path):
        results = planted(run.results, set(gather(run).methods), FILES)
        path = HtmlReporter(HtmlParams(file=str(tmp_path / "report.html"))).report(
            results, run.folder
        )
        assert path.read_bytes().decode("utf-8").startswith("<!doctype html>")


class TestWhatIsMissing:
    def test_a_whole_run_lacks_nothing(self, run, page):
        assert gather(run).missing == ()
        assert 'id="missing"' not in page

    @pytest.mark.parametrize(
        "changes",
        [{"analysis": ...}, {"analysis": None}, {"comparisons": []}, {"expectations": ...},
         {"ledger": ...}, {"ledger": None}, {"models": []}, {"currency": None}],
    )  # fmt: skip
    def test_any_part_of_the_results(self, run, changes):
        text = Outline(render(gather(changed(run, **changes)), 100)).text()
        assert all(cell["method"] in text for cell in run.results["cells"])

    def test_charts_of_damaged_data_are_named_and_the_rest_is_drawn(self, run):
        analysis = run.results["analysis"]
        costs = {name: {**one, "serving": None} for name, one in analysis["costs"].items()}
        broken = changed(run, analysis={**analysis, "costs": costs})
        shown = render(gather(broken), 100)
        assert "results.json: tradeoffs: " in Outline(shown).text()
        assert 'id="chart-outcomes"' in shown

    def test_everything_optional(self, run):
        done = Project(run.folder).run("schema", "results", check=True)
        bare = required(run.results, json.loads(done.stdout))
        assert "analysis" not in bare
        assert "fairness" not in bare["cells"][0]
        text = Outline(render(gather(RunView(run.folder, bare)), 100)).text()
        assert all(cell["method"] in text for cell in run.results["cells"])

    def test_cells_of_which_nothing_is_known(self, run):
        nothing = dict.fromkeys(("jobs", "examples", "outcomes", "predictions", "failure"))
        unknown = {"scores": {}, "report": {}, "status": "pending"} | nothing
        for key in ("usage", "cost"):
            unknown[key] = {"adapt": None, "predict": None}
        unknown["seconds"] = {"adapt": None, "predict": None, "score": None}
        cells = [{**cell, **unknown} for cell in run.results["cells"]]
        view = changed(run, cells=cells, comparisons=[], analysis=None)
        text = Outline(render(replace(gather(view), analysis=None), 100)).text()
        assert all(cell["id"] in text for cell in cells)
        assert "No method has a figure to compare." in text

    def test_an_analysis_is_made_where_there_is_none(self, run):
        material = gather(changed(run, analysis=...))
        assert material.analysis is not None
        assert material.missing == ()

    def test_files(self, run, tmp_path):
        lonely = RunView(tmp_path / "moved", run.results)
        lonely.folder.mkdir()
        material = gather(lonely)
        assert any("prompts" in sentence for sentence in material.missing)
        (sentence,) = [one for one in material.missing if "manifest.json" in one]
        assert sentence.count("run the suite again") == 1
        assert "\n" not in sentence
        assert not any(str(tmp_path) in sentence for sentence in material.missing)
        assert "manifest.json" in Outline(render(material, 100)).text()


def test_failed_and_pending_cells_say_why(tmp_path):
    suite = SUITE + '\n[[adapters]]\nname = "broken"\nuse = "fake-adapter"\nfail = "no <luck>"\n'
    run = make_run(tmp_path, suite)
    results = copy.deepcopy(run.results)
    results["cells"][0] |= {"status": "pending"}
    outline = Outline(render(gather(changed(RunView(run.folder, results))), 100))
    text = outline.text()
    assert "no <luck>" in text
    assert "2 of 8 cells failed" in text
    assert "1 of 8 cells did not run" in text


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("other"), SUITE.replace("k = [2, 30]", "k = [2, 20]"))


class TestSeveralRuns:
    def test_methods_of_one_name_are_told_apart(self, run, other):
        material = gather(run, [other.folder])
        assert len(material.runs) == 2
        assert len({cell.key for cell in material.cells}) == len(material.cells) == 12
        known = {row["method"] for row in material.analysis["methods"]}
        assert set(material.methods) == known
        assert {"fake-adapter-k30", "fake-adapter-k20"} <= known

    def test_both_are_on_the_page(self, run, other):
        text = Outline(render(gather(run, [other.folder]), 100)).text()
        assert run.results["run"]["id"] in text
        assert other.results["run"]["id"] in text

    def test_the_same_run_twice_is_one(self, run):
        assert len(gather(run, [run.folder]).runs) == 1

    def test_groups_by_another_metric_are_not_mixed_in(self, run, other):
        results = json.loads(json.dumps(other.results))
        for row in results["slices"]:
            row["metric"] = "other"
        (other.folder / "results.json").write_text(json.dumps(results))
        try:
            material = gather(run, [other.folder])
        finally:
            (other.folder / "results.json").write_text(json.dumps(other.results))
        assert {row["metric"] for row in material.slices} == {"contains"}
        assert any("those of other, not of contains" in said for said in material.missing)

    def test_judges_are_told_apart_by_their_runs(self, run, other):
        names = [one.name for one in judged_of(gather(run, [other.folder]))]
        assert len(set(names)) == len(names) == 4

    def test_a_run_that_is_not_there_is_named(self, run, tmp_path):
        material = gather(run, [tmp_path / "nowhere"])
        assert not any(str(tmp_path) in sentence for sentence in material.missing)
        assert len(material.runs) == 1
        assert any("nowhere" in sentence for sentence in material.missing)

    def test_runs_that_cannot_be_compared_are_shown_all_the_same(self, run, tmp_path):
        other = make_run(tmp_path, SUITE.replace("test = 40", "test = 20"))
        material = gather(run, [other.folder])
        assert material.missing
        assert len(material.cells) == 12
        assert len(set(material.methods)) == 6
        known = {row["method"] for row in material.analysis["methods"]}
        assert known < set(material.methods)


class TestFile:
    def test_it_is_put_in_its_place_as_a_whole(self, run):
        path = HtmlReporter(HtmlParams(file="new/report.html")).report(run.results, run.folder)
        assert path == run.folder / "new" / "report.html"
        assert [one.name for one in path.parent.iterdir()] == ["report.html"]
        assert path.stat().st_mode & 0o044

    def test_a_place_where_nothing_can_be_written(self, run, tmp_path):
        (tmp_path / "taken").write_text("")
        params = HtmlParams(file=str(tmp_path / "taken" / "report.html"))
        with pytest.raises(UserError, match="cannot be written"):
            HtmlReporter(params).report(run.results, run.folder)

    def test_the_root_is_no_file(self, run):
        with pytest.raises(UserError, match="cannot be written"):
            HtmlReporter(HtmlParams(file="/")).report(run.results, run.folder)

    def test_the_same_run_gives_the_same_file(self, run):
        assert render(gather(run), 100) == render(gather(run), 100)
