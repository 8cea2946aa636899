"""The response cache: what is kept is found, by threads and processes, until room is needed."""

import random
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.caching import cache, filled, key, made, payload, query, together

from evalkit import UserError, cache_folder
from evalkit.cache import cache_file, cache_limit
from evalkit.cache.entries import size_of

HOUR_MS = 3_600_000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "responses.sqlite3"


def names_in(path):
    return {row[0].hex() for row in query(path, "SELECT key FROM answers")}


def age(path, names, hours):
    """Let answers be last used so many hours ago."""
    keys = ", ".join(f"x'{key(name)}'" for name in names)
    query(path, f"UPDATE answers SET used = used - ? WHERE key IN ({keys})", hours * HOUR_MS)


class TestKeeping:
    def test_what_is_kept_is_found_by_the_next_run(self, path):
        answers = filled(path)
        again = cache(path)
        assert again.find([*answers, key("unknown")]) == answers
        assert again.find([key("unknown")]) == {}
        assert again.find([]) == {}
        again.close()

    def test_any_bytes_can_be_kept(self, path):
        answers = {key(i): value for i, value in enumerate([b"", b"\0", "\udcff".encode("utf-16",
                   "surrogatepass"), random.Random(1).randbytes(3_000_000)])}  # fmt: skip
        kept = cache(path)
        kept.keep(answers, model="a\nmodel, 'quoted'; \0")
        assert kept.find(list(answers)) == answers
        kept.close()

    def test_a_later_answer_replaces_the_earlier_one(self, path):
        kept = cache(path)
        kept.keep({key(1): b"first"}, model="a")
        kept.keep({key(1): b"second"}, model="b")
        assert kept.find([key(1), key(1)]) == {key(1): b"second"}
        kept.close()
        assert query(path, "SELECT COUNT(*) FROM answers") == [(1,)]

    def test_it_opens_again_after_it_was_closed(self, path):
        kept = cache(path)
        kept.keep(made([1]), model="a")
        kept.close()
        kept.close()
        assert kept.find([key(1)]) == made([1])
        kept.close()

    def test_nothing_is_made_before_the_first_use(self, path):
        cache(path).close()
        assert not path.parent.exists()

    def test_the_first_use_may_ask_for_nothing(self, path):
        kept = cache(path)
        assert kept.find([]) == {}
        assert path.exists()
        kept.close()

    def test_a_limit_of_nothing_switches_it_off(self, path):
        kept = cache(path, limit=0)
        kept.keep(made([1]), model="a")
        assert kept.find([key(1)]) == {}
        kept.close()
        assert not path.parent.exists()

    def test_only_the_user_can_read_it(self, path):
        kept = cache(path)
        kept.keep(made([1]), model="a")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
        kept.close()
        assert {f"{path.name}{end}" for end in ("", "-wal", "-shm")} <= modes.keys()
        assert set(modes.values()) == {0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_a_file_that_was_removed_is_made_again(self, path):
        filled(path)
        path.unlink()
        path.with_name(f"{path.name}-wal").write_bytes(b"left over")
        again = cache(path)
        assert again.find([key(1)]) == {}
        again.keep(made([1]), model="a")
        assert again.find([key(1)]) == made([1])
        again.close()


class TestRoom:
    def test_what_was_not_used_for_longest_makes_room(self, path):
        limit = 100 * size_of(payload(0))
        filled(path, 100)
        age(path, range(100), hours=2)
        kept = cache(path, limit=limit)
        assert len(kept.find([key(i) for i in range(50)])) == 50
        kept.close()  # notes what was used
        kept.keep(made(["new"]), model="a")
        assert kept.find([key("new")]) == made(["new"])
        kept.close()
        left = names_in(path)
        assert len(left) == 90
        assert {key(i) for i in range(50)} <= left

    def test_it_never_grows_far_beyond_the_limit(self, path):
        kept = cache(path, limit=300_000)
        for start in range(0, 6_000, 60):
            kept.keep(made(range(start, start + 60), 1000), model="a")
            assert query(path, "SELECT SUM(size) FROM answers")[0][0] <= 303_000
        assert len(kept.find(list(made(range(5_940, 6_000))))) == 60
        kept.close()
        assert path.stat().st_size < 900_000

    def test_many_are_removed_in_steps(self, path):
        filled(path, 5_000, size=10)
        kept = cache(path, limit=100 * size_of(b"x" * 10))
        kept.keep(made(["new"], 10), model="a")
        assert kept.find([key("new")]) == made(["new"], 10)
        kept.close()
        assert len(names_in(path)) == 90

    def test_an_answer_larger_than_everything_does_not_stay(self, path):
        kept = cache(path, limit=10_000)
        kept.keep({key(1): bytes(20_000)}, model="a")
        assert kept.find([key(1)]) == {}
        kept.close()


class TestSharing:
    def test_threads_share_one_cache(self, path):
        kept = cache(path)
        start = threading.Barrier(8)

        def work(worker):
            start.wait()
            for i in range(30):
                own = made([f"{worker}/{i}/{j}" for j in range(10)])
                kept.keep(own, model="a")
                assert kept.find(list(own)) == own
            return worker

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, range(8))) == list(range(8))
        everything = made(f"{w}/{i}/{j}" for w in range(8) for i in range(30) for j in range(10))
        assert kept.find(list(everything)) == everything
        kept.close()

    def test_eight_processes_lose_nothing(self, path):
        """All begin at once, with a file that has to be made first."""
        count = 200
        assert together(path, "share", 8, str(count)) == [("", "", 0)] * 8
        everything = made([*range(count), *(f"{w}/{i}" for w in range(8) for i in range(count))])
        after = cache(path)
        assert after.find(list(everything)) == everything
        after.close()
        assert query(path, "PRAGMA integrity_check") == [("ok",)]

    def test_two_caches_of_one_process_share_the_file(self, path):
        one, other = cache(path), cache(path)
        one.keep(made([1]), model="a")
        assert other.find([key(1)]) == made([1])
        one.close()
        other.keep(made([2]), model="a")
        other.close()
        assert names_in(path) == {key(1), key(2)}


