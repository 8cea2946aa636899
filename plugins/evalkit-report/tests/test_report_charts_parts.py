"""Each kind of chart: what it draws, what it leaves out, what it says of that."""

import pytest

from evalkit_report.charts.beside import beside_charts
from evalkit_report.charts.breakeven import break_even_charts
from evalkit_report.charts.curves import curve_charts
from evalkit_report.charts.losses import MOST, loss_charts, stretches
from evalkit_report.charts.matrix import matrix_charts
from evalkit_report.charts.outcomes import outcome_charts
from evalkit_report.charts.ratings import rating_charts
from evalkit_report.charts.scales import linear
from evalkit_report.charts.slices import slice_charts
from evalkit_report.charts.tradeoffs import tradeoff_charts
from evalkit_report.figures import NOTHING

from .charting import (
    KINDS,
    analysis,
    cell,
    contest,
    cost,
    curve,
    figure,
    latency,
    material,
    sliced,
    volume,
)


def texts(draft):
    layers = [layer for layer in draft.spec["layer"] if layer["mark"]["type"] == "text"]
    return [row["text"] for layer in layers for row in layer["data"]["values"]]


def said(draft):
    """What is read out of a drawing."""
    layers = [layer for layer in draft.spec["layer"] if "description" in layer["encoding"]]
    return [row["says"] for layer in layers for row in layer["data"]["values"]]


def scale_of(draft, channel="x"):
    return draft.spec["layer"][0]["encoding"][channel]["scale"]


def learning(points, alone=()):
    cells = [cell(method, size) for method, size, _ in (*points, *alone)]
    figures = [figure(method, value) for method, _, value in (*points, *alone)]
    return material(cells, analysis(figures, curves=[curve("lora", points)]))


def test_sizes_that_are_far_apart_are_on_a_log_axis():
    (far,) = curve_charts(learning([("a", 16, 0.2), ("b", 1000, 0.5)]))
    (near,) = curve_charts(learning([("a", 4, 0.2), ("b", 8, 0.5)]))
    assert scale_of(far)["type"] == "log"
    assert scale_of(near)["type"] == "linear"


def test_size_0_has_no_place_on_a_log_axis():
    (draft,) = curve_charts(learning([("a", 0, 0.1), ("b", 16, 0.2), ("c", 1000, 0.5)]))
    assert scale_of(draft)["domain"][0] > 0
    assert any("no place for size 0: a " in note for note in draft.notes)
    assert any(one.startswith("a: 0.100") for one in said(draft))


def test_size_0_is_on_a_linear_axis():
    (draft,) = curve_charts(learning([("a", 0, 0.1), ("b", 4, 0.2)]))
    low, high = scale_of(draft)["domain"]
    assert low <= 0 < 4 <= high
    assert draft.notes == ()


def test_methods_without_a_size_are_labelled_lines():
    (draft,) = curve_charts(learning([("a", 4, 0.2), ("b", 8, 0.5)], [("zero-shot", 0, 0.1)]))
    assert {"lora", "zero-shot"} <= set(texts(draft))
    assert any("uses no training examples" in note for note in draft.notes)


def test_what_is_part_of_no_curve_stands_at_its_size():
    (draft,) = curve_charts(learning([("a", 4, 0.2), ("b", 8, 0.5)], [("other", 6, 0.3)]))
    assert "other: 0.300, 95% interval 0.250 to 0.350, 6 training examples" in said(draft)


def test_a_point_without_a_figure_is_named_and_not_drawn():
    shown = learning([("a", 4, 0.2), ("b", 8, 0.5)])
    shown.analysis["curves"][0]["points"][1] |= figure("b", None, undefined="it failed")
    (draft,) = curve_charts(shown)
    assert "Not drawn: b, it failed." in draft.notes
    assert len(said(draft)) == 1
    assert draft.rows[1][-2:] == (NOTHING, "it failed")


def test_a_point_without_an_interval_has_no_bar():
    shown = learning([("a", 4, 0.2), ("b", 8, 0.5)])
    shown.analysis["curves"][0]["points"][1] |= {"low": None, "high": None}
    (draft,) = curve_charts(shown)
    assert "b: 0.500, 8 training examples" in said(draft)
    assert any("no interval" in note for note in draft.notes)


def test_without_curves_there_is_no_chart():
    assert curve_charts(learning([])) == []
    assert curve_charts(material([cell("a")])) == []


