"""`evalkit report`: a report made again from a run folder, and from nothing else."""

import json
import shutil
import sys

import pytest

from evalkit.locks import Lock
from evalkit.testing import Project

from .conftest import Lab

LOCAL = """
import sys
from pathlib import Path
from evalkit import Entry, Params, Reporter, RunView, UserError, hookimpl

class PageParams(Params):
    file: str = "page.html"
    runs: list[str] = []
    title: str = "a run"
    width: int = 3

class Page(Reporter):
    def report(self, results, folder):
        path = folder / self.params.file
        examples = sum(1 for _ in RunView(folder, results).examples())
        runs = " ".join(Path(run).name for run in self.params.runs)
        path.write_text(f"{self.params.title} {self.params.width} {examples} {runs}")
        return path

class Sorry(Reporter):
    def report(self, results, folder):
        raise UserError("no paper", "buy some")

class Buggy(Reporter):
    def report(self, results, folder):
        raise KeyError("paper")

class Exits(Reporter):
    def report(self, results, folder):
        sys.exit(9)

@hookimpl
def evalkit_reporters():
    page = Entry(name="page", target="pages:Page", params="pages:PageParams")
    others = [Entry(name=n.lower(), target=f"pages:{n}") for n in ("Sorry", "Buggy", "Exits")]
    return [page, *others]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with a finished run, which no test may change."""
    lab = Lab(Project(tmp_path_factory.mktemp("made")))
    lab.suite()
    result = lab.run("--no-cache")
    assert result.exit_code == 0, result.output
    return lab.path


@pytest.fixture
def folder(lab, made):
    shutil.copytree(made, lab.path, symlinks=True, dirs_exist_ok=True)
    lab.write("pages.py", LOCAL)
    return (lab.path / "runs" / "latest").resolve()


@pytest.fixture
def report(lab, folder):
    """Run the command on a run folder, by default the one."""

    def run(*args, code=0, runs=("runs/latest",), spawn=False):
        call = lab.project.spawn if spawn else lab.project.run
        result = call("report", *runs, *args, "-p", "pages")
        assert result.exit_code == code, result.output
        return result

    return run


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_needs_the_run_folder_alone_and_changes_nothing_else(lab, folder, report):
    before = content(folder)
    away = lab.path / "away"
    shutil.copytree(folder, away)
    shutil.rmtree(lab.path / "runs")
    result = report("--with", "page", runs=["away"])
    assert result.stdout == "report: away/page.html\n"
    assert (away / "page.html").read_text() == "a run 3 4 "
    (away / "page.html").unlink()
    assert {path.name: text for path, text in content(away).items()} == {
        path.name: text for path, text in before.items()
    }


def test_file_and_parameters(lab, report, folder):
    result = report(
        "--with", "page", "-o", "new/my page.html", "--set", "title=Über", "--set", "width=7"
    )
    assert result.stdout == "report: new/my page.html\n"
    assert (lab.path / "new" / "my page.html").read_text() == "Über 7 4 "
    assert not (folder / "page.html").exists()


def test_several_reporters(folder, report):
    result = report("--with", "page", "--with", "junit", "--with", "page")
    names = [line.rpartition("/")[2] for line in result.stdout.splitlines()]
    assert names == ["page.html", "junit.xml"]
    assert (folder / "page.html").exists()
    assert (folder / "junit.xml").exists()


@pytest.mark.parametrize(
    "file",
    [
        "results.json",
        "MANIFEST.json",
        ".lock",
        "predictions/new.jsonl",
        "scores/a/b",
        "a/../prompts/x",
    ],
)
@pytest.mark.parametrize("by", ["-o", "--set"])
def test_the_files_of_a_run_are_not_written_over(folder, report, file, by):
    before = content(folder)
    place = f"runs/latest/{file}" if by == "-o" else f"file={file}"
    result = report("--with", "page", by, place, code=2)
    assert f"belongs to the run in {folder}, and is not written over" in result.stderr
    assert content(folder) == before


def test_nor_through_a_link_or_of_another_run(lab, folder, report):
    other = lab.path / "other"
    shutil.copytree(folder, other)
    (lab.path / "link.html").symlink_to(other / "results.json")
    for place in ("link.html", "other/results.json"):
        assert "belongs to the run in" in report("--with", "page", "-o", place, code=2).stderr
    assert (other / "results.json").read_bytes() == (folder / "results.json").read_bytes()


def test_a_link_to_a_report_stays_one(lab, report):
    (lab.path / "here.html").symlink_to("there.html")
    report("--with", "junit", "-o", "here.html")
    assert (lab.path / "here.html").is_symlink()
    assert (lab.path / "there.html").read_text().startswith("<?xml")


def test_further_runs_are_handed_on_once_each(lab, folder, report):
    assert lab.run("--fresh").exit_code == 0
    newest = (lab.path / "runs" / "latest").resolve()
    report("--with", "page", runs=["runs/latest", folder, newest, folder])
    assert (newest / "page.html").read_text() == f"a run 3 4 {folder.name}"


