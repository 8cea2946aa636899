"""Drawings that are kept: what is found again, what is damaged, how many there are."""

import sys

import pytest

from evalkit_report.charts import all_charts
from evalkit_report.charts.kept import Kept, kept_drawings, key_of

from .charting import cell, material


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path))
    monkeypatch.setenv("EVALKIT_CACHE_SIZE", "5GB")
    return tmp_path / "charts"


@pytest.fixture
def no_engine(monkeypatch):
    """As in a process that drew nothing yet."""

    def forget():
        for name in ("vl_convert", "vl_convert.vl_convert", "evalkit_report.charts.vega"):
            monkeypatch.delitem(sys.modules, name, raising=False)

    return forget


def outcomes():
    return all_charts(material([cell("a")])).parts["outcomes"]


def test_what_did_not_change_is_not_drawn_again(folder, no_engine):
    first = outcomes()
    assert len(list(folder.iterdir())) == 1
    no_engine()
    assert outcomes() == first
    assert "vl_convert" not in sys.modules


def test_what_changed_is_drawn_again(folder):
    outcomes()
    all_charts(material([cell("b")]))
    assert len(list(folder.iterdir())) == 2


def test_the_key_depends_on_the_spec_and_on_what_draws_it():
    key = key_of({"width": 1}, "1.9")
    assert key == key_of({"width": 1}, "1.9")
    assert key != key_of({"width": 2}, "1.9")
    assert key != key_of({"width": 1}, "2.0")


@pytest.mark.parametrize(
    "damage", [b"", b"x", "cut", "changed", "not UTF-8"], ids=["empty", "one byte", *"abc"]
)
def test_a_damaged_drawing_counts_as_not_there(folder, damage):
    first = outcomes()
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    ways = {"cut": whole[:-9], "changed": whole[:-9] + b"x" * 9, "not UTF-8": b"\xff" * len(whole)}
    path.write_bytes(damage if isinstance(damage, bytes) else ways[damage])
    assert outcomes() == first
    assert path.read_bytes() == whole


def test_the_oldest_make_room(tmp_path):
    store = Kept(tmp_path / "charts", most=3)
    for number in range(5):
        store.keep({f"k{number}": f"<svg>{number}</svg>"})
    assert len(list((tmp_path / "charts").iterdir())) == 3
    assert store.find("k0") is None
    assert store.find("k4") == "<svg>4</svg>"


def test_what_is_used_stays(tmp_path):
    store = Kept(tmp_path, most=2)
    store.keep({"a": "A"})
    store.keep({"b": "B"})
    assert store.find("a") == "A"
    store.keep({"c": "C"})
    assert [store.find(key) for key in "abc"] == ["A", None, "C"]


@pytest.mark.parametrize("size", ["0", "0MB", " 0 ", "0.0 GB"])
def test_nothing_is_kept_if_caches_are_off(folder, monkeypatch, size):
    monkeypatch.setenv("EVALKIT_CACHE_SIZE", size)
    assert outcomes()
    assert not folder.exists()


@pytest.mark.parametrize("size", ["", "10", "0.5GB", "500MB"])
def test_otherwise_they_are(folder, monkeypatch, size):
    monkeypatch.setenv("EVALKIT_CACHE_SIZE", size)
    assert kept_drawings().folder == folder


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(folder):
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file")
    assert outcomes()


def test_only_the_user_can_read_what_is_kept(folder):
    outcomes()
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