def test_the_highest_rating_comes_first_with_its_ranks():
    shown = material([cell("a"), cell("b")], None, [contest({"a-s1": 1400.0, "b-s1": 1600.0})])
    (draft,) = rating_charts(shown)
    assert [row[0] for row in draft.rows] == ["b", "a"]
    assert draft.rows[0] == ("b", "1,600.0", "[1,560.0, 1,630.0]", "1 to 3")
    assert said(draft)[0] == "b: elo 1,600.0, 95% interval 1,560.0 to 1,630.0, rank 1 to 3 of 2"
    assert draft.notes == ()


@pytest.mark.parametrize(("validated", "word"), [(0.0, "failed"), (None, "not audited")])
def test_a_judge_that_is_not_validated_is_in_plain_sight(validated, word):
    (draft,) = rating_charts(material([], None, [contest({"a": 1500.0}, validated=validated)]))
    assert word in draft.notes[0]
    assert any(word in text for text in texts(draft))


def test_a_comparison_without_intervals_has_points_alone():
    standings = [{"contestant": name, "values": {"share": 0.5}} for name in "ab"]
    plain = {"name": "duel", "seed": 1, "headline": "share", "decimals": 2, "standings": standings}
    (draft,) = rating_charts(material([], None, [plain]))
    assert draft.rows[0] == ("a", "0.50", NOTHING, NOTHING)
    assert matrix_charts(material([], None, [plain])) == []


def test_an_undefined_rating_is_named():
    (draft,) = rating_charts(material([], None, [contest({"a": None, "b": 1500.0})]))
    assert draft.notes == ("Not drawn: a, its rating is undefined.",)
    assert rating_charts(material([], None, [contest({"a": None})])) == []


