"""What the core relies on, checked by its own contract."""

from evalkit.testing import MetricContract
from evalkit_f1.exact import ExactF1
from evalkit_f1.fuzzy import FuzzyF1
from evalkit_f1.params import ExactF1Params, FuzzyF1Params, SlotFuzzyF1Params
from evalkit_f1.slot_fuzzy import SlotFuzzyF1

A = ["Ada", "born in", "London"]
B = ["Ada", "knew", "Babbage"]


class TriplesContract(MetricContract):
    def examples(self):
        return [([A, B], [B, A, A]), ([A, B], [["Ada", "bornIn", "london"]]), ([A], [["Ada"]])]

    def empty(self):
        return []


class TestExact(TriplesContract):
    def make(self):
        return ExactF1(ExactF1Params())


class TestExactByRelation(TriplesContract):
    def make(self):
        return ExactF1(ExactF1Params(by_relation=True))


class TestFuzzy(TriplesContract):
    def make(self):
        return FuzzyF1(FuzzyF1Params(average="micro"))


class TestSlotFuzzy(TriplesContract):
    def make(self):
        return SlotFuzzyF1(SlotFuzzyF1Params(normalization="text2kg"))


class TestFuzzyOfTheStudy(TriplesContract):
    def make(self):
        return FuzzyF1(FuzzyF1Params(compat="study"))


def test_only_the_studys_fuzzy_f1_may_pass_1():
    assert FuzzyF1(FuzzyF1Params()).range == (0.0, 1.0)
    assert FuzzyF1(FuzzyF1Params(compat="study")).range == (0.0, None)
    assert ExactF1(ExactF1Params(compat="study")).range == (0.0, 1.0)
    assert SlotFuzzyF1(SlotFuzzyF1Params()).range == (0.0, 1.0)
