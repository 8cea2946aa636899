"""What the gold triples of the real WebNLG release score against themselves."""

import pytest
from defusedxml.ElementTree import parse

from evalkit_webnlg.official.metric import WebnlgOfficial
from evalkit_webnlg.params import TriplesParams, WebnlgOfficialParams
from evalkit_webnlg.task import TriplesTask

pytestmark = pytest.mark.data

_TEST_SET = "test/semantic-parsing-test-data-with-refs-en.xml"
_SCORES = ("type", "partial", "strict", "exact")


@pytest.fixture(scope="module")
def challenge_set(release):
    """The triples of the entries by which the challenge evaluated."""
    file = release / _TEST_SET
    if not file.is_file():
        pytest.skip(f"no test set at {file}: the release has it, this copy does not")
    return [
        [triple.text.split(" | ") for triple in entry.find("modifiedtripleset").iter("mtriple")]
        for entry in parse(file).getroot().iter("entry")
    ]


@pytest.fixture(scope="module")
def dev_set(release):
    task = TriplesTask(TriplesParams(data="webnlg-xml", path=release, clean=False))
    return [example.target for example in {e.source: e for e in task.load("test")}.values()]


def gold_against_gold(targets):
    metric = WebnlgOfficial(WebnlgOfficialParams())
    return metric.aggregate([metric.score(target, target) for target in targets])


def without_quotes(targets):
    return [[[part.replace('"', "") for part in triple] for triple in one] for one in targets]


def test_the_ceiling_of_the_test_set(challenge_set):
    assert len(challenge_set) == 2_155
    found = gold_against_gold(challenge_set)
    expected = [0.9922, 0.9848, 0.9774, 0.9774]
    assert [found[f"{score}_f1"] for score in _SCORES] == pytest.approx(expected, abs=5e-5)
    bare = gold_against_gold(without_quotes(challenge_set))
    assert min(bare[f"{score}_f1"] for score in _SCORES) >= 0.9997


def test_only_quotes_keep_the_gold_of_the_dev_set_from_1(dev_set):
    found = gold_against_gold(dev_set)
    bare = gold_against_gold(without_quotes(dev_set))
    assert found["strict_f1"] < found["type_f1"] < 1
    assert min(bare[f"{score}_f1"] for score in _SCORES) >= 0.9997
    for score in _SCORES:
        assert found[f"{score}_f1"] == found[f"ceiling_{score}_f1"]
    assert found["full_f1"] == 1
