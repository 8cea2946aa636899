"""What must hold for any answer and any target."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit_f1.exact import ExactF1
from evalkit_f1.fuzzy import FuzzyF1
from evalkit_f1.normalize import PROFILES
from evalkit_f1.params import ExactF1Params, FuzzyF1Params, SlotFuzzyF1Params
from evalkit_f1.slot_fuzzy import SlotFuzzyF1

METRICS = [
    cls(params(normalization=profile))
    for cls, params in [
        (ExactF1, ExactF1Params),
        (FuzzyF1, FuzzyF1Params),
        (SlotFuzzyF1, SlotFuzzyF1Params),
    ]
    for profile in PROFILES
]
STUDIES = [ExactF1(ExactF1Params(compat="study")), FuzzyF1(FuzzyF1Params(compat="study"))]
every_metric = pytest.mark.parametrize(
    "metric", METRICS, ids=lambda m: f"{type(m).__name__}-{m.params.normalization}"
)

unhurried = settings(deadline=None, max_examples=50)

# Few letters, so that equal and similar items are frequent.
parts = st.text("aB_ '1", max_size=3)
triples = st.tuples(parts, parts, parts).map(list)
items = st.lists(triples | st.lists(parts, max_size=4), max_size=6)
cells = st.lists(st.tuples(items, items), max_size=5)
randoms = st.randoms(use_true_random=False)


@every_metric
@unhurried
@given(target=items, value=items)
def test_one_to_one_scores_stay_between_zero_and_one(metric, target, value):
    score = metric.score(target, value)
    assert score["tp"] <= min(score["predicted"], score["reference"])
    for figure in metric.aggregate([score]).values():
        assert figure is None or 0 <= figure <= 1


@every_metric
@unhurried
@given(target=items, value=items)
def test_one_to_one_matches_are_as_many_as_true_positives(metric, target, value):
    found = metric.matches(target, value)
    assert len(found) == metric.score(target, value)["tp"]
    assert metric.matches(target, value) == found
    for side, of_side in ((value, "answer"), (target, "target")):
        places = [getattr(match, of_side) for match in found]
        assert len(set(places)) == len(places)
        assert all(len(side[place]) == 3 for place in places)
    profile = PROFILES[metric.params.normalization]
    form = profile.slots if isinstance(metric, SlotFuzzyF1) else profile.whole
    for match in found:
        ours, theirs = form(tuple(value[match.answer])), form(tuple(target[match.target]))
        assert (match.similarity == 1) == (ours == theirs)
        assert match.similarity >= 0.8


@unhurried
@given(target=items, value=items)
@pytest.mark.parametrize("metric", STUDIES, ids=lambda m: type(m).__name__)
def test_matches_of_the_study_are_as_many_as_true_positives(metric, target, value):
    found = metric.matches(target, value)
    assert len(found) == metric.score(target, value)["tp"]
    places = [match.answer for match in found]
    assert len(set(places)) == len(places)


@every_metric
@unhurried
@given(target=items, value=items)
def test_swapping_answer_and_target_exchanges_precision_and_recall(metric, target, value):
    there, back = metric.score(target, value), metric.score(value, target)
    assert (there["precision"], there["recall"], there["f1"]) == (
        back["recall"],
        back["precision"],
        back["f1"],
    )


@every_metric
@unhurried
@given(target=items, value=items, random=randoms)
def test_the_order_of_items_does_not_matter(metric, target, value, random):
    shuffled = [random.sample(side, len(side)) for side in (target, value)]
    assert metric.score(target, value) == metric.score(*shuffled)


@every_metric
@unhurried
@given(pairs=cells, random=randoms)
def test_the_order_of_examples_does_not_matter(metric, pairs, random):
    scores = [metric.score(target, value) for target, value in pairs]
    assert metric.aggregate(scores) == metric.aggregate(random.sample(scores, len(scores)))


@every_metric
@unhurried
@given(target=items, value=items)
def test_writing_the_answer_twice_only_adds_duplicates(metric, target, value):
    once, twice = metric.score(target, value), metric.score(target, value + value)
    changed = {"items": 2 * once["items"], "malformed": 2 * once["malformed"]}
    assert twice == {**once, **changed, "duplicates": once["duplicates"] + once["items"]}


@unhurried
@given(target=items, value=items)
def test_what_is_equal_is_also_similar(target, value):
    exacts, fuzzies = METRICS[: len(PROFILES)], METRICS[len(PROFILES) : 2 * len(PROFILES)]
    for exact, fuzzy in zip(exacts, fuzzies, strict=True):
        assert exact.score(target, value)["tp"] <= fuzzy.score(target, value)["tp"]


@every_metric
@pytest.mark.parametrize("average", ["macro", "micro"])
@unhurried
@given(pairs=st.lists(st.tuples(items, items), min_size=1, max_size=5))
def test_the_ratio_of_sums_is_the_headline(metric, average, pairs):
    metric = type(metric)(metric.params.model_copy(update={"average": average}))
    scores = [metric.score(target, value) for target, value in pairs]
    above, below = (
        sum(weight * score[part] for score in scores for part, weight in weights.items())
        for weights in (metric.ratio.numerator, metric.ratio.denominator)
    )
    below = below if metric.ratio.denominator else len(scores)
    found = above / below if below else metric.ratio.empty
    assert metric.aggregate(scores)[metric.headline] == pytest.approx(found, rel=1e-12)


@unhurried
@given(pairs=cells)
def test_swapping_exchanges_precision_and_recall_of_a_cell_and_keeps_pairs(pairs):
    metric = METRICS[1]
    there = metric.aggregate([metric.score(target, value) for target, value in pairs])
    back = metric.aggregate([metric.score(value, target) for target, value in pairs])
    for average in ("macro", "micro"):
        assert there[f"{average}_precision"] == back[f"{average}_recall"]
        assert there[f"{average}_f1"] == back[f"{average}_f1"]
        assert there[f"pair_{average}_f1"] == back[f"pair_{average}_f1"]
