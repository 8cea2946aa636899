"""All charts together: what every drawing must be, whatever the results are like."""

import re
from xml.etree import ElementTree

import pytest

from evalkit_report.charts import MAKERS, all_charts
from evalkit_report.charts.words import shown, width

from .charting import LONG, analysis, cell, contest, everything, figure, material

PARTS = ["curves", "ratings", "tradeoffs", "outcomes", "slices", "losses"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def full():
    return all_charts(everything()).parts


@pytest.fixture(scope="module")
def charts(full):
    return [chart for part in full.values() for chart in part]


def test_every_part_of_the_report_has_its_charts(full):
    assert list(full) == PARTS
    names = {part: [chart.name for chart in found] for part, found in full.items()}
    assert names["curves"] == ["curves-training-examples", "curves-demos"]
    assert names["ratings"] == ["ratings-judge-elo-seed-1", "wins-judge-elo-seed-1"]
    assert names["tradeoffs"] == [
        "quality-cost",
        "quality-tokens",
        "quality-latency",
        "costs",
        "break-even",
    ]
    assert names["slices"] == ["slices-domain", "slices-triples"]


def test_a_run_without_anything_has_no_charts():
    empty = material([{"id": "a", "method": "a", "outcomes": None, "report": None}])
    assert all_charts(empty).parts == dict.fromkeys(PARTS, ())


def test_without_an_analysis_the_rest_is_drawn():
    half = material(
        [cell("a", report={"loss": [[1, 2.0], [2, 1.0]]})], None, [contest({"a-s1": 1500.0})]
    )
    found = all_charts(half).parts
    assert [part for part, charts in found.items() if charts] == ["ratings", "outcomes", "losses"]


def test_one_method_has_no_tradeoffs_but_outcomes():
    found = all_charts(material([cell("a")], analysis([figure("a")]))).parts
    assert [part for part, charts in found.items() if charts] == ["outcomes"]


def test_a_drawing_has_no_style_no_script_and_nothing_from_elsewhere(charts):
    for chart in charts:
        root = ElementTree.fromstring(chart.svg)
        tags = {one.tag for one in root.iter()}
        assert tags <= {
            SVG + tag for tag in ("svg", "g", "path", "line", "text", "defs", "pattern", "rect")
        }
        for one in root.iter():
            assert not {name for name in one.attrib if name == "style" or name.startswith("on")}
            assert not {name for name in one.attrib if name.endswith("href")}
        assert set(re.findall(r"https?://[^\"]*", chart.svg)) == {"http://www.w3.org/2000/svg"}
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b", chart.svg), "a colour that no theme changes"


def test_what_a_plugin_called_its_method_is_text(charts):
    told = "\n".join(chart.svg for chart in charts)
    assert "<b>" not in told
    assert "&lt;b&gt;" in told
    assert "[U+202E][U+0000][U+D800]" in told
    assert not set(told) & set("\u202e\x00\ud800")


def test_names_and_ids_are_unique_in_a_page(charts):
    names = [chart.name for chart in charts]
    ids = [found for chart in charts for found in re.findall(r'\sid="([^"]*)"', chart.svg)]
    assert len({*names, *ids}) == len(names) + len(ids)
    used = {found for chart in charts for found in re.findall(r"url\(#([^)]*)\)", chart.svg)}
    assert used <= set(ids)


def test_two_comparisons_of_one_name_have_charts_of_two_names():
    twice = material([cell("a")], None, [contest({"a-s1": 1500.0}), contest({"a-s1": 1400.0})])
    names = [chart.name for chart in all_charts(twice).parts["ratings"]]
    assert names == ["ratings-judge-elo-seed-1", "ratings-judge-elo-seed-1-2"]


def test_drawings_and_what_is_in_them_have_names_for_those_who_do_not_see_them(charts):
    for chart in charts:
        root = ElementTree.fromstring(chart.svg)
        assert root.get("role") == "graphics-document"
        assert root.get("aria-label")
        marks = [one for one in root.iter() if one.get("role") == "graphics-symbol"]
        assert marks
        assert all(one.get("aria-label") for one in marks), chart.name


def test_the_full_names_are_in_what_is_read_out_and_in_the_table(full):
    curves = full["curves"][0]
    assert f'aria-label="{LONG[8]}: 0.520, 95% interval 0.470 to 0.570' in curves.svg
    assert LONG[8] in {row[0] for row in curves.rows}
    for chart in (chart for part in full.values() for chart in part):
        assert chart.rows
        assert {len(row) for row in chart.rows} == {len(chart.headings)}


def test_a_method_has_one_colour_and_one_shape_everywhere(charts):
    looks = {}
    for chart in (chart for chart in charts if chart.name != "outcomes"):
        for one in ElementTree.fromstring(chart.svg).iter():
            said, stroke = one.get("aria-label") or "", one.get("stroke")
            if one.get("role") == "graphics-symbol" and said.startswith(f"{LONG[4]}:"):
                looks.setdefault((stroke, (one.get("d") or "").count("L")), set()).add(chart.name)
    symbols = {look: names for look, names in looks.items() if look[0] != "none"}
    assert len(symbols) == 1, symbols
    assert next(iter(symbols))[0] == "var(--c5)"
    assert len(next(iter(symbols.values()))) >= 6


def boxes_of(spec):
    """What the texts of a drawing cover; those that are turned are left out."""
    for layer in spec["layer"]:
        mark = layer["mark"]
        if mark["type"] != "text" or "angle" in mark or "strokeWidth" in mark:
            continue
        for row in layer["data"]["values"]:
            wide = 0.92 * width(row["text"], mark["fontSize"])
            left = row["x"] - wide * {"left": 0, "center": 0.5, "right": 1}[mark["align"]]
            half = 0.45 * mark["fontSize"]
            yield row["text"], left, row["y"] - half, left + wide, row["y"] + half


@pytest.mark.parametrize(
    "draft",
    [d for makers in MAKERS.values() for make in makers for d in make(everything())],
    ids=lambda draft: draft.name,
)
def test_no_text_is_cut_and_none_covers_another_one(draft):
    around = draft.spec["padding"]
    right = draft.spec["width"] + around["right"]
    found = list(boxes_of(draft.spec))
    assert found
    for text, x, y, x2, y2 in found:
        assert -around["left"] <= x, (text, x)
        assert x2 <= right, (text, x2)
        assert -around["top"] <= y, (text, y)
        assert y2 <= draft.spec["height"] + around["bottom"], (text, y2)
    for place, (text, x, y, x2, y2) in enumerate(found):
        for other, ox, oy, ox2, oy2 in found[place + 1 :]:
            apart = x2 <= ox or ox2 <= x or y2 <= oy or oy2 <= y
            assert apart, (text, other)


def test_a_drawing_has_the_width_of_the_page(charts):
    for chart in charts:
        wide, high = (
            float(end) for end in re.findall(r'(?:width|height)="([\d.]+)"', chart.svg)[:2]
        )
        assert wide == 720
        assert f'viewBox="0 0 {wide:g} ' in chart.svg
        assert high > 60


def test_hidden_characters_are_seen_in_what_is_read_out():
    assert shown("a\u202eb\u200b") == "a[U+202E]b[U+200B]"
