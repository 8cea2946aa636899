"""What every metric promises."""

# ruff: noqa: D102 - the name of a test says what is promised

import copy
import json
import math
import random
from collections.abc import Mapping, Sequence

import pytest

from evalkit.interfaces import Metric, Ratio
from evalkit.jobs.matching import matches_of
from evalkit.records import Json
from evalkit.serialization import line


class MetricContract:
    """Subclass it, and say how the metric is made and what it may be given."""

    def make(self) -> Metric:
        """The metric, made anew."""
        raise NotImplementedError

    def examples(self) -> Sequence[tuple[Json, Json]]:
        """Pairs of (target, value), right and wrong ones; every target can be met."""
        raise NotImplementedError

    def empty(self) -> Json:
        """The task's empty value: what is scored when nothing could be read."""
        raise NotImplementedError

    @pytest.fixture
    def metric(self) -> Metric:
        """The metric under test."""
        return self.make()

    def test_a_perfect_answer_gets_the_best_headline(self, metric: Metric) -> None:
        targets = [target for target, _ in self.examples()]
        perfect = headline(metric, [(target, target) for target in targets])
        best = metric.range[1 if metric.direction == "higher" else 0]
        if best is not None:
            assert perfect == pytest.approx(best), "a perfect answer is not the best of the range"
        for other in (self.examples(), [(target, self.empty()) for target in targets]):
            assert not better(metric, headline(metric, other), perfect), "better than perfect"

    def test_a_wrong_answer_is_worse_than_a_perfect_one(self, metric: Metric) -> None:
        targets = [target for target, _ in self.examples()]
        perfect = headline(metric, [(target, target) for target in targets])
        declared = headline(metric, self.examples())
        assert better(metric, perfect, declared), (
            "the declared examples score like perfect ones: declare a wrong answer among them, "
            "or the metric cannot tell"
        )

    def test_scores_are_finite_numbers(self, metric: Metric) -> None:
        for target, value in self._pairs():
            score = metric.score(target, value)
            assert score, f"no parts in the score of {value!r}"
            check_numbers(score)
            assert None not in score.values(), "a score has no undefined parts"

    def test_scoring_repeats(self, metric: Metric) -> None:
        other = self.make()
        for target, value in self.examples():
            first = dict(metric.score(target, value))
            assert dict(metric.score(target, value)) == first, "scored twice, two results"
            assert dict(other.score(target, value)) == first, "two instances, two results"

    def test_matches_are_pairs_of_items(self, metric: Metric) -> None:
        found = [matches_of(metric, "of the contract", *pair) for pair in self._pairs()]
        missing = [matches is None for matches in found]
        assert all(missing) or not any(missing), "matches are None for some answers only"
        for matches in found:
            pairs = [match[:2] for match in matches or ()]
            assert len(set(pairs)) == len(pairs), "the same two items are matched twice"

    def test_what_is_equal_is_matched_as_equal(self, metric: Metric) -> None:
        for target, _ in self.examples():
            matches = metric.matches(target, target) or ()
            assert all(match.similarity == 1 for match in matches), "less than equal to itself"

    def test_matching_repeats(self, metric: Metric) -> None:
        for target, value in self._pairs():
            kept = copy.deepcopy((target, value))
            first = self.make().matches(target, value)
            metric.score(target, value)
            assert metric.matches(target, value) == first, "matched after scoring, other matches"
            assert (target, value) == kept, "matches changed its inputs"

    def test_inputs_stay_as_they_were(self, metric: Metric) -> None:
        for target, value in self.examples():
            kept = copy.deepcopy((target, value))
            metric.score(target, value)
            assert (target, value) == kept, "score changed its inputs"
        scores = self._scores(metric)
        kept_scores = copy.deepcopy(scores)
        metric.aggregate(scores)
        assert scores == kept_scores, "aggregate changed its inputs"

    def test_the_headline_is_among_the_aggregated_figures(self, metric: Metric) -> None:
        figures = metric.aggregate(self._scores(metric))
        assert metric.headline in figures, f"no {metric.headline!r} in {sorted(figures)}"
        check_numbers(figures)
        check_range(metric, figures[metric.headline])

    def test_no_scores_at_all_are_undefined_or_in_range(self, metric: Metric) -> None:
        figures = metric.aggregate([])
        assert metric.headline in figures, f"no {metric.headline!r} in {sorted(figures)}"
        check_numbers(figures)
        check_range(metric, figures[metric.headline])

    def test_one_score_can_be_aggregated(self, metric: Metric) -> None:
        for score in self._scores(metric):
            figures = metric.aggregate([score])
            check_numbers(figures)
            check_range(metric, figures[metric.headline])

    def test_aggregation_does_not_depend_on_the_order(self, metric: Metric) -> None:
        scores = self._scores(metric) * 3
        expected = metric.aggregate(scores)
        for seed in range(5):
            shuffled = list(scores)
            random.Random(seed).shuffle(shuffled)
            assert_same(metric.aggregate(shuffled), expected, "another order, another aggregate")

    def test_scores_can_be_stored_and_aggregated_later(self, metric: Metric) -> None:
        scores = self._scores(metric)
        stored = [json.loads(line(dict(score))) for score in scores]
        assert_same(metric.aggregate(stored), metric.aggregate(scores), "stored scores differ")

    def test_the_ratio_is_the_headline(self, metric: Metric) -> None:
        if metric.ratio is None:
            return
        declared = self._scores(metric)
        perfect = [metric.score(target, target) for target, _ in self.examples()]
        for scores in (declared, perfect, *([score] for score in declared)):
            found = metric.aggregate(scores)[metric.headline]
            assert ratio_of(metric.ratio, scores) == pytest.approx(found), (
                "the ratio gives another figure than aggregate: every interval would be wrong"
            )

    def _pairs(self) -> list[tuple[Json, Json]]:
        return [*self.examples(), *((target, self.empty()) for target, _ in self.examples())]

    def _scores(self, metric: Metric) -> list[Mapping[str, float]]:
        return [metric.score(target, value) for target, value in self.examples()]


