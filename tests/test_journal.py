"""The journal of a job: what is recorded is found again, whatever happened in between."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit import Attempt, Completion, Journal
from evalkit.journal import FileJournal, Part, Wave, payload


def open_journal(path: Path) -> tuple[FileJournal, list[str]]:
    notices: list[str] = []
    return FileJournal(path, lambda event: notices.append(str(event["notice"]))), notices


def test_a_record_is_found_by_the_next_attempt(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "job.journal"
    first, _ = open_journal(path)
    assert first.recall("budget") is None
    first.record("budget", 4096)
    first.record("halved", {"wave": 3, "budget": 2048})
    first.record("budget", 2048)
    again, notices = open_journal(path)
    assert again.recall("budget") == 2048
    assert again.recall("halved") == {"wave": 3, "budget": 2048}
    assert notices == []


def test_nothing_is_written_before_the_first_record(tmp_path: Path) -> None:
    open_journal(tmp_path / "job.journal")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_record_that_was_cut_off_is_dropped_and_told(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "job.journal"
    first, _ = open_journal(path)
    first.record("one", 1)
    first.record("two", 2)
    path.write_bytes(path.read_bytes()[:-cut])
    again, notices = open_journal(path)
    assert again.records == {"one": 1}
    assert len(notices) == 1
    again.record("three", 3)
    assert open_journal(path)[0].records == {"one": 1, "three": 3}


@pytest.mark.parametrize("damage", [b"7", b"\xff", b"[]\n", b'{"key": "x"}\n'])
def test_a_damaged_record_is_never_used(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "job.journal"
    first, _ = open_journal(path)
    first.record("one", 1)
    whole = path.read_bytes()
    first.record("two", 2)
    path.write_bytes(whole + damage + path.read_bytes()[len(whole) + 1 :])
    again, notices = open_journal(path)
    assert again.records == {"one": 1}
    assert len(notices) == 1


def test_a_job_that_is_over_leaves_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "job.journal"
    journal, _ = open_journal(path)
    journal.record("one", 1)
    journal.remove()
    assert not path.exists()
    assert journal.recall("one") is None


def test_engines_of_one_job_do_not_see_each_other(tmp_path: Path) -> None:
    journal, notices = open_journal(tmp_path / "job.journal")
    one, other = Part(journal, "one"), Part(journal, "other")
    one.record("budget", 1)
    other.record("budget", 2)
    assert (one.recall("budget"), other.recall("budget")) == (1, 2)
    one.notice("half")
    assert notices == ["half"]


def test_without_a_core_a_journal_keeps_all_in_memory() -> None:
    journal = Journal()
    journal.record("budget", 1)
    journal.notice("nobody hears this")
    assert journal.recall("budget") == 1


KEYS = [f"{number:x}" * 64 for number in range(5)]


def answered(text: str) -> Completion:
    return Completion(text=text, finish_reason="stop", prompt_tokens=3, latency_s=0.5)


def test_an_answer_is_found_by_the_next_attempt(tmp_path: Path) -> None:
    path = tmp_path / "job.journal"
    first, _ = open_journal(path)
    odd = replace(answered("lone \ud800, NUL \x00, \u202e"), logprobs=(-0.5, float("-inf")))
    first.keep({KEYS[0]: payload(odd)}, "engine")
    first.keep({KEYS[1]: payload(answered("b")), KEYS[2]: payload(answered("c"))}, "cache")
    assert first.answer(KEYS[0]) == odd
    again, notices = open_journal(path)
    assert again.answer(KEYS[0]) == odd
    assert again.answer(KEYS[2]) == answered("c")
    assert again.answer(KEYS[3]) is None
    assert (again.cached, again.attempts, notices) == (2, 2, [])


def test_a_damaged_answer_alone_is_asked_anew(tmp_path: Path) -> None:
    path = tmp_path / "job.journal"
    first, _ = open_journal(path)
    for key in KEYS[:3]:
        first.keep({key: payload(answered(key))}, "engine")
    first.close()
    path.write_bytes(path.read_bytes().replace(KEYS[1].encode(), KEYS[4].encode(), 1))
    again, notices = open_journal(path)
    assert [again.has(key) for key in KEYS] == [True, False, True, False, False]
    assert len(notices) == 1


def test_an_answer_that_is_damaged_while_the_job_runs_is_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "job.journal"
    journal, _ = open_journal(path)
    journal.keep({KEYS[0]: payload(answered("whole"))}, "engine")
    path.write_bytes(path.read_bytes().replace(b"whole", b"other"))
    assert journal.answer(KEYS[0]) is None
    assert not journal.has(KEYS[0])


def test_waves_are_known_to_the_next_attempt_until_they_are_answered(tmp_path: Path) -> None:
    path = tmp_path / "job.journal"
    first, _ = open_journal(path)
    assert first.begin_wave("m", KEYS[:2]).number == 0
    assert first.begin_wave("m", KEYS[2:4]).number == 1
    assert first.begin_wave("other", KEYS[4:]).number == 0
    first.keep({key: payload(answered("x")) for key in KEYS[:3]}, "engine")
    again, _ = open_journal(path)
    assert again.open_waves("m") == [Wave(1, tuple(KEYS[2:4]))]
    assert again.begin_wave("m", ()).number == 2


def test_time_adds_up_over_the_attempts(tmp_path: Path) -> None:
    path = tmp_path / "job.journal"
    first, _ = open_journal(path)
    first.keep({KEYS[0]: payload(answered("x"))}, "cache", saved_s=100.0)
    again, _ = open_journal(path)
    again.keep({KEYS[1]: payload(answered("x"))}, "cache", saved_s=10.0)
    assert 110 <= again.seconds < 120
    assert 110 <= open_journal(path)[0].seconds < 120
    assert again.attempts == 2


def test_what_attempts_without_an_answer_took_adds_up(tmp_path: Path) -> None:
    path = tmp_path / "job.journal"
    for _ in range(2):
        journal = FileJournal(path, lambda event: None)
        journal.enter("m", "id", Attempt(outcome="unreadable", seconds=1.0, prompt_tokens=7))
        journal.enter("m", "id", Attempt(outcome="429", seconds=1.0))
        journal.enter("m", "id", Attempt(outcome="answered", seconds=1.0, prompt_tokens=9))
        journal.close()
    again, notices = open_journal(path)
    assert again.unanswered["id"].prompt_tokens == 14
    assert again.records == {}
    assert notices == []


def test_a_full_disk_is_told_with_the_path_and_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "job.journal"
    code = f"""
import resource, signal
from pathlib import Path
from evalkit.journal import FileJournal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
journal = FileJournal(Path({str(path)!r}), lambda event: None)
try:
    for number in range(1000):
        journal.record(str(number), "x" * 100)
except OSError as error:
    print(number, error.filename)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    number, filename = told.stdout.split()
    assert filename == str(path)
    again, notices = open_journal(path)
    assert list(again.records) == [str(i) for i in range(int(number))]
    assert notices == []
