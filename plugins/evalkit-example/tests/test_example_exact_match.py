from evalkit import Match
from evalkit.testing import MetricContract
from evalkit_example.metric import ExactMatch
from evalkit_example.params import ExactMatchParams


class TestExactMatch(MetricContract):
    def make(self):
        return ExactMatch(ExactMatchParams())

    def examples(self):
        return [("Rome", "Rome"), ("Rome", "rome"), (["a", "b"], ["b", "a"])]

    def empty(self):
        return ""

    def test_case_can_be_ignored(self):
        metric = ExactMatch(ExactMatchParams(ignore_case=True))
        assert metric.score("Rome", "ROME") == {"right": 1.0}

    def test_equal_items_in_the_same_place_match(self):
        metric = ExactMatch(ExactMatchParams(ignore_case=True))
        assert metric.matches("Rome", "ROME") == [Match(answer=0, target=0)]
        assert metric.matches(["a", "b"], ["A", "b"]) == [
            Match(answer=0, target=0),
            Match(answer=1, target=1),
        ]
        assert metric.matches("Rome", "Paris") == []
        assert metric.matches(["a", "b"], ["b", "B"]) == [Match(answer=1, target=1)]
