"""Learning curves: which methods form one, where they cross, whether they have flattened."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.compare.crossing import crossing_of
from evalkit.compare.curves import last_steps, learning_curves
from evalkit.compare.evidence import Evidence
from evalkit.compare.families import DEMOS, TRAINING_EXAMPLES, families
from evalkit.compare.gaps import Curve
from evalkit.compare.methods import Method
from evalkit.compare.sentences import curve_sentences
from evalkit.stats.bootstrap import Sampling
from evalkit.stats.clusters import independent
from evalkit.stats.compare import compare_methods
from evalkit.stats.difference import Difference, Tally
from evalkit.stats.estimate import joint_replicates
from evalkit.stats.figure import Sample
from evalkit.stats.scores import Scores
from evalkit.stats.verdict import Interval


def method(adapter, train_size=0, *, use=None, model="m", folder="run", demos=0, **params):
    """A method of one seed."""
    cell = {
        "model": model,
        "use": use or adapter.split("-")[0],
        "params": params,
        "train_size": train_size,
        "report": {"demos": demos} if demos is not None else {},
        "seed": 1,
    }
    name = f"{folder}/{adapter}-{model}"
    return Method(name=name, adapter=adapter, cells=(cell,), results={}, folder=Path(folder))


def few_shot(k):
    return method(f"few-shot-k{k}", k, use="few-shot", demos=k, k=k)


def found(*methods):
    return [(one.name, one.by, one.sizes) for one in families(methods)]


def test_training_sizes_of_one_method_are_a_curve():
    sizes = [100, 16, 8870]
    methods = [method("zero-shot"), *(method(f"lora-{size}", size, rank=8) for size in sizes)]
    assert found(*methods) == [("lora", TRAINING_EXAMPLES, (16, 100, 8870))]


def test_the_number_of_demos_is_that_of_training_examples_where_they_are_the_same():
    assert found(few_shot(8), few_shot(4)) == [("few-shot", TRAINING_EXAMPLES, (4, 8))]


def test_demos_are_a_size_where_the_training_examples_are_equally_many():
    methods = [method(f"dspy-demos{n}", 100, demos=n - 1, demos_=n) for n in (4, 8)]
    assert found(*methods) == [("dspy", DEMOS, (3, 7))]


def test_a_parameter_that_is_no_size_makes_curves_of_its_own():
    methods = [
        method(f"lora-{size}-rank{rank}", size, rank=rank) for size in (16, 100) for rank in (8, 16)
    ]
    assert found(*methods) == [
        ("lora-rank8", TRAINING_EXAMPLES, (16, 100)),
        ("lora-rank16", TRAINING_EXAMPLES, (16, 100)),
    ]


def test_a_parameter_that_happens_to_grow_with_the_size_makes_no_curve():
    methods = [method("lora-a", 16, use="lora", epochs=1), method("lora-b", 100, epochs=4)]
    assert found(*methods) == []


def test_models_and_runs_are_not_mixed():
    sizes = (16, 100)
    methods = [method(f"lora-{n}", n, model=model) for n in sizes for model in ("a", "b")]
    assert [one.name for one in families(methods)] == ["lora, a", "lora, b"]
    methods = [method(f"lora-{n}", n, folder=folder) for n in sizes for folder in ("r", "s")]
    assert [one.name for one in families(methods)] == ["lora, r", "lora, s"]
    assert found(method("lora-16", 16, folder="r"), method("lora-100", 100, folder="s")) == []


def test_all_examples_and_as_many_as_there_are_make_one_point():
    methods = [method(f"lora-{n}", size) for n, size in (("16", 16), ("500", 500), ("all", 500))]
    assert found(*methods) == [("lora", TRAINING_EXAMPLES, (16, 500))]


def test_methods_that_report_no_demos_form_no_curve_of_demos():
    methods = [method(f"odd-x{n}", 100, demos=None, x=n) for n in (1, 2)]
    assert found(*methods) == []


LORA = [method(f"lora-{size}", size) for size in (16, 256)]
ZERO = method("zero-shot")
SHIFTS = np.linspace(-0.1, 0.1, 9999)


def figures(*values, methods=(*LORA, ZERO)):
    return {
        one.name: {"value": value, "low": value - 0.1, "high": value + 0.1, "undefined": None}
        for one, value in zip(methods, values, strict=True)
    }


def rows(*values, methods=(*LORA, ZERO)):
    return {one.name: value for one, value in zip(methods, values, strict=True)}


def same(value):
    return np.full(9999, value)


def gains(evidence, value=None, half=0.01, note=None):
    """A difference, its 90% interval this wide on both sides, for any step."""

    class Steps(dict):
        def __missing__(self, step):
            sign = 1 if evidence.higher_is_better else -1
            before, after = (sign * evidence.quality(name) for name in step)
            gain = after - before if value is None else value
            return difference(gain, None if note else (gain - half, gain + half), note)

    return Steps()


def difference(value, narrow, note):
    low, high = narrow or (0, 0)
    return Difference(
        value=value,
        error=None,
        interval=None,
        narrow=Interval(low=low, high=high, level=0.9, method="t") if narrow else None,
        significance=None,
        verdict=None,
        effect=None,
        tally=Tally(wins=0, ties=0, losses=0),
        detectable=None,
        needed=None,
        sample=Sample(examples=400, clusters=400, seeds=1, design_effect=None),
        notes=(note,) if note else (),
    )


def evidence(known, drawn, **keys):
    keys = {"meaningful": 0.02, "examples": 400, "clusters": 400, **keys}
    return Evidence(figures=known, replicates=drawn, **keys)


def curves(values, drawn, methods=(*LORA, ZERO), step=None, **keys):
    known = evidence(figures(*values, methods=methods), drawn, **keys)
    found = learning_curves(methods, known, gains(known, **(step or {})))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert all(isinstance(text, str) for text in curve_sentences(found))
    return found


def test_a_curve_overtakes_a_baseline_between_two_sizes():
    drawn = rows(0.2 + SHIFTS, 0.6 + SHIFTS, same(0.4))
    (curve,) = curves((0.2, 0.6, 0.4), drawn)
    assert [(point["size"], point["value"]) for point in curve["points"]] == [(16, 0.2), (256, 0.6)]
    (crossing,) = curve["crossings"]
    assert crossing["ahead"] == "lora"
    assert crossing["behind"] == ZERO.name
    assert crossing["size"] == pytest.approx(64)  # half way between 16 and 256, by their logarithms
    # A shift of d moves the crossing to 64 * 16 ** (-d / 0.4); ends are the 250th of 9,999.
    assert crossing["low"] == pytest.approx(64 * 16 ** (-0.095 / 0.4), rel=1e-3)
    assert crossing["high"] == pytest.approx(64 * 16 ** (0.095 / 0.4), rel=1e-3)
    assert (crossing["share"], crossing["throughout"]) == (1, 0)
    assert "overtakes run/zero-shot-m at 64 training examples" in crossing["text"]


def test_what_is_shared_by_both_curves_does_not_move_their_crossing():
    drawn = rows(0.2 + SHIFTS, 0.6 + SHIFTS, 0.4 + SHIFTS)
    (crossing,) = curves((0.2, 0.6, 0.4), drawn)[0]["crossings"]
    assert crossing["low"] == pytest.approx(64)
    assert crossing["high"] == pytest.approx(64)


def test_an_end_beyond_the_measured_sizes_is_not_known():
    wide = 5 * SHIFTS
    (crossing,) = curves((0.2, 0.6, 0.4), rows(0.2 + wide, 0.6 + wide, same(0.4)))[0]["crossings"]
    assert (crossing["low"], crossing["high"]) == (None, None)
    # Shifts of up to 0.5, and it crosses for those from -0.2 to 0.2.
    assert crossing["share"] == pytest.approx(0.4, abs=1e-3)
    assert crossing["throughout"] == pytest.approx(0.3, abs=1e-3)
    assert "[95%: below 16 to above 256], within 16 to 256" in crossing["text"]


def few_clusters(count=12, seeds=1):
    """Two figures of a curve and a flat one, their scores on so many clusters of one example."""
    rng = np.random.default_rng(3)
    shared = rng.normal(0, 0.1, count)
    noise = rng.normal(0, 0.05, (3, seeds, count))
    levels = np.array([0.2, 0.6, 0.4])[:, None, None]
    return [Scores.of(table) for table in levels + shared + noise]


def crossed(scores, clusters, few):
    values = np.array([one.value() for one in scores])
    drawn = joint_replicates(scores, clusters, sampling=Sampling(replicates=999, seed=1))
    tables = tuple(one.linearised() for one in scores)
    lora, zero = (
        Curve(name=name, sizes=sizes, values=values[own], replicates=drawn[own], tables=tables[own])
        for name, sizes, own in (("lora", (16.0, 256.0), slice(2)), ("zero", (), slice(2, 3)))
    )
    return crossing_of(lora, zero, few=few, clusters=clusters)


def at(scores, size):
    """The scores of the curve between its two sizes, as a straight line has them."""
    share = np.log(size / 16) / np.log(256 / 16)
    small, large = (one.numerator for one in scores[:2])
    return Scores.of((1 - share) * small + share * large)


@pytest.mark.parametrize(("clusters", "seeds"), [(12, 1), (60, 3)])
def test_with_few_clusters_or_seeds_its_ends_are_where_a_difference_begins_to_show(clusters, seeds):
    scores, groups = few_clusters(clusters, seeds), independent(clusters)
    found = crossed(scores, groups, few=clusters < 30)
    assert found.interval == "t"
    assert " [95% by t: " in found.told("training examples")
    ends = [
        compare_methods(scores[2], at(scores, size), groups, meaningful=0.02).interval
        for size in (found.low, found.high)
    ]
    assert [end.method for end in ends] == ["t", "t"]
    assert ends[0].high == pytest.approx(0, abs=2e-3)
    assert ends[1].low == pytest.approx(0, abs=2e-3)


def test_it_is_wider_by_t_than_by_resamples():
    scores, groups = few_clusters(), independent(12)
    by_t, by_resamples = (crossed(scores, groups, few=few) for few in (True, False))
    assert by_resamples.interval == "percentile"
    assert by_t.size == by_resamples.size
    assert by_t.low < by_resamples.low < by_resamples.high < by_t.high


def test_with_few_clusters_a_gap_that_never_varies_leaves_it_undefined():
    scores = few_clusters()
    same = Scores.of(scores[1].numerator + 0.1)  # at 256 just as far ahead on each example
    found = crossed([scores[0], same, scores[1]], independent(12), few=True)
    assert found == "all examples give the same: nothing shows how far it may vary"


def test_ahead_throughout_is_no_crossing():
    (crossing,) = curves((0.5, 0.6, 0.4), rows(0.5 + SHIFTS / 2, same(0.6), same(0.4)))[0][
        "crossings"
    ]
    assert crossing["size"] is None
    assert (crossing["share"], crossing["throughout"]) == (0, 1)
    assert (crossing["low"], crossing["high"]) == (None, 16)
    assert "ahead of run/zero-shot-m throughout 16 to 256 training examples" in crossing["text"]
    assert crossing["text"].endswith("; it overtakes [95%: below 16 to 16]")


def test_a_baseline_may_be_the_one_that_overtakes():
    (crossing,) = curves((0.6, 0.2, 0.4), rows(same(0.6), same(0.2), same(0.4)))[0]["crossings"]
    assert crossing["ahead"] == ZERO.name
    assert crossing["size"] == pytest.approx(64)


def test_where_less_is_better_the_lower_curve_is_ahead():
    drawn = rows(same(0.6), same(0.2), same(0.4))
    (curve,) = curves((0.6, 0.2, 0.4), drawn, higher_is_better=False)
    assert curve["crossings"][0]["ahead"] == "lora"
    assert curve["last_step"]["gain"] == pytest.approx(0.4)
    assert curve["last_step"]["trend"] == "still rising"


def test_curves_are_compared_over_the_sizes_that_both_have():
    other = [method(f"full-{size}", size) for size in (16, 1024)]
    methods = (*LORA, *other)
    values = (0.2, 0.6, 0.4, 0.4)
    (lora, full) = curves(values, rows(*map(same, values), methods=methods), methods)
    (crossing,) = lora["crossings"]
    assert full["crossings"] == []
    assert crossing["curves"] == ["lora", "full"]
    assert crossing["within"] == [16, 256]
    assert crossing["size"] == pytest.approx(64)


def test_curves_without_a_common_range_do_not_cross():
    methods = (few_shot(4), few_shot(8), *LORA)
    values = (0.1, 0.2, 0.3, 0.4)
    shot, _ = curves(values, rows(*map(same, values), methods=methods), methods)
    (crossing,) = shot["crossings"]
    assert crossing["undefined"] == "the measured ranges do not overlap: 4 to 8 and 16 to 256"


def test_level_curves_have_no_order():
    (curve,) = curves((0.2, 0.4, 0.4), rows(same(0.2), same(0.4), same(0.4)))
    assert "both are level at 256" in curve["crossings"][0]["undefined"]


@pytest.mark.parametrize(
    ("half", "gain", "trend"),
    [
        (0.01, 0.0, "flat"),
        (0.01, 0.1, "still rising"),
        (0.01, -0.1, "falling"),
        (0.1, 0.03, "cannot tell whether it is flat"),
        (0.0, 0.02, "cannot tell whether it is flat"),
    ],
)
def test_the_last_step_tells_whether_a_curve_is_flat(half, gain, trend):
    drawn = rows(same(0.0), same(gain), same(0.4))
    (curve,) = curves((0.0, gain, 0.4), drawn, step={"half": half})
    step = curve["last_step"]
    assert step["trend"] == trend
    assert step["gain"] == pytest.approx(gain)
    assert step["low"] == pytest.approx(gain - half)
    assert step["high"] == pytest.approx(gain + half)
    assert (step["from"], step["to"], step["level"]) == (16, 256, 0.9)


def test_a_point_without_a_figure_is_left_out_of_the_curve():
    values = figures(0.2, 0.6, 0.4)
    values[LORA[1].name] = {"value": None, "undefined": "cell lora-256 failed"}
    drawn = {LORA[0].name: same(0.2), ZERO.name: same(0.4)}
    assert last_steps([*LORA, ZERO], evidence(values, drawn)) == []
    (curve,) = learning_curves([*LORA, ZERO], evidence(values, drawn), {})
    assert curve["points"][1]["undefined"] == "cell lora-256 failed"
    assert curve["last_step"]["trend"] is None
    assert "less than two points" in curve["last_step"]["undefined"]
    assert "less than two points" in curve["crossings"][0]["undefined"]


def test_resamples_that_leave_a_figure_undefined_do_not_count():
    gaps = np.where(np.arange(9999) % 2, np.nan, 0.2)
    (curve,) = curves((0.2, 0.6, 0.4), rows(gaps, same(0.6), same(0.4)))
    assert curve["crossings"][0]["share"] == 1
    nothing = np.full(9999, np.nan)
    (curve,) = curves((0.2, 0.6, 0.4), rows(nothing, same(0.6), same(0.4)))
    assert curve["crossings"][0]["undefined"] == "resamples leave a figure undefined"


def test_a_step_without_an_interval_is_undefined():
    drawn = rows(same(0.2), same(0.6), same(0.4))
    note = "undefined, because there is one example only"
    (curve,) = curves((0.2, 0.6, 0.4), drawn, step={"note": note}, examples=1, clusters=1)
    assert curve["last_step"]["trend"] is None
    assert curve["last_step"]["undefined"] == "there is one example only"
    (crossing,) = curve["crossings"]
    assert crossing["size"] is None
    assert "nothing shows how far it may vary" in crossing["undefined"]


def test_resamples_that_never_cross_overflow_nowhere():
    sizes, values = (1.0, 2.0), np.array([0.0, 1.0])
    nearly = np.array([[-1.0], [-1.0 + 1e-12]])
    replicates = np.concatenate([values[:, None], nearly], axis=1)
    one = Curve(name="a", sizes=sizes, values=values, replicates=replicates)
    other = Curve(name="b", sizes=(), values=np.array([0.5]), replicates=np.full((1, 2), 0.5))
    found = crossing_of(one, other)
    assert found.share == 0.5
    assert found.high is None


def test_without_a_sweep_there_is_no_curve():
    assert curves((0.4,), rows(same(0.4), methods=[ZERO]), [ZERO]) == []


figure = st.floats(0, 1).map(lambda value: round(value, 3))
points = st.lists(figure, min_size=3, max_size=3)


@settings(max_examples=60, deadline=None)
@given(points, points, st.integers(0, 2**32 - 1))
def test_a_crossing_lies_in_the_range_and_has_two_sides(first, second, seed):
    noise = np.random.default_rng(seed).normal(0, 0.1, size=(2, 3, 199))
    one, other = (
        Curve(
            name=name,
            sizes=(10.0, 100.0, 1000.0),
            values=np.array(values),
            replicates=np.array(values)[:, None] + part,
        )
        for name, values, part in zip("ab", (first, second), noise, strict=True)
    )
    there, back = crossing_of(one, other), crossing_of(other, one)
    assert there == back
    if isinstance(there, str):
        assert first[-1] == second[-1]
        return
    ahead, behind = (first, second) if there.ahead == "a" else (second, first)
    assert ahead[-1] > behind[-1]
    inside = [end for end in (there.low, there.size, there.high) if end is not None]
    assert all(10 <= end <= 1000 for end in inside)
    assert 0 <= there.share + there.throughout <= 1
    if there.size is None:
        assert all(own > its for own, its in zip(ahead, behind, strict=True))
    else:
        gap = np.interp(np.log(there.size), np.log(one.sizes), np.subtract(ahead, behind))
        assert gap == pytest.approx(0, abs=1e-9)
