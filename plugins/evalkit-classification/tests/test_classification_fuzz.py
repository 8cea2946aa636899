"""Files and answers that are nearly right: read, or refused with the file. Never a crash."""

import pytest
from tests.fuzzing import answers, damaged, fuzz

from evalkit import DataError
from evalkit_classification.params import ClassificationParams
from evalkit_classification.task import Classification

pytestmark = pytest.mark.fuzz

JSONL = '{"text": "a", "label": "x", "n": 1}\n{"text": "\\u00fc", "label": "y z", "n": 2}\n'
CSV = 'text,label,n\na,x,1\n"b, ""c""\nd",y z,2\n'


@pytest.mark.parametrize(("name", "valid"), [("train.jsonl", JSONL), ("train.csv", CSV)])
def test_a_split_is_read_as_a_whole_or_refused_with_its_file(tmp_path, name, valid):
    path = tmp_path / name
    params = ClassificationParams(train_path=path, test_path=path, id_column="n")

    def check(content):
        path.write_bytes(content)
        try:
            task = Classification(params)
            examples = task.load("train")
            assert task.instruction.encode()
        except DataError as error:
            assert str(path) in error.message
            return
        assert len({example.id for example in examples}) == len(examples) > 0

    fuzz(check, damaged(valid), parts=2)


def test_any_answer_is_a_label_or_none(tmp_path):
    path = tmp_path / "train.csv"
    labels = ["x", "y z", "STRASSE"]
    params = ClassificationParams(train_path=path, test_path=path, labels=labels)
    task = Classification(params)

    def check(text):
        parsed = task.parse(text)
        assert parsed.value in (*labels, "")
        assert not (parsed.value and parsed.malformed)

    fuzz(check, answers(*labels, "straße", '"X".', "Y  Z", "_"))
