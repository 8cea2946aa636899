"""Markdown for GitHub: texts of others mean nothing in it; `results.md` says it in short."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evalkit.report.markdown import as_text, code_lines, to_markdown
from evalkit.report.table import Table

GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
BREAK = "\u200b"
PLAIN = {"paragraph_open", "inline", "paragraph_close"}
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=y>", "<!-- x", "</details>", "<?php ?>",
    "[a](http://evil.example)", "![a](//evil.example/x.png)", "[a]: http://evil.example", "[^1]",
    "<http://evil.example>", "http://evil.example", "www.evil.example", "a@evil.example",
    "@octocat", "acme/tool#12", "#12", "GH-12", "gh-12", "# title", "> quote", "- item", "+ item",
    "* item", "12. item", "1) item", "---", "===", "***", "___", "```", "~~~", "    code",
    "*a*", "**a**", "_a_", "__a__", "~~a~~", "`a`", "``a", "$a$", "$$a$$", "&copy;", "&#64;x",
    "a | b", "a \\| b", "\\", "\\\\|", "a\\", ":tada:", "[x] done", "[ ] open", "a\nb",
    "a\r\n\r\n# b",
    "<a", "<b>x</b>", "&lt;b&gt;", "[!NOTE]", "| - |", "a\u2028b", "*a", "a*", "1*2*3", "_a", "a__",
]  # fmt: skip


def rendered(text):
    """The kinds of everything that a text is made of, and what people see of it."""
    blocks = GITHUB.parse(text)
    inline = [token for block in blocks for token in block.children or ()]
    return (
        {token.type for token in [*blocks, *inline]},
        "".join(token.content for token in inline),
    )


def means_something(shown):
    """Whether GitHub finds a mention, a reference, a bare link or an emoji in rendered text."""
    return re.search(r"@\w|#\w|\bGH-\d|://|\bwww\.|:[\w+-]+:", shown, re.IGNORECASE)


@pytest.mark.parametrize("text", HOSTILE)
class TestAsText:
    def test_in_a_paragraph_and_in_a_list(self, text):
        for before, kinds in (("", set()), ("- ", {"bullet_list_open", "list_item_open"})):
            found, shown = rendered(before + as_text(text))
            closing = {kind.replace("_open", "_close") for kind in kinds}
            assert found - {"text", "text_special"} <= PLAIN | kinds | closing
            assert shown.replace(BREAK, "").split() == text.split()
            assert not means_something(shown)

    def test_in_a_table(self, text):
        table = Table(
            columns=(text, "b"), numeric=(False, True), rows=(("x", text), (text, text)), notes=()
        )
        blocks = GITHUB.parse(to_markdown(table))
        cells = [
            token.children
            for before, token in pairwise(blocks)
            if before.type in ("th_open", "td_open")
        ]
        assert len(cells) == 6
        shown = ["".join(part.content for part in cell) for cell in cells]
        assert {part.type for cell in cells for part in cell} <= {"text", "text_special"}
        assert [one.replace(BREAK, "").split() for one in shown] == [
            one.split() for one in (text, "b", "x", text, text, text)
        ]


@given(st.text(alphabet="<>[]()`*_~|\\#@:/!&;=+-. \n1aA$", max_size=30))
def test_no_text_means_anything(text):
    kinds, shown = rendered(as_text(text))
    assert kinds <= PLAIN | {"text", "text_special"}
    assert shown.replace(BREAK, "").split() == text.split()
    assert not means_something(shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "aU+202Eb"), ("a\u200bb", "aU+200Bb"), ("\x1b[31m", "U+001B[31m"),
        ("\ud800", "U+D800"), ("a\x00", "aU+0000"), ("\ufeffa", "U+FEFFa"),
        ("日本 ü 😀", "日本 ü 😀"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_shown(text, shown):
    assert as_text(text) == shown


@pytest.mark.parametrize(
    "text",
    ["0.050 [0.018, 0.099]", "+0.1 [\u22120.2, +0.3]", "few-shot-k4 *", "macro_f1", "p <.001",
     "1475.0*", "a & b", "50%", "it's 3:1", "USD 1,000"],
)  # fmt: skip
def test_usual_texts_stay_readable(text):
    assert as_text(text) == text


@pytest.mark.parametrize("text", ["evalkit run x", "a ``` b", "````", "<b>\n# x"])
def test_code_cannot_leave_its_block(text):
    (block,) = GITHUB.parse("\n".join(code_lines(text, "sh")))
    assert (block.type, block.info, block.content) == ("fence", "sh", f"{text}\n")


ODD = "<b>[x](http://a) @octocat | #12 `"


class TestResults:
    @pytest.fixture
    def written(self, lab):
        """Run a suite with the reporter; what it wrote."""

        def run(*args, code=0, **tables):
            lab.suite(**{"more": '[[reporters]]\nuse = "markdown"\n', **tables})
            result = lab.run(*args)
            assert result.exit_code == code, result.output
            return (lab.path / "runs" / "latest" / "results.md").read_text()

        return run

    def test_it_says_what_the_comparison_says(self, lab, written):
        more = (
            '[[reporters]]\nuse = "markdown"\n\n[[expect]]\nadapter = "fake-adapter"\nmin = 0.0\n'
        )
        text = written(task='[task]\nuse = "fake-task"\ntest = 40\n', more=more)
        analysis = lab.results()["analysis"]
        assert text.startswith("## trial\n\n> ")
        for sentence in analysis["recommendation"]["sentences"]:
            assert as_text(sentence) in text
        table = lab.project.run("compare", "runs/latest", "--format", "markdown", check=True).stdout
        assert table.partition("\n\n")[0] in text
        assert "40 examples of the split test · contains (" in text
        assert "**Expectations**\n\n- " in text
        assert "<details><summary>Notes</summary>\n\n- " in text
        assert text.endswith(
            "Run it again:\n\n```sh\nevalkit run suite.toml -p evalkit.testing.fakes\n```\n"
        )

    def test_marks_are_explained_in_plain_sight(self, written):
        plain, _, folded = written().partition("<details>")
        assert "- \\* baseline; differences" in plain
        assert "baseline; differences" not in folded

    def test_what_failed_is_named(self, written):
        adapters = (
            '[[adapters]]\nuse = "fake-bare"\n[[adapters]]\nname = "bad"\nuse = "fake-bare"\n'
        )
        text = written(adapters=f'{adapters}fail = "no <b>luck</b>"\n', code=1)
        assert "**Not done**\n\n- bad: no \\<b>luck\\</b> see \\`fail\\`\n" in text

    def test_nothing_to_compare(self, written):
        text = written(adapters='[[adapters]]\nuse = "fake-bare"\nfail = "no"\n', code=1)
        assert "the methods were not compared" in text
        assert "| fake-bare |" in text
        assert "\n> " not in text

    def test_texts_of_others_mean_nothing(self, written):
        text = written(adapters=f'[[adapters]]\nuse = "fake-bare"\nfail = "{ODD}"\n', code=1)
        kinds, shown = rendered(re.sub("</?(details|summary)>", "", text))
        assert not kinds & {"html_inline", "html_block", "link_open", "image", "code_inline"}
        assert ODD in shown.replace(BREAK, "")
        assert not re.search(r"@\w|#\d", shown)

    def test_no_folder_of_the_machine_is_named(self, lab, written):
        written()
        place = lab.path / "elsewhere"
        lab.project.run(
            "run", str(lab.path / "suite.toml"), "-p", "evalkit.testing.fakes",
            "--output-dir", str(place), check=True,
        )  # fmt: skip
        text = (place / "latest" / "results.md").read_text()
        assert str(lab.path) not in text
        assert "evalkit run suite.toml -p evalkit.testing.fakes --output-dir elsewhere" in text

    def test_a_run_from_python_has_a_command_too(self, lab, monkeypatch):
        import evalkit

        monkeypatch.chdir(lab.path)
        lab.suite(more='[[reporters]]\nuse = "markdown"\n[profiles.short.evaluate]\nlimit = 2\n')
        view = evalkit.run("suite.toml", profile="short", modules=["evalkit.testing.fakes"])
        text = (view.folder / "results.md").read_text()
        assert "\nevalkit run suite.toml --profile short\n" in text

    def test_many_methods_and_long_reasons_are_cut(self, written):
        many = ", ".join(map(str, range(1, 131)))
        reason = "x" * 2_000
        adapters = f'[[adapters]]\nuse = "fake-bare"\nfail = "{reason}"\n'
        adapters += f'[[adapters]]\nuse = "fake-adapter"\nk = [{many}]\n'
        text = written(adapters=adapters, code=1, task='[task]\nuse = "fake-task"\ntrain = 130\n')
        assert "| 31 more in results.json |" in text
        assert "x" * 501 not in text
        assert len(text) < 65_536
