"""The response cache under faults: damage, kills, a full disk. Nothing wrong ever comes out."""

import os
import random
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest
from tests.caching import ROOT, cache, filled, key, made, query, together

from evalkit.cache.database import files_aside
from evalkit.cache.upkeep import verify


@pytest.fixture
def path(tmp_path):
    return tmp_path / "responses.sqlite3"


@contextmanager
def process(what, *args):
    """A process of `tests.caching`, killed at the end."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.caching", what, *map(str, args)], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    with started:
        try:
            yield started
        finally:
            started.kill()


def all_is_well_again(path, answers, *, notices):
    """A damaged file gives right answers or none, is told of `notices` times, and can be used."""
    told = []
    kept = cache(path, notice=told.append)
    found = kept.find(list(answers))
    assert found.items() <= answers.items()
    kept.keep(answers, model="parrot")
    assert kept.find(list(answers)) == answers
    kept.close()
    again = cache(path)
    assert again.find(list(answers)) == answers
    again.close()
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert len(told) in notices, told
    assert all(str(path) in text for text in told)
    return found


def cut(size):
    def damage(path):
        os.truncate(path, size)

    return damage


def half(path):
    os.truncate(path, path.stat().st_size // 2)


def no_database(path):
    path.write_text("these are notes of mine\n" * 1000)


def another_version(path):
    query(path, "PRAGMA user_version = 7")


def another_layout(path):
    query(path, "ALTER TABLE answers RENAME COLUMN payload TO content")


@pytest.mark.parametrize(
    "damage",
    [cut(0), cut(1), cut(100), cut(4096), cut(5000), half, no_database, another_version,
     another_layout],
    ids=lambda damage: damage.__name__,
)  # fmt: skip
def test_a_damaged_file_is_moved_aside_with_one_notice(path, damage):
    answers = filled(path)
    damage(path)
    content = path.read_bytes()
    assert all_is_well_again(path, answers, notices={1}) == {}
    (aside,) = files_aside(path)
    assert aside.read_bytes()[:100] == content[:100]


def test_only_the_last_two_damaged_files_are_kept(path):
    for _ in range(4):
        filled(path, 5)
        path.write_bytes(b"damaged")
        kept = cache(path, notice=str)
        kept.find([])
        kept.close()
    names = [aside.name for aside in files_aside(path)]
    assert names == ["responses.sqlite3.damaged-3", "responses.sqlite3.damaged-4"]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The content of a sound file, and the answers in it."""
    path = tmp_path_factory.mktemp("sound") / "responses.sqlite3"
    answers = filled(path, 120, size=500)
    return path.read_bytes(), answers


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bits_never_become_an_answer(path, sound, seed):
    """What they hide without being noticed by a run, `verify` notices."""
    draw, answers = random.Random(seed), sound[1]
    path.write_bytes(with_flipped_bits(sound[0], draw, one_page=seed % 2 == 0))
    told = []
    kept = cache(path, notice=told.append)
    found = kept.find(list(answers))
    assert found.items() <= answers.items()
    kept.keep(made(["new"]), model="parrot")
    assert kept.find([key("new")]) == made(["new"]) or told
    kept.close()
    assert len(told) <= 2
    if found != answers and not told:
        verify(path, told.append)
        assert told


