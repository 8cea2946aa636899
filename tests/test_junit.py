"""JUnit XML: cells, comparisons and expectations as build servers read them."""

from xml.etree import ElementTree

import pytest

from evalkit.errors import UserError
from evalkit.report.junit import write_junit
from evalkit.report.place import check_place

OUTCOMES = {"parsed": 10, "failed": 0}


def cell(name="few", status="done", **more):
    return {
        "id": name, "status": status, "failure": None, "examples": 10, "outcomes": OUTCOMES,
        "seconds": {"adapt": 1.0, "predict": 0.5, "score": None}, **more,
    }  # fmt: skip


def failure(reason, hint=""):
    return {"reason": reason, "kind": "engine", "hint": hint}


def written(path, *cells, comparisons=(), problems=(), **more):
    results = {"run": {"suite": "trial"}, "cells": cells, "comparisons": comparisons, **more}
    write_junit(results, path / "junit.xml", problems)
    return ElementTree.parse(path / "junit.xml").getroot()


def suite(root, name):
    return root.find(f"testsuite[@name='{name}']")


def messages(found):
    """Name of each test case -> why it failed; None if it did not."""
    faults = {case.get("name"): case.find("failure") for case in found}
    return {name: None if one is None else one.get("message") for name, one in faults.items()}


def test_cells(tmp_path):
    root = written(
        tmp_path,
        cell(),
        cell("bad", "failed", failure=failure("no luck", "try again")),
        cell("left", "pending", outcomes=None, examples=None),
        cell("short", outcomes={"parsed": 9, "failed": 1}),
    )
    assert (root.tag, root.get("name")) == ("testsuites", "trial")
    cells = suite(root, "cells")
    assert (cells.get("tests"), cells.get("failures")) == ("4", "3")
    assert messages(cells) == {
        "few": None,
        "bad": "no luck try again",
        "left": "not run",
        "short": "1 of 10 answers failed, more than 2%",
    }
    assert cells[0].get("time") == "1.500"
    assert cells.get("time") == "6.000"


def test_comparisons(tmp_path):
    done = {"name": "judge", "seed": 1, "status": "done", "failure": None, "seconds": 2.0}
    failed = {**done, "seed": 2, "status": "failed", "failure": failure("no judge")}
    left = {**done, "seed": 3, "status": "pending", "seconds": None}
    found = suite(written(tmp_path, comparisons=[done, failed, left]), "comparisons")
    assert messages(found) == {
        "judge seed 1": None, "judge seed 2": "no judge", "judge seed 3": "not run"
    }  # fmt: skip


def test_expectations(tmp_path):
    def one(name, met):
        return {"name": name, "method": "m", "metric": "f1", "met": met, "detail": f"about {name}"}

    expectations = [one("good", True), one("bad", False), one("other", None)]
    found = suite(written(tmp_path, expectations=expectations), "expectations")
    assert messages(found) == {"good": None, "bad": "about bad", "other": None}
    assert (found.get("failures"), found.get("skipped")) == ("1", "1")
    assert found[2].find("skipped").get("message") == "about other"


def test_a_run_without_an_analysis_has_no_expectations(tmp_path):
    assert suite(written(tmp_path, cell()), "expectations").get("tests") == "0"
    assert suite(written(tmp_path, expectations=None), "expectations").get("tests") == "0"


def test_what_went_wrong_at_the_end_is_a_failure_too(tmp_path):
    root = written(tmp_path, cell(), problems=["the methods were not compared: x\n  hint"])
    assert messages(suite(root, "problems")) == {
        "the methods were not compared: x": "the methods were not compared: x\n  hint"
    }
    assert suite(written(tmp_path, cell()), "problems") is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x1b[31mc\x07", "a?b?[31mc?"),
        ("<b> & \"quoted\" 'too' ]]>", "<b> & \"quoted\" 'too' ]]>"),
        ("lone \ud800, not \ufffe or \uffff", "lone ?, not ? or ?"),
        ("日本 ü 😀", "日本 ü 😀"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ],
)
def test_whatever_a_message_holds_the_file_can_be_read(tmp_path, text, shown):
    root = written(tmp_path, cell("few", "failed", failure=failure(text)))
    (case,) = suite(root, "cells")
    assert case.find("failure").text == shown


class TestPlace:
    def test_folders_are_made_and_nothing_is_left(self, tmp_path):
        check_place(tmp_path / "new" / "junit.xml")
        assert list((tmp_path / "new").iterdir()) == []

    def test_an_older_file_stays_until_the_end(self, tmp_path):
        path = tmp_path / "junit.xml"
        path.write_text("old")
        check_place(path)
        assert path.read_text() == "old"

    def test_it_is_known_before_anything_runs(self, lab):
        lab.write("file", "")
        lab.suite()
        result = lab.run("--junitxml", "file/junit.xml")
        assert result.exit_code == 2
        assert "error: file/junit.xml: cannot be written: " in result.stderr
        assert lab.runs() == []

    def test_a_folder_that_is_a_file(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(UserError, match="cannot be written"):
            check_place(tmp_path / "file" / "junit.xml")


def test_a_run(lab):
    lab.suite(comparisons='[[comparisons]]\nuse = "fake-duel"\njudge = "parrot"\n')
    assert lab.run("--junitxml", "junit.xml").exit_code == 0
    root = ElementTree.parse(lab.path / "junit.xml").getroot()
    assert root.get("name") == "trial"
    assert set(messages(suite(root, "cells"))) == {"fake-adapter", "fake-bare"}
    assert messages(suite(root, "comparisons")) == {"fake-duel seed 1": None}


def test_a_run_that_failed(lab):
    lab.suite(adapters='[[adapters]]\nuse = "fake-bare"\nfail = "no \\u0007 luck"\n')
    assert lab.run("--junitxml", "junit.xml").exit_code == 1
    root = ElementTree.parse(lab.path / "junit.xml").getroot()
    assert messages(suite(root, "cells")) == {"fake-bare": "no ? luck see `fail`"}