def headline(metric: Metric, pairs: Sequence[tuple[Json, Json]]) -> float:
    """The headline of these (target, value) pairs; there must be one."""
    figures = metric.aggregate([metric.score(target, value) for target, value in pairs])
    found = figures[metric.headline]
    assert found is not None, f"the headline of {len(pairs)} scores is undefined"
    return found


def ratio_of(ratio: Ratio, scores: Sequence[Mapping[str, float]]) -> float | None:
    """The one sum over the other; None if it is undefined."""
    above, below = (
        sum(weight * score[part] for score in scores for part, weight in weights.items())
        for weights in (ratio.numerator, ratio.denominator)
    )
    below = below if ratio.denominator else len(scores)
    return above / below if below else ratio.empty


def better(metric: Metric, one: float, other: float) -> bool:
    """Whether the first headline is better than the other by more than rounding."""
    gap = one - other if metric.direction == "higher" else other - one
    return gap > 1e-9


def check_numbers(values: Mapping[str, float | None]) -> None:
    """All values are finite Python numbers, or None."""
    for name, value in values.items():
        assert isinstance(name, str), f"the name {name!r} is no text"
        if value is None:
            continue
        plain = isinstance(value, float | int) and type(value) in (float, int)
        assert plain, f"{name} is a {type(value).__name__}, not a Python number"
        assert math.isfinite(value), f"{name} is {value}"


def check_range(metric: Metric, value: float | None) -> None:
    """The headline lies in the range that the metric states."""
    low, high = metric.range
    if value is not None and low is not None:
        assert value >= low - 1e-9, f"the headline {value} is below {low}"
    if value is not None and high is not None:
        assert value <= high + 1e-9, f"the headline {value} is above {high}"


def assert_same(
    one: Mapping[str, float | None], other: Mapping[str, float | None], message: str
) -> None:
    """Equal names, and values equal up to rounding."""
    assert set(one) == set(other), message
    for name, value in one.items():
        if value is None or other[name] is None:
            assert value is other[name], f"{message}: {name}"
        else:
            assert value == pytest.approx(other[name], rel=1e-9, abs=1e-12), f"{message}: {name}"
