"""The real WebNLG release, where there is one."""

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from evalkit_webnlg.params import TriplesParams
from evalkit_webnlg.task import TriplesTask

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def task(release):
    return TriplesTask(TriplesParams(data="webnlg-xml", path=release))


def test_all_records_are_read(task):
    assert len(task.load("train")) == 35_426
    assert len(task.load("test")) == 4_464


def test_all_entries_are_read(task):
    assert len({example.source for example in task.load("train")}) == 13_211
    assert len({example.source for example in task.load("test")}) == 1_667


def test_every_target_is_read_back_as_it_was(task):
    for example in [*task.load("train"), *task.load("test")]:
        parsed = task.parse(task.render_target(example.target))
        assert parsed.value == example.target
        assert not parsed.malformed


def test_the_studys_chunks_are_as_many_as_in_the_study(release):
    task = TriplesTask(TriplesParams(data="webnlg-xml", path=release, concat=7))
    examples = task.load("train")
    assert len(examples) == pytest.approx(8_870, rel=0.01)
    assert sum(example.id.count(" + ") + 1 for example in examples) == 35_426


def test_nearly_all_of_the_studys_chunks_hang_together_by_their_entries(release):
    task = TriplesTask(TriplesParams(data="webnlg-xml", path=release, concat=7))
    chunks = [set(example.sources) for example in task.load("test")]
    assert len(chunks) == pytest.approx(1_118, rel=0.01)  # their sizes are drawn at random
    shared = np.array([[not one.isdisjoint(other) for other in chunks] for one in chunks])
    count, groups = connected_components(shared, directed=False)
    assert count == 5
    assert np.bincount(groups).max() / len(chunks) == pytest.approx(0.995, abs=5e-4)