class TestPlace:
    def test_the_folder_of_the_environment_comes_first(self, tmp_path, monkeypatch):
        monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "own"))
        assert cache_file() == cache_folder() / "responses.sqlite3"
        assert cache_folder() == (tmp_path / "own").resolve()

    def test_otherwise_the_users_cache_folder(self, tmp_path, monkeypatch):
        monkeypatch.delenv("EVALKIT_CACHE", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert cache_folder() == (tmp_path / "evalkit").resolve()
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert cache_folder() == (tmp_path / ".cache" / "evalkit").resolve()

    @pytest.mark.parametrize(
        ("text", "size"),
        [
            ("", 5 * 10**9),
            ("0", 0),
            ("12345", 12345),
            ("500MB", 500 * 10**6),
            ("1.5 gb", 1_500_000_000),
            ("2k", 2000),
            ("1TB", 10**12),
            ("7B", 7),
        ],
    )
    def test_the_limit_of_the_environment(self, monkeypatch, text, size):
        monkeypatch.setenv("EVALKIT_CACHE_SIZE", text)
        assert cache_limit() == size

    @pytest.mark.parametrize("text", ["much", "-1", "5 apples", "1e9", "GB", "nan"])
    def test_a_limit_that_is_none_is_refused(self, monkeypatch, text):
        monkeypatch.setenv("EVALKIT_CACHE_SIZE", text)
        with pytest.raises(UserError, match="EVALKIT_CACHE_SIZE"):
            cache_limit()


def test_a_use_is_noted_when_the_last_one_is_long_ago(path):
    filled(path, 2)
    age(path, [1], hours=30)
    before = time.time() * 1000 - HOUR_MS
    kept = cache(path)
    assert len(kept.find([key(0), key(1)])) == 2
    kept.close()
    assert query(path, "SELECT MIN(used) FROM answers")[0][0] > before
