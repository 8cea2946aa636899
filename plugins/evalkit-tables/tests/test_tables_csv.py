"""CSV: RFC 4180, texts of others, formulas."""

import csv
import json

import pytest

from evalkit import UserError, load_run
from evalkit_tables.as_csv import CsvReporter
from evalkit_tables.params import CsvParams

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1+1",
    "'=1",
    "'tis",
    'say "no", then; stop',
    "two\r\nlines",
    "\u202egnp.exe",
    "nul \0 and bell \a",
    "",
    " =1",
]


@pytest.fixture
def with_answers(folder, finished):
    """Let the answers of the first cell be these texts."""

    def change(texts):
        path = sorted((folder / "predictions").glob("*.jsonl"))[0]
        lines = [json.loads(line) for line in path.read_text("ascii").splitlines()]
        answered = [line for line in lines if "failure" not in line]
        for line, text in zip(answered, texts, strict=False):
            line["text"] = line["value"] = text
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")
        return path.stem, [line["id"] for line in answered]

    return change


def texts_of(rows, cell, ids):
    found = {row["example"]: row["text"] for row in rows if row["cell"] == cell}
    return [found[one] for one in ids]


@pytest.mark.parametrize("some", [HOSTILE[:8], HOSTILE[8:]], ids=["formulas", "others"])
def test_no_text_begins_like_a_formula_and_each_can_be_had_back(folder, as_csv, with_answers, some):
    cell, ids = with_answers(some)
    rows = as_csv(folder)["predictions"]
    written = texts_of(rows, cell, ids)[: len(some)]
    assert not [text for text in written if text[:1] in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")]
    assert [text.removeprefix("'") for text in written] == [t.replace("\0", "\\x00") for t in some]


def test_the_guard_can_be_left_out(folder, as_csv, with_answers):
    cell, ids = with_answers(HOSTILE[:8])
    rows = as_csv(folder, formulas="kept")["predictions"]
    assert texts_of(rows, cell, ids)[:8] == HOSTILE[:8]


def test_numbers_are_not_guarded(folder, as_csv, tell):
    def change(results):
        results["cells"][0]["scores"]["contains"]["values"] = {"contains": -0.5}

    tell(folder, change)
    assert as_csv(folder)["scores"][0]["value"] == "-0.5"


def test_a_name_that_is_a_column_is_guarded_too(folder, as_csv, tell):
    def change(results):
        results["cells"][0]["method"] = '=HYPERLINK("http://x")'

    tell(folder, change)
    assert as_csv(folder)["cells"][0]["method"] == '\'=HYPERLINK("http://x")'


def test_a_lone_surrogate_is_escaped(folder, as_csv, with_answers):
    cell, ids = with_answers(["a\udc80b"])
    assert texts_of(as_csv(folder)["predictions"], cell, ids)[0] == "a\\udc80b"


def test_the_form_is_that_of_the_rfc(folder, as_csv):
    as_csv(folder)
    content = (folder / "tables" / "cells.csv").read_bytes()
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    records = list(csv.reader(content.decode().splitlines(), strict=True))
    assert len({len(record) for record in records}) == 1


def test_an_empty_text_differs_from_none(folder, as_csv, with_answers):
    with_answers([""])
    as_csv(folder)
    text = (folder / "tables" / "predictions.csv").read_text("utf-8")
    assert ',"","",' in text  # an answer of no characters
    assert ',,,"failed",' in text  # no answer


def test_the_mark_for_excel(folder):
    results = load_run(folder).results
    CsvReporter(CsvParams(byte_order_mark=True)).report(results, folder)
    assert (folder / "tables" / "cells.csv").read_bytes().startswith(b'\xef\xbb\xbf"cell"')


def test_the_files_are_the_same_each_time(folder, as_csv):
    as_csv(folder)
    before = {path.name: path.read_bytes() for path in (folder / "tables").iterdir()}
    as_csv(folder)
    assert before == {path.name: path.read_bytes() for path in (folder / "tables").iterdir()}


def test_only_what_is_asked_for_is_written(folder, as_csv):
    assert list(as_csv(folder, folder="a/b", tables=("scores",))) == ["scores"]
    assert [path.name for path in (folder / "a" / "b").iterdir()] == ["scores.csv"]


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/../../b", "", "a\\b", "a\0b"])
def test_the_folder_lies_in_the_run_folder(name):
    with pytest.raises(ValueError, match="folder"):
        CsvParams(folder=name)


def test_a_link_that_leads_out_is_refused(folder, tmp_path):
    results = load_run(folder).results
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "tables").symlink_to(outside)
    with pytest.raises(UserError, match="leads out of the run folder"):
        CsvReporter(CsvParams()).report(results, folder)
    assert list(outside.iterdir()) == []


def test_where_nothing_can_be_written_the_place_is_named(folder, as_csv):
    (folder / "tables").write_text("a file")
    with pytest.raises(UserError, match=r"tables: cannot be written: "):
        as_csv(folder)


def test_a_file_that_cannot_be_replaced_is_named(folder, as_csv):
    (folder / "tables" / "cells.csv").mkdir(parents=True)
    with pytest.raises(UserError, match=r"cells\.csv: cannot be written: "):
        as_csv(folder)
    assert not list((folder / "tables").glob(".*"))


def test_unknown_tables_and_parameters_are_refused():
    with pytest.raises(ValueError, match="tables"):
        CsvParams(tables=("cels",))
    with pytest.raises(ValueError, match="delimiter"):
        CsvParams(delimiter=";")


def test_it_is_called_at_the_end_of_a_run(project):
    project.write(
        "suite.toml",
        'name = "short"\n[task]\nuse = "fake-task"\n[[models]]\nengine = "fake"\n'
        '[[adapters]]\nuse = "fake-bare"\n[[metrics]]\nuse = "contains"\n'
        '[[reporters]]\nuse = "csv"\ntables = ["cells"]\n',
    )
    project.run("run", "suite.toml", "-p", "evalkit.testing.fakes", check=True)
    assert (project.path / "runs" / "latest" / "tables" / "cells.csv").exists()
