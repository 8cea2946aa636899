"""A disk that is full, or cannot be written: told with the path, and nothing is lost by it."""

import json

import pytest
from tests.faults.lives import Lab, differences, points
from tests.faults.suites import JUDGED, METHODS, ONE, suite

TALKATIVE = suite(
    models=f"""
[[models]]
name = "parrot"
engine = "noted"
answer = "fixed"
text = "{"many words " * 300}"
""",
    methods=METHODS,
    rest=JUDGED.replace("[[comparisons]]", "[[comparisons]]\nlimit = 2"),
    test=24,
)
LARGE = 256 << 20
GROWING = ("open", "pwrite runs/jobs", "mkdir", "sendfile", "replace", "rename")


@pytest.fixture
def disks(tmp_path, apart):
    """Makes labs whose output folder, or cache, is a small disk of its own."""

    def make(name, where, size=LARGE, **more):
        lab = Lab(tmp_path / name, TALKATIVE, apart)
        (lab.path / where).mkdir()
        apart.do("mount", folder=str(lab.path / where), size=size, **more)
        return lab

    return make


def brought(lab, name):
    """The lab's runs, where this process sees them."""
    copied = Lab(lab.path.with_name(name), TALKATIVE)
    lab.nursery.do("copy", folder=str(lab.runs), to=str(copied.runs))
    return copied


@pytest.fixture
def whole(tmp_path, apart):
    lab = Lab(tmp_path / "whole", TALKATIVE, apart)
    assert lab.live(fault={"kind": "trace", "log": str(lab.path / "trace")}).code == 0
    return lab


def test_a_full_disk_is_told_and_the_run_goes_on_once_there_is_space(disks, whole, rng):
    """Wherever the space ends: in a journal, a job, a copy, the results."""
    lab = disks("full", "runs")
    expected, distinct = whole.outcome(), {one["key"] for one in whole.asked}
    failed = []
    for number, name in enumerate(places(whole, rng)):
        fault = {"kind": "fill", "at": name, "number": 1, "folder": str(lab.runs)}
        end = lab.live(fault=fault)
        lab.nursery.do("fill", folder=str(lab.runs), leave=LARGE)
        assert "Traceback" not in end.err, (name, end.err)
        if end.code != 0:  # a page that is begun has some space left
            assert f"{lab.path}/runs" in end.err, (name, end.err)
            before = "0 MB are free" in end.err  # found before the first question
            assert before or "No space left on device" in end.err, (name, end.err)
            failed.append(end.err)
            end = lab.live()
            assert end.code == 0, (name, end.err)
        assert {one["key"] for one in lab.asked} == distinct, name
        assert len(lab.asked) <= len(distinct) + 1, name
        copied = brought(lab, f"copied-{number}")
        found = copied.outcome()
        found.pop("errors.log", "")  # tells of the attempt that failed, if there was space
        assert differences(expected, found) == {}, name
        assert copied.left() == [], name
        lab.nursery.do("clear", folder=str(lab.runs))
        lab.nursery.do("clear", folder=str(lab.path / "cache"))
        (lab.path / "asked.jsonl").unlink()
    assert any("journal: No space" in err for err in failed)
    assert any("results.json: No space" in err for err in failed)


def places(whole, rng):
    """Writes at which the disk is full from then on, in their order."""
    text = (whole.path / "trace").read_text()
    names = [name for name in dict.fromkeys(text.splitlines()) if name.startswith(GROWING)]
    if points(200) < 200:
        ends = ("predict-ID.journal", "results.json")
        chosen = {*rng.sample(names, 6), *(name for name in names if name.endswith(ends))}
        names = [name for name in names if name in chosen]
    return names


def test_a_full_disk_of_the_cache_names_the_cache(disks, whole):
    lab = disks("cache", "cache")
    lab.nursery.do("fill", folder=str(lab.path / "cache"), leave=64 << 10)
    end = lab.live()
    assert end.code != 0
    assert f"{lab.path}/cache" in end.err
    assert "Traceback" not in end.err
    lab.nursery.do("fill", folder=str(lab.path / "cache"), leave=LARGE)
    end = lab.live()
    assert end.code == 0, end.err
    assert len(lab.asked) <= len({one["key"] for one in lab.asked}) + 1
    assert differences(whole.outcome(), lab.outcome()) == {}


@pytest.mark.parametrize("output", ["read only", "a file", "below a file"])
def test_an_output_folder_that_cannot_be_written_is_found_before_the_first_question(
    tmp_path, disks, light, output
):
    if output == "read only":
        lab = disks("locked", "runs", read_only=True)
    else:
        lab = Lab(tmp_path / "lab", suite(rest=ONE), light)
        (lab.path / "file").write_text("")
        lab.runs = lab.path / "file" / "below" if "below" in output else lab.path / "file"
    end = lab.live()
    assert end.code == 2
    assert "the output folder cannot be written" in end.err
    assert str(lab.runs) in end.err
    assert lab.asked == []


def test_a_missing_output_folder_is_made(tmp_path, light):
    lab = Lab(tmp_path, suite(rest=ONE), light)
    lab.runs = lab.path / "not" / "there" / "yet"
    assert lab.live().code == 0
    assert json.loads((lab.runs / "latest" / "results.json").read_text())["run"]["finished"]
