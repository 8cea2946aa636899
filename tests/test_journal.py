"""The journal of a job: what is recorded is found again, whatever happened in between."""

from pathlib import Path

import pytest

from evalkit import Journal, Message, Request, ResolvedModel
from evalkit.journal import FileJournal, Part
from evalkit.serialization import resolved_to_json
from evalkit.workshop import Workshop


def open_journal(path: Path) -> tuple[FileJournal, list[str]]:
    notices: list[str] = []
    return FileJournal(path, notices.append), notices


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


def test_an_engine_has_one_journal_in_a_job_and_another_in_the_next() -> None:
    fakes = "evalkit.testing.fakes"
    spec = {"plugins": {"modules": [fakes], "local": []}, "provenance": []}
    form = resolved_to_json(ResolvedModel(name="m", engine="fake", revision="1"))
    model = {"engine": "fake", "params": {}, "resolved": form}
    request = Request(messages=(Message("user", "x"),), max_tokens=4)
    shop, seen = Workshop(), []
    for journal in (Journal(), Journal()):
        shop.ready(spec, journal)
        for _ in range(2):
            list(shop.answering(model)([request]))
            (engine,) = shop._engines.values()
            seen.append(engine.journal)
            engine.journal.record("k", len(seen))
    assert seen[0] is seen[1]
    assert seen[2] is seen[3]
    assert seen[0].recall("k") == 2
    assert seen[2].recall("k") == 4
