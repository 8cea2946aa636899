"""Which reporters a suite gets that names none."""

import pytest

import evalkit
from evalkit.errors import UserError
from evalkit.plugins import build_manager
from evalkit.reporting import DEFAULT_REPORTERS, default_reporters

HOOKS = """
from evalkit import Entry, hookimpl

@hookimpl
def evalkit_reporters():
    return [Entry(name="html", target="acme_html:Html", params="{params}")]
"""
REPORTER = """
from evalkit import Params, Reporter

class HtmlParams(Params):
    file: str{default}

class Html(Reporter):
    def report(self, results, folder):
        (folder / self.params.file).write_text("<p>")
        return folder / self.params.file
"""


def install(site, default=' = "page.html"', params="acme_html:HtmlParams"):
    site.install(
        "acme",
        {"a": "acme_hooks"},
        acme_hooks=HOOKS.format(params=params),
        acme_html=REPORTER.format(default=default),
    )


def names(monkeypatch, setting):
    if setting is None:
        monkeypatch.delenv(DEFAULT_REPORTERS, raising=False)
    else:
        monkeypatch.setenv(DEFAULT_REPORTERS, setting)
    return [use.use for use in default_reporters(build_manager())]


def test_the_usual_ones_that_are_installed(site, monkeypatch):
    assert names(monkeypatch, None) == ["markdown"]
    install(site)
    assert names(monkeypatch, None) == ["html", "markdown"]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("", []),
        (" , ", []),
        ("junit", ["junit"]),
        (" markdown, junit ,markdown", ["markdown", "junit"]),
    ],
)
def test_those_of_the_environment(site, monkeypatch, setting, expected):
    assert names(monkeypatch, setting) == expected


def test_of_those_every_one_must_be_there(site, monkeypatch):
    with pytest.raises(UserError) as caught:
        names(monkeypatch, "markdwn")
    assert caught.value.message == f'{DEFAULT_REPORTERS}: unknown reporter "markdwn"'
    assert 'did you mean "markdown"?' in caught.value.hint
    assert "installed: junit, markdown, terminal" in caught.value.hint


def test_and_must_do_without_parameters(site, monkeypatch):
    install(site, default="")
    assert names(monkeypatch, None) == ["markdown"]
    with pytest.raises(UserError, match='reporter "html" needs parameters') as caught:
        names(monkeypatch, "html")
    assert "[[reporters]]" in caught.value.hint


def test_a_broken_one_is_an_error_only_if_it_is_asked_for(site, monkeypatch):
    install(site, params="no_such_module:Params")
    assert names(monkeypatch, None) == ["markdown"]
    with pytest.raises(UserError, match="cannot be loaded"):
        names(monkeypatch, "html")


def test_one_that_two_offer_is_left_out(site, monkeypatch):
    install(site)
    hooks = HOOKS.format(params="acme_html:HtmlParams")
    site.install("other", {"o": "other_hooks"}, other_hooks=hooks)
    assert names(monkeypatch, None) == ["markdown"]


class TestRun:
    def test_they_write_and_are_named(self, lab, monkeypatch):
        monkeypatch.setenv(DEFAULT_REPORTERS, "markdown,junit")
        lab.suite()
        result = lab.run()
        assert result.exit_code == 0, result.output
        *_, first, second = result.stdout.splitlines()
        assert (first.rpartition("/")[2], second.rpartition("/")[2]) == ("results.md", "junit.xml")
        plugins = evalkit.load_run(lab.path / "runs" / "latest").manifest()["plugins"]
        assert {p["name"] for p in plugins if p["kind"] == "reporter"} == {"markdown", "junit"}

    @pytest.mark.parametrize("tables", ["reporters = []\n", '[[reporters]]\nuse = "junit"\n'])
    def test_a_suite_that_says_what_it_wants_gets_that(self, lab, monkeypatch, tables):
        monkeypatch.setenv(DEFAULT_REPORTERS, "markdown")
        top = f'name = "trial"\n{tables}' if tables.startswith("rep") else 'name = "trial"\n'
        lab.suite(top=top, **({} if tables.startswith("rep") else {"more": tables}))
        assert lab.run().exit_code == 0
        folder = lab.path / "runs" / "latest"
        assert not (folder / "results.md").exists()
        assert (folder / "junit.xml").exists() == ("junit" in tables)

    def test_another_setting_goes_on_with_the_same_run(self, lab, monkeypatch):
        """Reporters are no part of what a run is."""
        lab.suite(
            adapters='[[adapters]]\nuse = "fake-bare"\n\n[[adapters]]\nuse = "fake-adapter"\n'
        )
        assert lab.run("--set", "max-time=0.000001").exit_code == 1
        monkeypatch.setenv(DEFAULT_REPORTERS, "markdown")
        assert lab.run().exit_code == 0
        assert len(lab.runs()) == 1

    def test_an_unknown_one_is_told_before_anything_runs(self, lab, monkeypatch):
        monkeypatch.setenv(DEFAULT_REPORTERS, "htlm")
        lab.suite()
        assert "unknown reporter" in lab.errors(command="run")
        assert lab.runs() == []

    def test_from_python_too(self, lab, monkeypatch):
        monkeypatch.delenv(DEFAULT_REPORTERS)
        monkeypatch.chdir(lab.path)
        lab.suite()
        view = evalkit.run("suite.toml", modules=["evalkit.testing.fakes"])
        assert (view.folder / "results.md").read_text().startswith("## trial\n")
