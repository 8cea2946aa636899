"""``evalkit cache``: look, clear, check."""

import pytest
from tests.caching import cache, filled, key, made, query

from evalkit.cache import cache_file


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cached"))
    monkeypatch.setenv("EVALKIT_CACHE_SIZE", "5GB")
    return cache_file()


@pytest.fixture
def two(path):
    """Two models, one of them not used for ten days."""
    filled(path, 20, model="owl")
    kept = cache(path)
    kept.keep(made(["a", "b"]), model="parrot \x1b[31m")
    kept.close()
    query(path, "UPDATE answers SET used = used - 864000000 WHERE model = 1")
    return path


def lines(result):
    return result.stdout.splitlines()


@pytest.mark.parametrize("command", [["info"], ["clear"], ["clear", "--model", "x"], ["verify"]])
@pytest.mark.parametrize("there", [True, False])
def test_an_empty_cache_is_fine(project, path, command, there):
    if there:
        cache(path).find([])
    result = project.run("cache", *command, check=True)
    assert result.stderr == ""
    assert " 0" in f" {result.stdout}"
    assert path.exists() is there


def test_info_says_what_there_is(project, two):
    result = project.run("cache", "info", check=True)
    said = lines(result)
    assert said[:4] == [f"path       {two}", "entries    22", "size       11 kB", "limit      5 GB"]
    assert said[-2:] == [
        "model      owl: 20 entries, 10 kB",
        "model      parrot \\x1b[31m: 2 entries, 1 kB",
    ]
    assert "(the least recent)" in said[4]


def test_info_says_that_it_is_off(project, two, monkeypatch):
    monkeypatch.setenv("EVALKIT_CACHE_SIZE", "0")
    assert "limit      off" in project.run("cache", "info", check=True).stdout


def test_info_shows_what_was_moved_aside(project, two):
    two.write_bytes(b"damaged")
    result = project.run("cache", "info", check=True)
    assert "the response cache is damaged" in result.stderr
    assert "entries    0" in lines(result)
    assert lines(result)[-1].startswith(f"damaged    {two}.damaged-1, moved aside, 7 B")
    project.run("cache", "clear", check=True)
    assert "moved aside" not in project.run("cache", "info", check=True).output


def test_clear_removes_everything_and_gives_the_room_back(project, two):
    filled(two, 2_000)
    before = two.stat().st_size
    result = project.run("cache", "clear", check=True)
    assert result.stdout == "removed 2,002 entries, 1 MB\n"
    assert two.stat().st_size < before / 10
    assert b"answer 7 " not in two.read_bytes()
    assert project.run("cache", "clear", check=True).stdout == "removed 0 entries, 0 B\n"


def test_clear_of_one_model(project, two):
    result = project.run("cache", "clear", "--model", "owl", check=True)
    assert result.stdout == "removed 20 entries, 10 kB\n"
    kept = cache(two)
    assert kept.find([key("a"), key(1)]) == made(["a"])
    kept.close()
    assert "owl" not in project.run("cache", "info", check=True).stdout


@pytest.mark.parametrize(("days", "removed"), [("9", "20 entries"), ("11", "0 entries")])
def test_clear_of_what_is_old(project, two, days, removed):
    result = project.run("cache", "clear", "--older-than", days, check=True)
    assert result.stdout.startswith(f"removed {removed}, ")


def test_clear_of_both(project, two):
    result = project.run("cache", "clear", "--older-than", "9", "--model", "parrot", check=True)
    assert result.stdout == "removed 0 entries, 0 B\n"


@pytest.mark.parametrize("args", [["--older-than", "0"], ["--older-than", "x"], ["--all"]])
def test_wrong_options_are_refused(project, two, args):
    assert project.run("cache", "clear", *args).exit_code == 2


def test_verify_of_a_sound_cache(project, two):
    result = project.run("cache", "verify", check=True)
    assert result.stdout == "22 entries sound\n"


def test_verify_removes_damaged_answers(project, two):
    query(two, "UPDATE answers SET payload = x'00' WHERE rowid IN (3, 5)")
    result = project.run("cache", "verify")
    assert (result.exit_code, result.stdout) == (1, "20 entries sound\n")
    assert result.stderr == f"warning: {two}: 2 damaged answers removed\n"
    assert project.run("cache", "verify", check=True).stdout == "20 entries sound\n"


def test_verify_moves_a_damaged_file_aside(project, two):
    query(two, "PRAGMA writable_schema = ON")
    content = bytearray(two.read_bytes())
    content[4096 * 3 : 4096 * 4] = bytes(4096)
    two.write_bytes(content)
    result = project.run("cache", "verify")
    assert (result.exit_code, result.stdout) == (1, "0 entries sound\n")
    assert "moved to responses.sqlite3.damaged-1" in result.stderr
    assert project.run("cache", "verify", check=True).stdout == "0 entries sound\n"


def test_a_folder_that_cannot_be_used_is_the_users_fault(project, path):
    path.parent.mkdir()
    path.mkdir()
    result = project.run("cache", "info")
    assert result.exit_code == 2, result.output
    assert str(path.parent) in result.stderr
    assert "Traceback" not in result.stderr


def test_the_command_alone_shows_its_help(project):
    assert "verify" in project.run("cache", "--help", check=True).stdout
