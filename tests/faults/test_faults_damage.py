"""What is kept of finished jobs is checked before it is used, whatever happened to it."""

import shutil

import pytest
from tests.faults.lives import Lab, differences, points
from tests.faults.suites import ASKING


def truncate(path, rng):
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content))])


def empty(path, rng):
    path.write_bytes(b"")


def flip(path, rng):
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def remove(path, rng):
    path.unlink()


HARMS = [truncate, empty, flip, remove]


@pytest.fixture
def finished(tmp_path, light):
    lab = Lab(tmp_path / "lab", ASKING, light)
    assert lab.live().code == 0
    return lab


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_file_of_a_job_is_told_and_the_job_done_again(finished, rng, harm):
    lab = finished
    expected = lab.outcome()
    names = sorted(path for path in lab.runs.glob("jobs/*/*/*") if path.is_file())
    assert len({path.parent.parent.name for path in names}) == 5
    chosen = names if points(200) >= 200 else rng.sample(names, 3)
    for path in chosen:
        aside = path.parent.with_name("aside")
        shutil.copytree(path.parent, aside)
        harm(path, rng)
        told = f"{harm.__name__} {path.relative_to(lab.path)}"
        end = lab.live()
        assert end.code == 0, f"{told}\n{end.err}"
        if "jobs/analysis" not in str(path):  # made of the others, at no cost
            assert str(path.parent) in end.err, told
            assert "damaged" in end.err, told
        assert differences(expected, lab.outcome()) == {}, told
        shutil.rmtree(aside)
    assert lab.left() == []


@pytest.mark.parametrize("harm", HARMS[:3])
def test_a_damaged_journal_costs_what_cannot_be_read_and_no_more(tmp_path, light, rng, harm):
    """Neither is it used, nor does it keep the run from its end."""
    whole = Lab(tmp_path / "whole", ASKING, light)
    assert whole.live().code == 0
    for number in range(points(20)):
        lab = Lab(tmp_path / str(number), ASKING, light, more=("--no-cache",))
        journal = "pwrite runs/jobs/.unfinished/predict-ID.journal"
        fault = {"kind": "kill", "at": journal, "number": 7, "when": "after"}
        assert lab.live(fault=fault).killed
        (path,) = lab.runs.glob("jobs/.unfinished/predict-*.journal")
        harm(path, rng)
        end = lab.live()
        assert end.code == 0, end.err
        assert lab.outcome() == whole.outcome()
        assert len(lab.asked) <= len(whole.asked) + 8


@pytest.mark.parametrize("name", ["results.json", "manifest.json"])
@pytest.mark.parametrize("harm", HARMS[:2])
def test_a_damaged_file_of_a_run_is_named_or_made_anew(finished, rng, name, harm):
    lab = finished
    expected = lab.outcome()
    harm((lab.runs / "latest" / name), rng)
    assert lab.live().code == 0
    assert lab.outcome() == expected
