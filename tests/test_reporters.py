"""Reporters of a suite: called with the results, and no harm if they fail."""

import re

import pytest

LOCAL = """
import sys
from evalkit import Entry, Params, Reporter, hookimpl

class NoteParams(Params):
    file: str = "note.txt"

class Note(Reporter):
    def report(self, results, folder):
        statuses = [cell["status"] for cell in results["cells"]]
        (folder / self.params.file).write_text(" ".join(statuses))
        return folder / self.params.file

class Both(Reporter):
    def report(self, results, folder):
        return [folder / "one.txt", folder / "two.txt"]

class Empties(Reporter):
    def report(self, results, folder):
        results["cells"].clear()
        results.clear()

class Silly(Reporter):
    def report(self, results, folder):
        return "note.txt"

class Fails(Reporter):
    def report(self, results, folder):
        raise ValueError("no paper")

class Exits(Reporter):
    def report(self, results, folder):
        sys.exit(9)

@hookimpl
def evalkit_reporters():
    note = Entry(name="note", target="evalkit_plugins:Note", params="evalkit_plugins:NoteParams")
    names = ("Fails", "Exits", "Both", "Silly", "Empties")
    others = [Entry(name=n.lower(), target=f"evalkit_plugins:{n}") for n in names]
    return [note, *others, Entry(name="lost", target="no_such_module:Reporter")]
"""


@pytest.fixture
def reporting(lab):
    """Run a suite with these reporters."""

    def run(*uses, adapters='[[adapters]]\nuse = "fake-bare"\n'):
        lab.write("evalkit_plugins.py", LOCAL)
        more = "".join(f"[[reporters]]\nuse = {use}\n" for use in uses)
        lab.suite(adapters=adapters, more=more)
        return lab.run()

    return run


def test_it_is_given_the_results_and_the_folder(lab, reporting):
    result = reporting('"note"', '"note"\nname = "again"\nfile = "other.txt"')
    assert result.exit_code == 0, result.output
    for name in ("note.txt", "other.txt"):
        assert (lab.path / "runs" / "latest" / name).read_text() == "done"


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        ("fails", "ValueError: no paper"),
        ("exits", "SystemExit: 9"),
        ("lost", 'reporter "lost" of local:'),
        ("silly", "reporter \"silly\" returned 'note.txt'\n  a path, several of them or None"),
    ],
)
def test_one_that_fails_is_told_and_harms_nobody(lab, reporting, use, reason):
    result = reporting(f'"{use}"', '"note"')
    assert result.exit_code == 1, result.output
    assert f"reporter {use} failed: {reason}" in result.stderr
    assert "fake-bare" in result.stdout
    assert (lab.path / "runs" / "latest" / "note.txt").exists()


def test_what_one_does_to_its_results_is_no_others_matter(lab, reporting):
    result = reporting('"empties"', '"note"')
    assert result.exit_code == 0, result.output
    assert (lab.path / "runs" / "latest" / "note.txt").read_text() == "done"


def test_none_writes_over_what_a_run_is_made_of(lab, reporting):
    result = reporting('"note"\nfile = "results.json"')
    assert result.exit_code == 1
    assert "reporter note failed: " in result.stderr
    assert "results.json: belongs to the run in " in result.stderr
    assert lab.run().exit_code == 1


def test_one_that_fails_is_told_even_when_it_is_quiet(lab, reporting):
    reporting('"fails"')
    result = lab.run("-q")
    assert result.exit_code == 1
    assert result.stderr == "reporter fails failed: ValueError: no paper\n"


def test_an_unknown_one_is_a_fault_of_the_suite(reporting):
    result = reporting('"nota"')
    assert result.exit_code == 2
    assert 'reporters[0].use: unknown reporter "nota"' in result.stderr


def test_what_was_written_is_named_at_the_end(reporting):
    result = reporting('"note"', '"both"', '"note"\nname = "again"\nfile = "o\\u0007.txt"')
    assert result.exit_code == 0, result.output
    *_, note, one, two, other = result.stdout.splitlines()
    assert re.fullmatch(r"  report: runs/[\w-]+/note.txt", note)
    assert (one.endswith("/one.txt"), two.endswith("/two.txt")) == (True, True)
    assert other.endswith("/o\\x07.txt")


@pytest.mark.parametrize("file", ["../up.txt", "/x/abs.txt", "a/../../b", "a\\u0000b"])
def test_a_suite_cannot_have_files_written_elsewhere(reporting, file):
    result = reporting(f'"note"\nfile = "{file}"')
    assert result.exit_code == 2
    assert "reporters[0].file: leads out of the run folder" in result.stderr
    assert "evalkit report RUN -o FILE" in result.stderr
