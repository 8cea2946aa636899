"""Run folders that are damaged, incomplete or of an older version: what is missing is named."""

import json
import shutil

import pytest

from .facts import ISOLATES, is_hidden, shown
from .making import DEMOS

pytestmark = pytest.mark.browser
CELL = "few-shot-k4"


def lose(name):
    def damage(folder):
        path = folder / name
        assert path.exists()
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return damage


def tear(name):
    """Cut a line of a file in the middle, as a full disk or a bad copy would."""

    def damage(folder):
        path = folder / name
        lines = path.read_bytes().splitlines(keepends=True)
        lines[1] = lines[1][: len(lines[1]) // 2] + b"\n"
        path.write_bytes(b"".join(lines))

    return damage


def fill(name):
    """Write what is no text into a file."""

    def damage(folder):
        (folder / name).write_bytes(b"\xff\xfe\x00<script>window.pwned=1</script>")

    return damage


DAMAGES = {
    "examples lost": (lose("examples.jsonl"), "examples.jsonl"),
    "examples torn": (tear("examples.jsonl"), "examples.jsonl"),
    "answers lost": (lose(f"predictions/{CELL}.jsonl"), f"{CELL}.jsonl"),
    "answers torn": (tear(f"predictions/{CELL}.jsonl"), f"{CELL}.jsonl"),
    "answers no text": (fill(f"predictions/{CELL}.jsonl"), f"{CELL}.jsonl"),
    "all answers lost": (lose("predictions"), "predictions"),
    "scores lost": (lose(f"scores/exact-f1/{CELL}.jsonl"), f"{CELL}.jsonl"),
    "scores torn": (tear(f"scores/exact-f1/{CELL}.jsonl"), f"{CELL}.jsonl"),
    "all scores lost": (lose("scores"), "scores"),
    "judgments lost": (lose("judgments.jsonl"), "judgments.jsonl"),
    "judgments torn": (tear("judgments.jsonl"), "judgments.jsonl"),
    "prompts lost": (lose("prompts"), "prompts"),
    "prompt no text": (fill(f"prompts/{CELL}.json"), f"{CELL}.json"),
    "manifest lost": (lose("manifest.json"), "manifest.json"),
    "manifest no text": (fill("manifest.json"), "manifest.json"),
}


@pytest.fixture
def copy(planted_run, tmp_path):
    """A copy of the run folder, to be damaged."""
    run = (planted_run.path / "runs" / "latest").resolve()
    copied = tmp_path / "runs" / run.name
    shutil.copytree(run, copied)
    return copied


@pytest.fixture
def report_of(planted_run):
    """Builds a report; the command must succeed."""

    def build(folder):
        planted_run.run("report", folder, "-o", folder / "damaged.html", check=True)
        return folder / "damaged.html"

    return build


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_named_and_the_rest_is_shown(visit, report_of, copy, damage):
    do, named = DAMAGES[damage]
    do(copy)
    with visit(report_of(copy)) as visited:
        page = visited.page
        page.locator("#examples").wait_for()
        missing = page.locator("#missing")
        assert named in missing.inner_text()
        assert page.locator("#missing li").count() <= 20
        text = page.locator("main").inner_text()
        assert "0.800" in text
        for method in DEMOS:
            assert method in text


def test_a_sound_folder_lacks_nothing(visit, reported):
    with visit(reported.path) as visited:
        assert visited.page.locator("#missing").count() == 0


def test_results_alone_are_enough_for_all_figures(visit, report_of, copy):
    for path in copy.iterdir():
        if path.name != "results.json":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    with visit(report_of(copy)) as visited:
        text = visited.page.locator("main").inner_text()
        for method in DEMOS:
            assert method in text
        for name in ("examples.jsonl", "manifest.json", "prompts"):
            assert name in visited.page.locator("#missing").inner_text()


def test_a_folder_of_an_older_version(visit, report_of, copy):
    """Without prompts, matches of scores and the analysis, which came later."""
    shutil.rmtree(copy / "prompts")
    for path in copy.glob("scores/*/*"):
        lines = [json.loads(line) for line in path.read_text("ascii").splitlines()]
        for line in lines:
            line.pop("matches", None)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "ascii")
    results = json.loads((copy / "results.json").read_text("utf-8"))
    del results["analysis"]
    (copy / "results.json").write_text(json.dumps(results), "utf-8")
    with visit(report_of(copy)) as visited:
        page = visited.page
        page.locator("#browser-search").wait_for()
        assert "prompts" in page.locator("#missing").inner_text()
        assert "taught-16" in page.locator("#verdict").inner_text()


