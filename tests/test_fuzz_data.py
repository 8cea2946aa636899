"""Data files and answers that are nearly right: read, or refused with file and line."""

import json

import pytest
from hypothesis import strategies as st
from tests.fuzzing import answers, damaged, fuzz

from evalkit.declared.params import DeclaredParams
from evalkit.declared.task import DeclaredTask
from evalkit.errors import DataError
from evalkit.lines import as_line, storable
from evalkit.strict import DEEPEST, nests_deeply, strict_json
from evalkit.tables import Faults, read_rows

pytestmark = pytest.mark.fuzz

ROWS = [{"text": "a red ball", "kind": "red", "n": 7}, {"text": 'ü, "b"', "kind": "blue", "n": 8}]
JSONL = "".join(json.dumps(row) + "\n" for row in ROWS)
CSV = 'text,kind,n\na red ball,red,7\n"ü, ""b""\nc",blue,8\n'
FILES = [("x.jsonl", JSONL), ("x.csv", CSV)]


def declared(path, **more):
    form = {"instruction": "Which?", "input": "{text}", "target": "kind", "id": "n"}
    return DeclaredTask(DeclaredParams.from_form({**form, "test": str(path), **more}))


@pytest.mark.parametrize(("name", "valid"), FILES)
def test_rows_are_read_or_told_by_their_lines(tmp_path, name, valid):
    path = tmp_path / name

    def check(content):
        path.write_bytes(content)
        faults = Faults(path)
        try:
            rows = read_rows(path, faults)
        except DataError as error:
            assert error.message.startswith(f"{path}: line ")
            return
        last = content.count(b"\n") + content.count(b"\r") + 1
        assert all(1 <= row.line <= last for row in rows)
        assert all(1 <= line <= last and f"line {line}: " in what for line, what in faults.found)

    fuzz(check, damaged(valid), parts=2)


@pytest.mark.parametrize(("name", "valid"), FILES)
def test_a_declared_task_loads_all_of_a_file_or_nothing(tmp_path, name, valid):
    path = tmp_path / name

    def check(content, answer):
        path.write_bytes(content)
        labels = {"labels": ["red", "blue"]} if answer == "label" else {}
        task = declared(path, answer=answer, **labels)
        try:
            examples = task.load("test")
        except DataError as error:
            assert error.message.startswith(f"{path}: ")
            return
        assert len({example.id for example in examples}) == len(examples) > 0
        for example in examples:
            task.render_input(example).encode()
            parsed = task.parse(task.render_target(example.target))
            assert parsed.value == example.target

    fuzz(check, damaged(valid), st.sampled_from(["text", "label", "json"]), parts=2)


@pytest.mark.parametrize("answer", ["text", "label", "json"])
def test_any_answer_is_read_and_can_be_kept(tmp_path, answer):
    task = declared(tmp_path, answer=answer, **({"labels": ["red"]} if answer == "label" else {}))

    def check(text):
        parsed = task.parse(text)
        kept = json.loads(as_line({"value": storable(parsed.value)}))
        assert kept == {"value": parsed.value}

    fuzz(check, answers("red", '"RED".', '{"a": [1, 2.5, null]}', '{"a": 1, "a": 2}'), parts=3)


def test_json_is_read_strictly_or_refused():
    def check(content):
        try:
            value = strict_json(content.decode("utf-8", "replace"))
        except ValueError:
            return
        assert not nests_deeply(value)
        assert json.loads(json.dumps(value, allow_nan=False)) == value

    fuzz(check, damaged(JSONL.splitlines()[0], "[" * DEEPEST + "]" * DEEPEST))
