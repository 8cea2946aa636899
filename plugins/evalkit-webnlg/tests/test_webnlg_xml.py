"""The reader of the WebNLG release, on entries written for the test."""

import pytest

from evalkit import DataError
from evalkit.testing import TaskContract
from evalkit_webnlg.params import TriplesParams
from evalkit_webnlg.task import TriplesTask

ENTRY = """
    <entry category="River" eid="{eid}" size="1">
      <originaltripleset><otriple>x | y | z</otriple></originaltripleset>
      <modifiedtripleset>
        <mtriple>River_Danube | flowsThrough | "Vienna"</mtriple>
      </modifiedtripleset>
      <modifiedtripleset><mtriple>second | set | ignored</mtriple></modifiedtripleset>
      <lex comment="good" lid="Id1">The Danube flows through Vienna.</lex>
      <lex comment="good" lid="Id2">Vienna lies on the Danube.</lex>
    </entry>"""


def entry(eid="Id1", old="", new=""):
    return ENTRY.format(eid=eid).replace(old, new)


def benchmark(*entries):
    return f"<benchmark><entries>{''.join(entries)}\n</entries></benchmark>"


def write(root, split, content, name="River.xml"):
    folder = root / split / "1triples"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content, encoding="utf-8")


def task(root, **keys):
    return TriplesTask(TriplesParams(data="webnlg-xml", path=root, **keys))


def fault(root, content):
    write(root, "train", content)
    with pytest.raises(DataError) as caught:
        task(root).load("train")
    assert caught.value.hint
    return caught.value.message


class TestRelease(TaskContract):
    @pytest.fixture(autouse=True)
    def _files(self, tmp_path):
        self.folder = tmp_path
        write(tmp_path, "train", benchmark(entry("Id1"), entry("Id2")))
        write(tmp_path, "dev", benchmark(entry("Id1")))

    def make(self):
        return task(self.folder)


def test_one_record_for_each_text_with_the_first_modified_set(tmp_path):
    write(tmp_path, "train", benchmark(entry()))
    examples = sorted(task(tmp_path).load("train"), key=lambda example: example.id)
    assert [example.id for example in examples] == [
        "train/1triples/River/Id1/1",
        "train/1triples/River/Id1/2",
    ]
    assert {example.source for example in examples} == {"train/1triples/River/Id1"}
    assert examples[0].target == [["River Danube", "flows through", "Vienna"]]
    assert examples[1].fields == {"text": "Vienna lies on the Danube."}
    assert examples[0].groups == {"domain": "River", "triples": "1"}


def test_cleaning_can_be_switched_off(tmp_path):
    write(tmp_path, "train", benchmark(entry()))
    example = task(tmp_path, clean=False).load("train")[0]
    assert example.target == [["River_Danube", "flowsThrough", '"Vienna"']]


@pytest.mark.parametrize("part", ["River_Danube", "flowsThrough", '"Vienna"'])
@pytest.mark.parametrize("rest", ['""', "''"])
def test_a_part_of_which_cleaning_leaves_nothing_is_an_error(tmp_path, part, rest):
    message = fault(tmp_path, benchmark(entry(old=part, new=rest)))
    assert "split 'train': after the clean-up of triples: 1 fault" in message
    assert "train/1triples/River/Id1: nothing is left of a part of" in message
    assert task(tmp_path, clean=False).load("train")


def test_malformed_xml_is_named_by_file_and_line(tmp_path):
    message = fault(tmp_path, benchmark(entry(old="</entry>", new="</entrey>")))
    assert "train/1triples/River.xml: line 10, column 7: malformed XML: mismatched tag" in message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('eid="Id1"', "", "line 2: entry ?: eid: missing"),
        ("mtriple>", "triple>", "line 2: entry Id1: modifiedtripleset: no mtriple"),
        ("modifiedtripleset>", "tripleset>", "line 2: entry Id1: modifiedtripleset: no mtriple"),
        ("lex", "text", "line 2: entry Id1: lex: missing"),
        ("Vienna lies on the Danube.", " ", "line 2: entry Id1: lex: empty"),
        (" | flowsThrough", "", "line 2: entry Id1: mtriple: three parts are needed"),
        ("flowsThrough", "flows|through", "line 2: entry Id1: mtriple: three parts are needed"),
    ],
)
def test_a_missing_field_is_named_by_line_and_entry(tmp_path, old, new, message):
    found = fault(tmp_path, benchmark(entry(old=old, new=new)))
    assert f"train/1triples/River.xml: {message}" in found


def test_a_second_equal_eid_is_an_error(tmp_path):
    assert "line 11: entry Id1: eid: 'Id1' is taken" in fault(tmp_path, benchmark(entry(), entry()))


def test_faults_of_all_files_are_listed_the_first_twenty_of_them(tmp_path):
    write(tmp_path, "train", "<benchmark>", name="Airport.xml")
    bad = [entry(f"Id{number}", old="lex", new="text") for number in range(25)]
    message = fault(tmp_path, benchmark(*bad))
    assert "26 faults" in message
    assert "Airport.xml: line 1, column 12: malformed XML: no element found" in message
    assert "... and 6 more" in message


def test_entities_are_refused(tmp_path):
    declared = '\n<!DOCTYPE b [<!ENTITY a "aaaa">]><benchmark>&a;</benchmark>'
    message = fault(tmp_path, declared)
    assert "train/1triples/River.xml: line 2: a DOCTYPE is not read: it may declare" in message


def test_a_file_without_entries_is_an_error(tmp_path):
    assert "River.xml: line 1: no entry" in fault(tmp_path, "<benchmark/>")


def test_a_missing_split_or_an_empty_one_is_named(tmp_path):
    with pytest.raises(DataError, match="train: no such folder"):
        task(tmp_path).load("train")
    (tmp_path / "train").mkdir()
    with pytest.raises(DataError, match="train: no data"):
        task(tmp_path).load("train")