def with_flipped_bits(content, draw, *, one_page):
    """One to thirty bits flipped, in a single page or anywhere."""
    changed = bytearray(content)
    first = 4096 * draw.randrange(len(changed) // 4096) if one_page else 0
    last = first + 4096 if one_page else len(changed)
    for _ in range(draw.choice([1, 3, 30])):
        changed[draw.randrange(first, last)] ^= 1 << draw.randrange(8)
    return changed


@pytest.mark.parametrize("column", ["payload", "checksum"])
def test_a_damaged_answer_is_removed_and_told(path, column):
    answers = filled(path, 10)
    damaged = [key(3), key(7)]
    for one in damaged:
        query(path, f"UPDATE answers SET {column} = x'00' WHERE key = ?", bytes.fromhex(one))
    query(path, "UPDATE answers SET payload = 'a text' WHERE key = ?", bytes.fromhex(damaged[0]))
    told = []
    kept = cache(path, notice=told.append)
    found = kept.find(list(answers))
    assert found == {k: v for k, v in answers.items() if k not in damaged}
    assert told == [f"{path}: 2 answers were damaged: removed, and asked for again"]
    assert query(path, "SELECT COUNT(*) FROM answers") == [(8,)]
    kept.close()
    assert len(told) == 1


def test_more_damaged_answers_are_told_at_the_end(path):
    answers = filled(path, 10)
    query(path, "UPDATE answers SET payload = x'00'")
    told = []
    kept = cache(path, notice=told.append)
    for one in answers:
        assert kept.find([one]) == {}
    kept.close()
    assert [text.split(": ")[1] for text in told] == [
        "1 answer was damaged",
        "9 answers were damaged",
    ]


def test_an_answer_moved_to_another_key_is_not_used(path):
    filled(path, 10)
    query(path, "UPDATE answers SET key = ? WHERE key = ?", bytes.fromhex(key("other")),
          bytes.fromhex(key(3)))  # fmt: skip
    kept = cache(path, notice=str)
    assert kept.find([key("other")]) == {}
    kept.close()


def test_damage_during_a_run_costs_no_answer_that_comes_later(path):
    answers = filled(path, 2_000)
    told = []
    kept = cache(path, notice=told.append)
    assert kept.find([key(1)]) == made([1])
    with path.open("r+b") as file:  # what a failing disk does, seen after a read from it
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    found = kept.find(list(answers))
    assert found.items() <= answers.items()
    kept.keep(answers, model="parrot")
    kept.close()
    kept = cache(path, notice=told.append)
    kept.keep(answers, model="parrot")
    assert kept.find(list(answers)) == answers
    kept.close()
    assert files_aside(path)


def test_a_damaged_file_that_others_use_stays_where_it_is(path):
    """Whoever has it open would spoil the new one; it is replaced as soon as they leave."""
    answers = filled(path)
    told, others = [], cache(path)
    others.find([])
    query(path, "PRAGMA user_version = 7")
    kept = cache(path, notice=told.append)
    assert kept.find(list(answers)) == {}
    kept.keep(answers, model="parrot")
    assert kept.find(list(answers)) == {}
    assert files_aside(path) == []
    others.close()
    kept.keep(answers, model="parrot")
    assert kept.find(list(answers)) == answers
    assert len(files_aside(path)) == 1
    kept.close()
    assert len(told) == 1
    assert "another process uses it" in told[0]


@pytest.mark.parametrize("seed", range(3))
def test_processes_that_share_a_damaged_file_agree_on_a_new_one(path, seed):
    answers = filled(path)
    content = path.read_bytes()
    rest = random.Random(seed).randbytes(len(content) - 4096 * (seed + 1))
    path.write_bytes(content[: 4096 * (seed + 1)] + rest)
    assert together(path, "share_damaged", 4) == [("", "", 0)] * 4
    assert len(files_aside(path)) == 1
    all_is_well_again(path, answers, notices={0})


class TestKills:
    @pytest.mark.parametrize("seed", range(4))
    def test_what_a_killed_process_kept_is_there(self, path, seed):
        with process("write_on", path) as writer:
            said = [writer.stdout.readline() for _ in range(random.Random(seed).randrange(1, 30))]
            writer.kill()
            said += writer.stdout.readlines()
        whole = [line for line in said if line.endswith("\n")]
        answers = made(range(int(whole[-1])), 3000)
        all_there = cache(path)
        assert all_there.find(list(answers)) == answers
        all_there.close()

    def test_a_transaction_that_was_killed_never_happened(self, path):
        with process("hang_in_transaction", path) as writer:
            assert writer.stdout.readline() == "writing\n"
            writer.kill()
        answers = made(range(10))
        assert all_is_well_again(path, answers, notices={0}) == answers

    @pytest.mark.parametrize("seed", range(6))
    def test_a_damaged_log_of_a_killed_process(self, path, seed):
        with process("write_on", path) as writer:
            for _ in range(5):
                writer.stdout.readline()
            writer.kill()
        log, draw = path.with_name(f"{path.name}-wal"), random.Random(seed)
        content = bytearray(log.read_bytes())
        assert content
        for _ in range(10):
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        log.write_bytes(content[: draw.choice([len(content), len(content) // 2])])
        all_is_well_again(path, made(range(250), 3000), notices={0, 1})

    @pytest.mark.parametrize("content", [b"", b"x", bytes(40_000)])
    def test_shared_memory_left_by_a_killed_process(self, path, content):
        with process("write_on", path) as writer:
            for _ in range(3):
                writer.stdout.readline()
            writer.kill()
        path.with_name(f"{path.name}-shm").write_bytes(content)
        answers = made(range(150), 3000)
        assert all_is_well_again(path, answers, notices={0}) == answers


class TestMachine:
    def test_a_full_disk_names_the_file_and_costs_nothing_that_was_kept(self, path):
        with process("fill_up", path, 400_000) as writer:
            out, _ = writer.communicate(timeout=120)
        assert (out, writer.returncode) == (f"failed at {path}\n", 0)

    def test_a_full_file_system(self, tmp_path):
        mounted = tmp_path / "small"
        mounted.mkdir()
        if not shutil.which("mount") or os.geteuid() != 0:
            pytest.skip("only root can mount")
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mounted)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("nothing can be mounted here")
        try:
            self.check_full(mounted / "responses.sqlite3")
        finally:
            subprocess.run(["umount", str(mounted)], check=True)

    def check_full(self, path):
        kept = cache(path)
        kept.keep(made(range(10)), model="parrot")
        (ballast := path.parent / "ballast").write_bytes(bytes(500_000))
        with pytest.raises(OSError, match="full") as caught:  # noqa: PT012
            for start in range(10, 10_000, 100):
                kept.keep(made(range(start, start + 100), 1000), model="parrot")
        assert caught.value.filename == str(path)
        assert kept.find([key(0)]) == made([0])
        ballast.unlink()
        kept.keep(made(["later"]), model="parrot")
        assert kept.find([key("later")]) == made(["later"])
        kept.close()

    def test_a_full_file_system_at_the_first_use(self, tmp_path):
        with process("fill_up", tmp_path / "responses.sqlite3", 0) as writer:
            out, _ = writer.communicate(timeout=120)
        assert out.startswith("failed at")

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path):
        (tmp_path / "file").write_text("")
        with process("without_rights", tmp_path / "file" / "sub" / "responses.sqlite3") as user:
            out, _ = user.communicate(timeout=60)
        assert out.startswith("UserError: ")
        assert str(tmp_path / "file" / "sub") in out
        assert "--no-cache" in out

    @pytest.mark.parametrize("there", [True, False])
    def test_a_folder_that_cannot_be_written_is_named(self, tmp_path, there):
        folder = tmp_path / "cache"
        folder.mkdir()
        if there:
            filled(folder / "responses.sqlite3")
        folder.chmod(0o500)
        try:
            with process("without_rights", folder / "responses.sqlite3") as user:
                out, _ = user.communicate(timeout=60)
        finally:
            folder.chmod(0o700)
        assert out.startswith(f"UserError: {folder}: the cache folder cannot be used: ")
        assert "--no-cache" in out
