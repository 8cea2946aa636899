"""Which triples of an answer stand for which of the target."""

import pytest

from evalkit import DataError, Match
from evalkit_f1.exact import ExactF1
from evalkit_f1.fuzzy import FuzzyF1
from evalkit_f1.params import ExactF1Params, FuzzyF1Params, SlotFuzzyF1Params
from evalkit_f1.slot_fuzzy import SlotFuzzyF1

ADA = ["Ada", "born in", "London"]
KNEW = ["Ada", "knew", "Babbage"]
DIED = ["Ada", "died in", "London"]

EXACT = ExactF1(ExactF1Params())
SLOTS = SlotFuzzyF1(SlotFuzzyF1Params())
ALL = [EXACT, FuzzyF1(FuzzyF1Params()), SLOTS]
every_metric = pytest.mark.parametrize("metric", ALL, ids=lambda m: type(m).__name__)


@every_metric
def test_items_are_counted_as_they_are_written(metric):
    value = [["Ada"], ["nothing"] * 3, KNEW, ["ada", "bornIn", "London"]]
    assert metric.matches([ADA, KNEW], value) == [
        Match(answer=2, target=1),
        Match(answer=3, target=0),
    ]


@every_metric
def test_of_duplicates_the_first_one_is_matched(metric):
    shouted = [part.upper() for part in ADA]
    assert metric.matches([KNEW, ADA, ADA], [shouted, ADA, shouted]) == [Match(answer=0, target=1)]


@every_metric
@pytest.mark.parametrize(("target", "value"), [([], []), ([ADA], []), ([], [ADA])])
def test_nothing_matches_nothing(metric, target, value):
    assert metric.matches(target, value) == []


@every_metric
def test_a_malformed_item_is_not_matched_though_a_triple_reads_alike(metric):
    broken = ["Ada | born in | London"]
    assert metric.matches([ADA], [broken, ADA]) == [Match(answer=1, target=0)]
    assert metric.matches([broken], [broken]) == []


def test_by_the_studys_rule_malformed_items_are_matched():
    for metric in (ExactF1(ExactF1Params(compat="study")), FuzzyF1(FuzzyF1Params(compat="study"))):
        assert metric.matches([ADA, ["Ada"]], [["Ada"]]) == [Match(answer=0, target=1)]


def test_similar_items_have_their_similarity():
    ours = ["Ada", "born in", "Londn"]
    assert SLOTS.matches([DIED, ADA], [ours, DIED]) == [
        Match(answer=0, target=1, similarity=0.909),
        Match(answer=1, target=0),
    ]
    assert EXACT.matches([DIED, ADA], [ours, DIED]) == [Match(answer=1, target=0)]


@every_metric
def test_matches_are_those_of_the_answer_that_is_asked_about(metric):
    one, other = ([ADA, KNEW], [KNEW]), ([ADA, KNEW], [ADA])
    metric.score(*one)
    assert metric.matches(*other) == [Match(answer=0, target=0)]
    assert metric.matches(*one) == [Match(answer=0, target=1)]


@every_metric
def test_what_is_no_list_of_triples_is_refused(metric):
    with pytest.raises(DataError, match="cannot read"):
        metric.matches([ADA], "Ada")