def test_a_cell_of_the_matrix_tells_the_share_and_the_units():
    points = [[0.0, 6.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    values = {"a": 1600.0, "b": 1500.0, "gold": 1400.0}
    (draft,) = matrix_charts(material([], None, [contest(values, points)]))
    assert draft.rows == (("a", "b", "75.0%", "8"), ("b", "a", "25.0%", "8"))
    assert said(draft)[0] == "a got 75% of the points against b, 8 units"
    assert {"75%", "25%", "8"} <= set(texts(draft))
    assert any("never compared" in note for note in draft.notes)


def test_more_on_the_row_is_one_colour_less_another():
    points = [[0.0, 9.0], [1.0, 0.0]]
    (draft,) = matrix_charts(material([], None, [contest({"a": 1600.0, "b": 1500.0}, points)]))
    rows = draft.spec["layer"][1]["data"]["values"]
    assert [row["fill"] for row in rows] == ["var(--c1)", "var(--c2)"]
    assert all(0 < row["opacity"] < 0.6 for row in rows)


def priced(costs, **more):
    values = {"cheap": 0.3, "good": 0.5, "bad": 0.2}
    figures = [figure(name, value) for name, value in values.items()]
    return material([cell(name) for name in values], analysis(figures, costs=costs, **more))


def test_the_front_is_filled_and_joined():
    costs = {"cheap": cost(0, 1.0), "good": cost(0, 2.0), "bad": cost(0, 3.0)}
    drafts = {draft.name: draft for draft in tradeoff_charts(priced(costs, currency="EUR"))}
    assert list(drafts) == ["quality-cost", "quality-tokens", "quality-time"]
    assert [row[-1] for row in drafts["quality-cost"].rows] == ["yes", "yes", "no"]
    rows = drafts["quality-cost"].spec["layer"][-1]["data"]["values"]
    assert [row["fill"] == "var(--paper)" for row in rows] == [False, False, True]
    assert drafts["quality-cost"].headings[3] == "EUR per 1,000 answers"
    assert "no latency" in drafts["quality-time"].notes[0]


def test_where_less_is_better_the_front_is_another_one():
    costs = {"cheap": cost(0, 1.0), "good": cost(0, 2.0), "bad": cost(0, 3.0)}
    draft = tradeoff_charts(priced(costs, direction="lower"))[0]
    assert [row[-1] for row in draft.rows] == ["yes", "no", "yes"]
    assert any("lower is better" in text for text in texts(draft))


def test_without_prices_cost_is_not_drawn():
    costs = dict.fromkeys(("cheap", "good", "bad"), cost())
    assert [d.name for d in tradeoff_charts(priced(costs))] == ["quality-tokens", "quality-time"]
    (beside,) = beside_charts(priced(costs))
    assert beside.headings[1] == "adapting, seconds once"
    assert "Prices are not known" in beside.notes[0]


def test_a_method_without_a_price_is_named():
    costs = {"cheap": cost(0, 1.0), "good": cost(5, 2.0), "bad": cost()}
    shown = priced(costs, currency="EUR")
    assert "Not drawn: bad, the suite gives no prices of it." in tradeoff_charts(shown)[0].notes
    (beside,) = beside_charts(shown)
    assert beside.rows == (("cheap", "0", "1"), ("good", "5", "2"))
    assert beside.notes == ("Not drawn: bad, the suite gives no prices of it.",)
    assert "The Pareto front is that of the methods that are drawn." in (
        tradeoff_charts(shown)[0].notes
    )


def test_what_an_hour_is_taken_for_is_said_wherever_it_is_shown():
    costs = {"cheap": cost(0, 1.0), "good": cost(5, 2.0), "bad": cost(1, 3.0)}
    costs["good"]["serving"]["utilisation"] = 0.6
    shown = priced(costs, break_evens=[volume("good", "cheap", 1000.0, 500.0, None)])
    for make in (tradeoff_charts, beside_charts, break_even_charts):
        assert any("busy 60% of the time" in note for note in make(shown)[0].notes)


def test_a_method_without_an_engine_has_no_tokens():
    costs = {"cheap": cost(), "good": cost(), "bad": cost(tokens=0.0)}
    costs["bad"]["serving"]["completion_tokens"] = 0.0
    costs["good"]["serving"]["completion_tokens"] = None
    assert [draft.name for draft in tradeoff_charts(priced(costs))] == ["quality-time"]
    costs["good"] = cost()
    notes = tradeoff_charts(priced(costs))[0].notes
    assert "Not drawn: bad, it asks no engine." in notes


def test_methods_that_cost_nothing_at_all_are_drawn():
    shown = priced(dict.fromkeys(("cheap", "good", "bad"), cost(0, 0.0)))
    assert tradeoff_charts(shown)[0].rows[1][-1] == "yes"
    assert beside_charts(shown)[0].rows[0] == ("cheap", "0", "0")


def test_latency_that_was_measured_replaces_the_time_of_batches():
    shown = priced(dict.fromkeys(("cheap", "good", "bad"), cost()))
    waits = [[latency(0.2, 0.9)], [latency(0.3, 1.5), latency(0.3, None, seed=2)], []]
    for one, own in zip(shown.analysis["methods"], waits, strict=True):
        one["latency"] = own
    draft = tradeoff_charts(shown)[-1]
    assert draft.name == "quality-latency"
    assert [row[0] for row in draft.rows] == ["cheap", "good, seed 1"]
    assert [row[-1] for row in draft.rows] == ["yes", "yes"]
    assert draft.notes[1:] == (
        "Not drawn: good, seed 2, more than 5% of the requests were never answered.",
        "Not drawn: bad, its latency was not measured.",
    )


def test_loads_that_differ_are_told():
    shown = priced({})
    for one, rate in zip(shown.analysis["methods"], (1.0, 2.0, 2.0), strict=True):
        one["latency"] = [latency(0.2, 0.9, rate=rate)]
    (draft,) = tradeoff_charts(shown)
    assert "1 or 2 a second" in draft.notes[0]
    assert "cannot be compared" in draft.notes[0]
    assert {row[-1] for row in draft.rows} == {NOTHING}
    assert "Pareto" not in draft.summary + "".join(said(draft)) + "".join(texts(draft))


def test_break_even_volumes():
    many = [volume("good", "cheap", 1000.0, 500.0, None), volume("bad", "cheap", 2.0, None, None)]
    (draft,) = break_even_charts(priced({}, break_evens=many))
    assert draft.rows[0] == ("good", "cheap", "by what is paid", "1,000", "[500, no end]")
    assert said(draft)[0] == (
        "good pays from 1,000 answers on, 95% interval 500 to no end, "
        "compared with cheap, by what is paid"
    )
    assert any("may never pay" in note for note in draft.notes)
    assert break_even_charts(priced({})) == []


def test_outcomes_are_told_apart_by_pattern_and_percentage():
    counts = dict(zip(KINDS, (60, 30, 9, 0, 0, 1), strict=True))
    (draft,) = outcome_charts(material([cell("a", outcomes=counts)]))
    assert draft.rows == (("a", "100", "60", "30", "9", "0", "0", "1"),)
    assert {"60%", "30%", "9%", "malformed", "100 answers"} <= set(texts(draft))
    assert "1%" not in texts(draft), "it has no room"
    assert "refused" not in texts(draft)
    fills = [row["fill"] for row in draft.spec["layer"][1]["data"]["values"]]
    assert fills == ["var(--matched)", "url(#malformed)", "url(#truncated)", "url(#failed)"]
    assert all(f'id="{kind}"' in draft.patterns for kind in ("malformed", "truncated", "failed"))


def test_outcomes_of_seeds_are_counted_together():
    (draft,) = outcome_charts(material([cell("a"), cell("a", seed=2)]))
    assert draft.rows[0][1] == "80"
    assert draft.notes


def test_a_share_is_never_rounded_to_nothing_or_to_all():
    counts = {**dict.fromkeys(KINDS, 0), "parsed": 9999, "failed": 1}
    (draft,) = outcome_charts(material([cell("a", outcomes=counts)]))
    assert ">99%" in texts(draft)
    assert said(draft)[1] == "a: 1 of 10,000 failed, <1%"


def test_the_largest_groups_are_drawn_and_the_table_has_all():
    rows = sliced("domain", [f"d{place:02}" for place in range(22)], ["a", "b"])
    (draft,) = slice_charts(material([cell("a"), cell("b")], None, slices=rows))
    assert len(draft.rows) == 44
    assert len(said(draft)) == 30
    assert "d06" not in texts(draft), "the first ones are the smallest"
    assert "d21" in texts(draft)
    assert any("7 more" in note for note in draft.notes)


def test_groups_keep_their_order():
    rows = sliced("input length", ["short", "long"], ["a"])
    (draft,) = slice_charts(material([cell("a")], analysis([figure("a")]), slices=rows))
    assert [row[0] for row in draft.rows] == ["short", "long"]
    assert said(draft)[0] == (
        "a, input length short: 0.400, 95% interval 0.350 to 0.450, 20 examples"
    )
    assert texts(draft).index("short") < texts(draft).index("long")


def test_a_group_without_a_figure_stays_empty():
    rows = sliced("domain", "xy", ["a", "b"])
    rows[0] |= {"value": None, "low": None, "high": None, "undefined": "no example was answered"}
    (draft,) = slice_charts(material([cell("a"), cell("b")], None, slices=rows))
    assert len(said(draft)) == 3
    assert draft.rows[0][-2:] == (NOTHING, "no example was answered")


def test_one_group_tells_nothing():
    assert slice_charts(material([cell("a")], None, slices=sliced("domain", "x", ["a"]))) == []


def trained(*losses):
    return material([cell(f"m{n}", report={"loss": one}) for n, one in enumerate(losses)])


def test_losses():
    (draft,) = loss_charts(trained([[1, 2.0], [2, 1.0]], [[1, 3.0], [2, None], [3, 0.5]]))
    assert draft.rows == (
        ("m0", "2", "2.000", "1.000", "1.000"),
        ("m1", "3", "3.000", "0.500", "0.500"),
    )
    assert draft.notes == ("m1: the loss was no number in 1 step.",)
    assert said(draft) == [
        "m0: last loss 1.000, 2 logged steps",
        "m1: last loss 0.500, 2 logged steps",
    ]


def test_a_long_training_beside_a_short_one_is_on_a_log_axis():
    long = [[step, 1.0] for step in range(1, 101)]
    (draft,) = loss_charts(trained([[1, 2.0], [8, 1.0]], long))
    assert scale_of(draft)["type"] == "log"


@pytest.mark.parametrize("loss", [None, [], [[1, None]], "text", [[1]], [[True, 1]], [["a", 2]]])
def test_a_cell_without_losses_has_no_curve(loss):
    assert loss_charts(material([cell("a", report={"loss": loss})])) == []


def test_a_long_curve_is_drawn_by_means_that_keep_its_peaks():
    losses = [(float(step), 1.0) for step in range(5000)]
    losses[1234] = (1234.0, 50.0)
    found = stretches(losses, linear([0, 5000], 480))
    assert len(found) <= 121
    assert max(one.high for one in found) == 50
    assert all(one.low <= one.mean <= one.high for one in found)
    assert [one.x for one in found] == sorted(one.x for one in found)


def test_a_short_curve_is_drawn_as_it_is():
    losses = [(float(step), step % 7.0) for step in range(MOST)]
    found = stretches(losses, linear([0, MOST], 480))
    assert [one.mean for one in found] == [loss for _, loss in losses]


def test_many_trainings_are_spread_over_charts():
    drafts = loss_charts(trained(*[[[1, 2.0], [2, 1.0]]] * 25))
    assert [len(draft.rows) for draft in drafts] == [12, 12, 1]
    assert drafts[0].title == "Loss while training, part 1 of 3"