def test_a_damaged_report_cannot_be_searched_and_says_so(visit, reported, tmp_path):
    path = tmp_path / "damaged.html"
    text = reported.path.read_text("utf-8")
    place = text.index(">", text.index('id="chunk-details-0"')) + 100
    path.write_text(f"{text[:place]}!{text[place + 1 :]}", "utf-8")
    with visit(path) as visited:
        page = visited.page
        page.locator("#browser-list a").first.wait_for()
        page.locator("#browser-example h3").get_by_text("cannot be unpacked").wait_for()
        page.locator("#browser-search").fill("ada")
        page.locator("#browser-hits").get_by_text("cannot be searched").wait_for()
        page.locator("#browser-search").fill("")
        page.locator("#browser-hits").get_by_text("60 examples").wait_for()


def test_an_undefined_score_is_no_failure(visit, report_of, copy):
    """Without parts there is nothing to work out the score of the example from."""
    example, *_ = (copy / "examples.jsonl").read_text("ascii").splitlines()[2:]
    identity = json.loads(example)["id"]
    for path in copy.glob("scores/exact-f1/*"):
        lines = [json.loads(line) for line in path.read_text("ascii").splitlines()]
        for line in lines:
            line |= {"values": {}} if line["id"] == identity else {}
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "ascii")
    with visit(report_of(copy)) as visited:
        page = visited.page
        page.locator("#browser-list a").first.wait_for()
        row = page.locator("#browser-list li").nth(2)
        assert "no scores" in row.inner_text()
        assert row.locator("[data-undefined]").count() == len(DEMOS)
        page.locator("#browser-kind").select_option(value="all-fail")
        page.locator("#browser-hits").get_by_text(" of 60").wait_for()
        links = page.locator("#browser-list a")
        found = links.evaluate_all("all => all.map((one) => one.dataset.example)")
        assert found
        assert identity not in found


def test_bars_of_a_score_without_an_upper_limit_are_drawn(visit, reported, tmp_path):
    path = tmp_path / "unlimited.html"
    text = reported.path.read_text("utf-8")
    assert '"range":[0.0,1.0]' in text
    path.write_text(text.replace('"range":[0.0,1.0]', '"range":[0.0,null]'), "utf-8")
    with visit(path) as visited:
        bars = visited.page.locator("#browser-list .browser-mini > span")
        bars.first.wait_for(state="attached")
        heights = bars.evaluate_all("all => all.map((one) => one.style.height)")
        assert {"0%", "100%"} < set(heights)


def test_methods_may_be_called_anything(visit, report_of, copy):
    """As in a folder that somebody else made, or changed."""
    name = "<script>window.pwned=1</script>\u202e</title>{{ 7 * 7 }}'\"\x00"
    path = copy / "results.json"
    results = json.loads(path.read_text("utf-8"), object_hook=lambda form: renamed(form, name))
    path.write_text(json.dumps(results), "utf-8")
    with visit(report_of(copy)) as visited:
        page = visited.page
        page.locator("#browser-list a").first.wait_for()
        assert shown(name) in page.locator("#methods-table").text_content()
        assert shown(name) in page.locator("#browser-example").text_content()
        text = page.locator("main").inner_text()
        assert {one for one in text if is_hidden(one)} <= ISOLATES


def renamed(form, name):
    """The object, with another name for the method ``taught-16``."""
    mine = {key for key in ("method", "baseline") if form.get(key) == "taught-16"}
    return {key: name if key in mine else value for key, value in form.items()}
