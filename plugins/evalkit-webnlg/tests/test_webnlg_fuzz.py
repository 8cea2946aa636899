"""Files and answers that are nearly right: read, or refused with file and line. Never a crash."""

import json

import pytest
from tests.fuzzing import answers, damaged, fuzz

from evalkit import DataError
from evalkit_webnlg.answer import LONGEST_ANSWER, parse, render
from evalkit_webnlg.params import TriplesParams
from evalkit_webnlg.task import TriplesTask

pytestmark = pytest.mark.fuzz

XML = """<?xml version="1.0" encoding="UTF-8"?>
<benchmark><entries>
    <entry category="River" eid="Id1" size="1">
      <modifiedtripleset><mtriple>River_Danube | flowsThrough | "Vienna"</mtriple>
      <mtriple>Danube | länge | 2850 &amp; more</mtriple></modifiedtripleset>
      <lex comment="good" lid="Id1">The Danube flows through Vienna.</lex>
    </entry>
    <entry category="River" eid="Id2" size="1">
      <modifiedtripleset><mtriple>Sava | mouth | Danube</mtriple></modifiedtripleset>
      <lex comment="good" lid="Id1">The Sava ends in the Danube.</lex>
      <lex comment="good" lid="Id2">Into the Danube flows the Sava.</lex>
    </entry>
</entries></benchmark>
"""
ROWS = [
    {"text": "The Danube.", "triples": [["Danube", "flows through", "Vienna"]], "id": "a"},
    {"text": "Die Länge.", "triples": ["Danube | length | 2850"], "id": 7},
    {"text": "Both.", "triples": "Danube | a | b\nSava | c | d", "id": "c"},
]
JSONL = "".join(json.dumps(row) + "\n" for row in ROWS)
CSV = 'text,triples,id\n"The Danube, blue.",Danube | a | b,1\nSava.,"a | b | c\nd | e | f",2\n'


@pytest.mark.parametrize(
    ("data", "name", "valid"),
    [
        ("webnlg-xml", "train/1triples/River.xml", XML),
        ("jsonl", "train.jsonl", JSONL),
        ("csv", "train.csv", CSV),
    ],
)
def test_a_split_is_read_as_a_whole_or_refused_with_its_file(tmp_path, data, name, valid):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {} if data == "webnlg-xml" else {"id_column": "id"}
    params = TriplesParams(data=data, path=tmp_path, **columns)

    def check(content):
        path.write_bytes(content)
        try:
            examples = TriplesTask(params).load("train")
        except DataError as error:
            assert name in error.message or "after the clean-up of triples" in error.message
            assert (
                "line " in error.message
                or "cannot be read: " in error.message
                or "nothing is left" in error.message
                or not content.strip()
                or "no rows" in error.message
            )
            return
        assert len({example.id for example in examples}) == len(examples) > 0
        for example in examples:
            str(example.fields["text"]).encode()
            assert all(len(triple) == 3 and all(triple) for triple in example.target)

    fuzz(check, damaged(valid), parts=3)


def test_any_answer_is_read():
    def check(text):
        parsed = parse(text)
        assert parsed.malformed == any(len(item) != 3 for item in parsed.value)
        render(parsed.value)

    fuzz(
        check, answers("a | b | c\n", "1. ", "2. ", "10000. ", "- ", "```", "(", ")", "²) ", "٣. ")
    )


@pytest.mark.parametrize(
    "text",
    ["(" * 5 * LONGEST_ANSWER, "|" * 2 * LONGEST_ANSWER, "1. |\n" * LONGEST_ANSWER, '"' * 10**7],
    ids=["brackets", "bars", "lines", "quotes"],
)
def test_of_a_very_long_answer_the_beginning_is_read(text):
    parsed = parse(text)
    assert parsed.malformed
    assert sum(map(len, parsed.value)) <= LONGEST_ANSWER + 1