def test_the_default_says_how_to_get_it(report):
    result = report(code=2)
    assert result.stderr.startswith('error: the reporter "html" is not installed\n')
    assert "pip install evalkit-report" in result.stderr
    assert "installed: buggy, exits, junit, markdown, page, sorry, terminal" in result.stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--with", "pag"], 'unknown reporter "pag"\n  did you mean "page"?'),
        (["--with", "parquet"], "pip install evalkit-tables"),
        (["--with", "terminal", "-o", "x"], '-o FILE: reporter "terminal" has no parameter "file"'),
        (["--with", "page", "--set", "wide=7"], 'reporter "page": wide: unknown key'),
        (["--with", "page", "--set", "width=x"], 'reporter "page": width: expected a whole'),
        (["--with", "page", "--set", "title"], '--set title: expected "key.path=value"'),
        (["--with", "page", "-o", "pages.py/x"], "pages.py/x: cannot be written: "),
        (["--with", "sorry"], "error: no paper\n  buy some"),
        (["--with", "exits"], 'reporter "exits" ended the program: exit code 9'),
        (["--with", "terminal", "--open"], "--open: no file was written"),
        (["--with", "page", "--with", "junit", "-o", "x"], "-o FILE: one reporter writes to it"),
        (["--with", "page", "--set", 'file="a\\u0000b"'], "no name of a file"),
        (["--with", "page", "-o", "/dev/null"], "/dev/null: cannot be written: no plain file"),
    ],
)
def test_faults_of_the_call(report, args, told):
    result = report(*args, code=2)
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_a_second_run_needs_a_reporter_that_shows_several(lab, folder, report):
    assert lab.run("--fresh").exit_code == 0
    result = report("--with", "junit", runs=["runs/latest", folder], code=2)
    assert 'a second RUN: reporter "junit" has no parameter "runs"' in result.stderr
    assert "its parameters: file" in result.stderr


def test_a_bug_of_a_reporter_shows_its_traceback(report):
    assert "KeyError: 'paper'" in report("--with", "buggy", code=3).stderr


class TestDamage:
    def test_a_folder_without_results(self, report):
        assert "no run folder" in report("--with", "page", runs=["."], code=2).stderr

    def test_results_that_cannot_be_read(self, folder, report):
        (folder / "results.json").write_text("{")
        result = report("--with", "page", code=2)
        assert f"{folder}/results.json: damaged: " in result.stderr
        assert "run the suite again" in result.stderr

    @pytest.mark.parametrize("name", ["junit", "markdown", "terminal"])
    def test_nothing_but_the_results_is_needed(self, folder, report, name):
        for path in folder.iterdir():
            if path.name != "results.json":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        report("--with", name)

    @pytest.mark.parametrize("name", ["junit", "markdown"])
    def test_a_run_without_its_analysis(self, folder, report, name):
        results = json.loads((folder / "results.json").read_text())
        del results["analysis"], results["expectations"]
        results["run"]["finished"] = None
        (folder / "results.json").write_text(json.dumps(results))
        report("--with", name)

    def test_an_example_that_is_missing_is_the_reporters_to_tell(self, folder, report):
        (folder / "examples.jsonl").unlink()
        result = report("--with", "page", code=2)
        assert f"{folder}/examples.jsonl: cannot be read" in result.stderr

    def test_a_link_that_leads_out(self, lab, folder, report):
        (folder / "more").symlink_to(lab.path)
        assert "a link that leaves its folder" in report("--with", "page", code=2).stderr


def test_a_run_under_way_is_left_alone(folder, report):
    lock = Lock(folder / ".lock")
    assert lock.take()
    try:
        assert "is at this run since" in report("--with", "page", code=2).stderr
    finally:
        lock.give_back()
    report("--with", "page")


class TestOpen:
    @pytest.fixture
    def browser(self, lab, monkeypatch):
        """A browser that writes down what it is shown."""
        code = "import sys, pathlib; pathlib.Path('shown').write_text(sys.argv[1])"
        path = lab.write("browser.py", code)
        monkeypatch.setenv("BROWSER", f"{sys.executable} {path} %s")
        return lab.path / "shown"

    def test_it_shows_the_file(self, folder, report, browser):
        report("--with", "page", "--open", spawn=True)
        assert browser.read_text() == (folder / "page.html").as_uri()

    def test_without_a_browser_the_report_is_there_all_the_same(self, folder, report, monkeypatch):
        monkeypatch.setenv("BROWSER", "false %s")
        monkeypatch.setenv("PATH", "/nonexistent")
        monkeypatch.delenv("DISPLAY", raising=False)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        result = report("--with", "page", "--open", spawn=True)
        assert "no web browser could be started" in result.stderr
        assert (folder / "page.html").exists()
