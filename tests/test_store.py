"""The output folder: finished jobs are whole, runs have folders of their own."""

import hashlib
import json
import os
import time

import pytest

from evalkit.errors import StopRequested, UserError
from evalkit.locks import Lock
from evalkit.store import Store, find_run, is_alive, new_run, point_latest, runs, write_atomically


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs")


def finish(store, identity="1", text="x"):
    staged = store.stage("adapt", identity)
    (staged / "file").write_text(text)
    store.seal(staged, "adapt", identity, {"id": identity, "text": text})


class TestJobs:
    def test_a_job_is_finished_when_it_is_sealed(self, store):
        staged = store.stage("adapt", "1")
        (staged / "file").write_text("x")
        assert store.finished("adapt", "1") is None
        store.seal(staged, "adapt", "1", {"seconds": 2})
        hashes = {"file": hashlib.sha256(b"x").hexdigest()}
        note = {"seconds": 2, "files": {"file": 1}, "hashes": hashes}
        found = store.finished("adapt", "1")
        assert {key: found[key] for key in note} == note
        assert (store.folder("adapt", "1") / "file").read_text() == "x"
        assert not staged.exists()

    def test_one_that_was_left_behind_is_begun_anew(self, store):
        (store.stage("adapt", "1") / "half").write_text("x")
        assert list(store.stage("adapt", "1").iterdir()) == []

    def test_sealing_again_replaces_the_old_one(self, store):
        finish(store, text="old")
        finish(store, text="new")
        assert (store.folder("adapt", "1") / "file").read_text() == "new"
        assert store.finished("adapt", "1")["text"] == "new"
        assert list((store.root / "jobs" / ".unfinished").iterdir()) == []

    def test_a_discarded_one_leaves_nothing(self, store):
        store.discard(store.stage("adapt", "1"))
        assert list((store.root / "jobs" / ".unfinished").iterdir()) == []

    def test_kinds_do_not_mix(self, store):
        finish(store)
        assert store.finished("predict", "1") is None

    @pytest.mark.parametrize("text", ["", "{", "\udcff"])
    def test_a_damaged_note_is_an_unfinished_job(self, store, text):
        finish(store)
        path = store.folder("adapt", "1") / "job.json"
        path.write_bytes(text.encode(errors="surrogateescape"))
        assert store.finished("adapt", "1") is None

    @pytest.mark.parametrize("text", [None, "", "longer"])
    def test_a_job_whose_file_is_missing_or_of_another_size_is_unfinished(self, store, text):
        finish(store)
        path = store.folder("adapt", "1") / "file"
        path.unlink()
        if text is not None:
            path.write_text(text)
        assert store.finished("adapt", "1") is None
        finish(store)
        assert store.finished("adapt", "1")["files"] == {"file": 1}


class TestFolder:
    @pytest.mark.parametrize("suffix", ["", ".old"])
    def test_what_dead_processes_left_is_swept(self, store, suffix):
        """Its number may be that of another process by now, here or in another container."""
        with store.locked("adapt", "1", notice=print, stopping=lambda: False):
            unfinished = store.stage("adapt", "1").parent
            (unfinished / f"adapt-2-{os.getpid()}{suffix}" / "deep").mkdir(parents=True)
            (unfinished / "adapt-2.lock").write_text("{}")
            store.check()
            left = {path.name for path in unfinished.iterdir()}
        assert left == {store.unfinished("adapt", "1").name, "adapt-1.lock"}

    def test_what_a_finished_job_left_is_swept_but_not_what_is_newer(self, store):
        finish(store)
        journal, sealed = store.journal("adapt", "1"), store.folder("adapt", "1") / "job.json"
        for age, there in ((-1, False), (1, True)):  # newer: it is being done again
            journal.touch()
            when = sealed.stat().st_mtime + age
            os.utime(journal, (when, when))
            store.check()
            assert journal.exists() is there

    def test_files_of_others_stay_where_they_are(self, store):
        names = [
            "2024-notes/.lock",
            ".bashrc.1",
            ".config-1.2",
            "2024-notes/.draft.12",
            "project/.venv3.12",
        ]
        for name in names:
            (store.root / name).parent.mkdir(parents=True, exist_ok=True)
            (store.root / name).write_text("mine")
        (store.root / "20240101-000000-trial").mkdir()
        (store.root / "2024-empty").mkdir()
        long_ago = time.time() - 1e6
        for path in store.root.iterdir():
            os.utime(path, (long_ago, long_ago))
        store.check()
        assert all((store.root / name).read_text() == "mine" for name in names)
        assert (store.root / "2024-empty").exists()
        assert not (store.root / "20240101-000000-trial").exists()

    def test_who_waits_for_a_job_can_be_stopped(self, store):
        lock = Lock(store.root / "jobs" / ".unfinished" / "adapt-1.lock")
        assert lock.take()
        told = []
        with (
            pytest.raises(StopRequested),
            store.locked("adapt", "1", notice=told.append, stopping=lambda: bool(told)),
        ):
            pass
        assert told == [f"waiting for process {os.getpid()}, which does the same job"]
        lock.give_back()

    def test_check_makes_it_and_leaves_nothing(self, store):
        store.check()
        assert list(store.root.iterdir()) == []

    def test_a_file_in_its_place(self, tmp_path):
        (tmp_path / "runs").touch()
        with pytest.raises(UserError, match="the output folder cannot be written"):
            Store(tmp_path / "runs").check()
        with pytest.raises(UserError, match="the output folder cannot be written"):
            Store(tmp_path / "runs" / "deep").check()

    def test_writing_leaves_no_other_file(self, tmp_path):
        for text in ("one", "two"):
            write_atomically(tmp_path / "file", text)
            assert (tmp_path / "file").read_text() == text
        assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("process", "alive"),
    [(os.getpid(), True), (os.getppid(), True), (0, False), (-1, False), (None, False)],
    ids=["this one", "its parent", "0", "-1", "none"],
)
def test_whether_a_process_is_alive(process, alive):
    assert is_alive(process) == alive


class TestRuns:
    def test_names_are_unique_even_within_a_second(self, tmp_path):
        assert len({new_run(tmp_path, "trial") for _ in range(5)}) == 5

    def test_latest_moves_along_and_is_no_run_itself(self, tmp_path):
        folders = [new_run(tmp_path, "trial") for _ in range(2)]
        for folder in folders:
            (folder / "manifest.json").write_text(json.dumps({"n": folder.name}))
            point_latest(folder)
            assert (tmp_path / "latest").resolve() == folder
        assert sorted(path for path, _ in runs(tmp_path)) == sorted(folders)

    @pytest.mark.parametrize("text", ["", "[]", "3"])
    def test_damaged_manifests_are_passed_over(self, tmp_path, text):
        (new_run(tmp_path, "trial") / "manifest.json").write_text(text)
        assert list(runs(tmp_path)) == []

    def test_a_run_is_found_by_its_folder_or_a_link(self, tmp_path):
        folder = new_run(tmp_path, "trial")
        with pytest.raises(UserError, match="no run folder"):
            find_run(str(folder))
        (folder / "manifest.json").write_text("{}")
        with pytest.raises(UserError, match="this run has no results yet"):
            find_run(str(folder))
        (folder / "results.json").write_text("{}")
        point_latest(folder)
        assert find_run(str(folder)) == find_run(str(tmp_path / "latest")) == folder
