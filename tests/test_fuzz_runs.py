"""What lies in the output folder, damaged or written by others: read, or refused with its file."""

import contextlib
import hashlib
import json
import shutil

import pytest
from hypothesis import strategies as st
from tests.fuzzing import altered, altered_lines, damaged, fuzz, written

from evalkit.asking import read_cached
from evalkit.errors import UserError
from evalkit.journal import FileJournal, payload
from evalkit.manifest import read_manifest
from evalkit.records import Completion
from evalkit.results import read_results
from evalkit.run_view import RunView
from evalkit.serialization import read_lines, read_predictions

pytestmark = pytest.mark.fuzz

KEYS = [hashlib.sha256(bytes([n])).hexdigest() for n in range(3)]
ANSWER = Completion(text="a\ud800", finish_reason="stop", prompt_tokens=3, latency_s=0.5)
CACHED = {**json.loads(payload(ANSWER)), "took": 0.25}
LINES = [
    {"key": "batch", "value": [1, {"a": 2}]},
    {"wave": 0, "of": "m", "keys": KEYS},
    {"from": "cache", "answer": KEYS[0], "is": json.loads(payload(ANSWER))},
    {"from": "engine", "answer": KEYS[1], "is": json.loads(payload(ANSWER))},
    {"attempt": 1, "seconds": 2.5},
    {"saved": 1.5},
]


@pytest.fixture
def folder(lab):
    lab.suite()
    assert lab.run().exit_code == 0
    return (lab.path / "runs" / "latest").resolve()


def checked(text):
    """A line of a log with the checksum that belongs to it."""
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]} {text}\n"


def use(path):
    """Open a journal and ask it for everything."""
    notices = []
    journal = FileJournal(path, notices.append)
    answers = [journal.answer(key) for key in KEYS]
    assert all(answer in (None, ANSWER) or type(answer.text) is str for answer in answers)
    assert all(wave.number >= 0 or wave.keys for wave in journal.open_waves("m"))
    assert journal.attempts >= 1
    assert journal.seconds >= 0
    journal.close()
    return answers, notices


def test_a_damaged_journal_is_cut_and_told(tmp_path):
    path = tmp_path / "job.journal"
    whole = "".join(checked(written(line)) for line in LINES)

    def check(content):
        path.write_bytes(content)
        answers, notices = use(path)
        assert notices or not content or content.endswith(b"\n")
        assert {answer for answer in answers if answer} <= {ANSWER}

    fuzz(check, damaged(whole))


def test_a_journal_of_another_shape_is_read_as_far_as_it_goes(tmp_path):
    path = tmp_path / "job.journal"

    def check(lines):
        path.write_text("".join(map(checked, lines)))
        use(path)

    fuzz(check, altered_lines(LINES))


def test_a_cached_answer_of_another_shape_is_a_miss():
    def check(content):
        found = read_cached(content)
        assert found is None or (type(found[0].text) is str and found[1] >= 0)

    assert read_cached(written(CACHED).encode()) == (ANSWER, 0.25)
    fuzz(check, damaged(written(CACHED)) | altered(CACHED).map(str.encode))


@pytest.mark.parametrize(
    ("name", "read"), [("results.json", read_results), ("manifest.json", read_manifest)]
)
def test_results_and_manifest_are_read_or_refused(folder, name, read):
    path = folder / name
    text = path.read_text()

    def check(content):
        path.write_bytes(content)
        try:
            read(folder)
        except UserError as error:
            assert error.message.startswith(f"{path}: ")
            error.message.encode("utf-8", "backslashreplace")

    fuzz(check, damaged(text) | altered(json.loads(text)).map(str.encode), parts=2)


def test_lines_of_a_run_are_read_or_refused(folder):
    (path,) = (folder / "predictions").glob("fake-bare*")
    text = path.read_text()

    def check(content):
        path.write_bytes(content)
        with contextlib.suppress(UserError):
            assert all(type(form) is dict for form in read_lines(path))
        try:
            list(read_predictions(path))
        except UserError as error:
            assert error.message.startswith(f"{path}: damaged: line ")

    rows = [json.loads(line) for line in text.splitlines()]
    forms = altered_lines(rows).map(lambda lines: "\n".join(lines).encode())
    fuzz(check, damaged(text) | forms)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("examples.jsonl", lambda view: view.examples()),
        ("predictions/fake-bare.jsonl", lambda view: view.answers("fake-bare")),
        ("scores/contains/fake-bare.jsonl", lambda view: view.scored("fake-bare", "contains")),
    ],
)
def test_rows_of_a_run_are_read_or_refused(folder, name, read):
    path = folder / name
    text = path.read_text()
    view = RunView(folder, read_results(folder))

    def check(content):
        path.write_bytes(content)
        try:
            assert all(type(row["id"]) is str for row in read(view))
        except UserError as error:
            assert error.message.startswith(f"{path}: damaged: line ")

    rows = [json.loads(line) for line in text.splitlines()]
    forms = altered_lines(rows).map(lambda lines: "\n".join(lines).encode())
    fuzz(check, damaged(text) | forms, parts=3)


COMMANDS = [
    ("compare",),
    ("score", "--metric", "contains"),
    ("export", "fake-bare", "out"),
    ("report", "--with", "markdown"),
]
FILES = [
    *("results.json", "manifest.json", "examples.jsonl"),
    *("predictions/fake-bare.jsonl", "scores/contains/fake-bare.jsonl"),
]


def test_no_command_breaks_on_a_run_folder_of_others(lab, folder):
    kept = {name: (folder / name).read_text() for name in FILES}

    def check(changed, command):
        name, content = changed
        (folder / name).write_text(content)
        try:
            result = lab.do(command[0], folder, *command[1:])
            assert result.exit_code in (0, 1, 2), f"{name}: {content}\n{result.output}"
        finally:
            shutil.rmtree(lab.path / "out", ignore_errors=True)
            for other, text in kept.items():
                (folder / other).write_text(text)

    def change(name):
        forms = [json.loads(line) for line in kept[name].splitlines()] if ".jsonl" in name else None
        if forms is None:
            return altered(json.loads(kept[name])).map(lambda text: (name, text))
        return altered_lines(forms).map(lambda lines: (name, "\n".join(lines) + "\n"))

    fuzz(check, st.sampled_from(FILES).flatmap(change), st.sampled_from(COMMANDS))
