"""Which method to take: the front, the shares of resamples, and the words."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.compare.evidence import Evidence
from evalkit.compare.recommend import recommendation

COUNT = 9999
NOISE = np.linspace(-1, 1, COUNT)


def cost(per_1000=None, *, tokens=(None, None), seconds=None):
    serving = {
        "per_1000": per_1000,
        "prompt_tokens": tokens[0],
        "completion_tokens": tokens[1],
        "seconds": seconds,
        "utilisation": None,
        "undefined": None if per_1000 is not None else "the suite gives no prices of m",
    }
    return {"currency": "USD", "serving": serving, "adaptation": {"total": 0.0}}


def evidence(methods, *, examples=400, clusters=400, **keys):
    """Methods as pairs of a figure and what resampling does to it."""
    return Evidence(
        figures={name: {"value": value} for name, (value, _) in methods.items()},
        replicates={
            name: value + np.zeros(COUNT) + noise for name, (value, noise) in methods.items()
        },
        meaningful=0.02,
        examples=examples,
        clusters=clusters,
        **keys,
    )


def advise(costs, known, **keys):
    found = recommendation(costs, known, **keys)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert 1 <= len(found["sentences"]) <= 3
    return found


def row(found, name):
    return next(one for one in found["methods"] if one["method"] == name)


def test_the_cheapest_that_is_as_good_is_recommended():
    known = evidence({"a": (0.60, 0), "b": (0.595, 0.01 * NOISE), "c": (0.3, 0.01 * NOISE)})
    found = advise({"a": cost(3.0), "b": cost(1.0), "c": cost(0.1)}, known)
    assert (found["best"], found["recommended"], found["demonstrated"]) == ("a", "b", True)
    assert row(found, "b")["as_good_share"] == 1
    assert row(found, "c")["as_good_share"] == 0
    assert [one["on_front"] for one in found["methods"]] == [True, True, True]
    assert found["sentences"] == [
        "b is the cheapest method that is not worse than the best by 0.02 or more: 0.595 at USD 1 "
        "per 1,000 answers, against 0.600 at USD 3 per 1,000 answers of a; it holds in 100% of "
        "resamples."
    ]


def test_the_examples_that_all_methods_have_decide():
    known = evidence({"a": (0.60, 0), "b": (0.61, 0.01 * NOISE)}, centres={"a": 0.65, "b": 0.61})
    found = advise({"a": cost(1.0), "b": cost(3.0)}, known)
    assert found["best"] == "a"
    assert row(found, "a")["value"] == 0.65
    assert found["sentences"][0].startswith("a has the best figure and costs least: 0.650 at")
    assert found["sentences"][0].endswith("These are figures of the 400 examples that all have.")


def test_without_a_cheaper_equivalent_the_best_is_kept():
    known = evidence({"a": (0.60, 0), "b": (0.5, 0.01 * NOISE)})
    found = advise({"a": cost(3.0), "b": cost(1.0)}, known)
    assert (found["recommended"], found["demonstrated"]) == ("a", False)
    assert found["sentences"] == [
        "No cheaper equivalent is demonstrated: a has the best figure, 0.600 at USD 3 per 1,000 "
        "answers."
    ]


def test_what_cannot_be_told_says_how_many_examples_would_tell():
    known = evidence({"a": (0.60, 0), "b": (0.59, 0.05 * NOISE)})
    found = advise({"a": cost(3.0), "b": cost(1.0)}, known)
    assert found["demonstrated"] is False
    (open_,) = found["undecided"]
    # One-sided 5%, power 80%: (1.645 + 0.842)² times the variance of one example over 0.01².
    deviation = (0.05 * NOISE).std()
    assert open_["examples_needed"] == pytest.approx(
        (1.644854 + 0.841621) ** 2 * 400 * deviation**2 / 0.01**2, rel=1e-3
    )
    assert open_["compared_with"] == "a"
    assert found["sentences"][1] == (
        "Whether b, with 0.590 at USD 1 per 1,000 answers, is worse than a by 0.02 or more cannot "
        f"be told from 400 examples; about {open_['examples_needed']:,} would tell."
    )


def test_a_difference_of_just_what_matters_is_never_told():
    known = evidence({"a": (0.52, 0), "b": (0.5, 0.05 * NOISE)})
    found = advise({"a": cost(3.0), "b": cost(1.0)}, known)
    assert found["undecided"][0]["examples_needed"] is None
    assert found["sentences"][1].endswith("nor from any number of them.")


def test_the_best_may_cost_least():
    known = evidence({"a": (0.60, 0), "b": (0.5, 0.01 * NOISE)})
    found = advise({"a": cost(1.0), "b": cost(3.0)}, known)
    assert (found["recommended"], found["demonstrated"]) == ("a", True)
    assert [one["on_front"] for one in found["methods"]] == [True, False]
    assert found["sentences"][0].startswith("a has the best figure and costs least")


def test_the_best_may_cost_as_much_as_another():
    known = evidence({"a": (0.60, 0), "b": (0.5, 0.01 * NOISE)})
    found = advise({"a": cost(1.0), "b": cost(1.0)}, known)
    assert found["sentences"][0].startswith(
        "a has the best figure and costs no more than any other"
    )


def test_of_methods_that_cost_the_same_to_serve_the_cheapest_to_adapt_is_taken_then_the_best():
    known = evidence({"b": (0.595, 0.001 * NOISE), "a": (0.60, 0)})
    costs = {"b": cost(1.0), "a": cost(1.0)}
    assert advise(costs, known)["recommended"] == "a"
    costs["a"]["adaptation"]["total"] = 5.0
    assert advise(costs, known)["recommended"] == "b"
    costs["a"]["adaptation"]["total"] = None
    assert advise(costs, known)["recommended"] == "a"


def test_where_less_is_better():
    known = evidence({"a": (0.3, 0), "b": (0.6, 0.01 * NOISE)}, higher_is_better=False)
    found = advise({"a": cost(3.0), "b": cost(1.0)}, known)
    assert found["best"] == "a"
    assert "0.300 at USD 3" in found["sentences"][0]


def test_the_share_on_the_front_is_over_joint_resamples():
    known = evidence({"a": (0.5, 0), "b": (0.5, NOISE)})
    found = advise({"a": cost(1.0), "b": cost(2.0)}, known)
    assert row(found, "a")["front_share"] == 1
    assert row(found, "b")["front_share"] == pytest.approx(0.5, abs=1e-3)
    serving = {"a": 0.0015 + 0.001 * NOISE, "b": np.full(COUNT, 0.002)}
    found = advise({"a": cost(1.5), "b": cost(2.0)}, known, serving=serving)
    # b is better where its noise is above 0, and then on the front; else it is where it is cheaper.
    assert row(found, "a")["front_share"] == pytest.approx(0.75, abs=1e-3)


def test_without_prices_tokens_stand_for_cost():
    known = evidence({"a": (0.60, 0), "b": (0.595, 0.01 * NOISE)})
    found = advise({"a": cost(tokens=(900, 100)), "b": cost(tokens=(60, 40))}, known)
    assert (found["by"], found["recommended"]) == ("tokens per answer", "b")
    assert "0.595 at 100 tokens per answer, against 0.600 at 1,000 tokens" in found["sentences"][0]
    assert found["sentences"][-1] == (
        "Prices are not known of any method, so tokens per answer stand for cost."
    )


def test_without_tokens_seconds_stand_for_cost():
    known = evidence({"a": (0.60, 0), "b": (0.595, 0.01 * NOISE)})
    found = advise({"a": cost(seconds=2.0), "b": cost(seconds=0.25)}, known)
    assert (found["by"], found["recommended"]) == ("seconds per answer", "b")
    assert "0.25 seconds per answer" in found["sentences"][0]


def test_the_measure_is_one_that_all_methods_have():
    known = evidence({"a": (0.60, 0), "b": (0.595, 0.01 * NOISE)})
    found = advise({"a": cost(1.0, tokens=(10, 0)), "b": cost(tokens=(5, 0))}, known)
    assert found["by"] == "tokens per answer"
    assert found["note"] == "prices are not known of b, so tokens per answer stand for cost"


def test_who_has_no_figure_is_left_out_with_the_reason():
    known = evidence({"a": (0.60, 0), "b": (0.595, 0.01 * NOISE), "n": (0.5, np.nan)})
    known.figures["u"] = {"value": None, "undefined": "cell u failed"}
    found = advise(dict.fromkeys("aubn", cost(1.0)), known)
    assert found["left_out"] == {"u": "cell u failed", "n": "resamples leave its figure undefined"}
    assert [one["method"] for one in found["methods"]] == ["a", "b"]


def test_a_difference_that_never_varies_proves_nothing_with_few_clusters():
    methods = {"a": (0.60, 0), "b": (0.60, 0)}
    costs = {"a": cost(3.0), "b": cost(1.0)}
    found = advise(costs, evidence(methods, examples=1, clusters=1))
    assert (found["best"], found["recommended"]) == ("b", "b")
    assert "may vary" in found["left_out"]["a"]
    assert "only method that can be weighed" in found["sentences"][0]
    assert advise(costs, evidence(methods))["recommended"] == "b"


def test_without_any_figure_there_is_no_recommendation():
    found = advise({"a": cost(1.0)}, evidence({}))
    assert found["recommended"] is None
    assert found["left_out"] == {"a": "it has no figure"}
    found = advise({"a": cost()}, evidence({"a": (0.5, 0)}))
    assert found["left_out"] == {"a": "the suite gives no prices of m"}
    assert "no recommendation" in found["sentences"][0]


def test_a_method_that_pays_only_later_is_told_with_the_number():
    known = evidence({"a": (0.60, 0), "b": (0.595, 0.01 * NOISE)})
    pays = {
        "cheaper_to_adapt": "a",
        "dearer_to_adapt": "b",
        "paid": {"case": "above", "answers": 122_222.2},
    }
    found = advise({"a": cost(3.0), "b": cost(1.0)}, known, break_evens=[pays])
    assert found["sentences"][-1].startswith("Up to 122,222 answers a costs less in all")
    other = {**pays, "dearer_to_adapt": "c"}
    assert (
        len(advise({"a": cost(3.0), "b": cost(1.0)}, known, break_evens=[other])["sentences"]) == 1
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50)), min_size=1, max_size=6),
    st.integers(0, 2**32 - 1),
)
def test_what_holds_of_every_recommendation(methods, seed):
    noise = np.random.default_rng(seed).normal(0, 0.02, size=(len(methods), COUNT))
    names = [f"m{index}" for index in range(len(methods))]
    costs = {name: cost(float(paid)) for name, (paid, _) in zip(names, methods, strict=True)}
    known = evidence(
        {
            name: (value / 50, row)
            for name, (_, value), row in zip(names, methods, noise, strict=True)
        }
    )
    found = advise(costs, known)
    rows = {one["method"]: one for one in found["methods"]}
    best, chosen = rows[found["best"]], rows[found["recommended"]]
    assert best["value"] == max(one["value"] for one in rows.values())
    assert chosen["as_good_share"] >= 0.95
    assert chosen["cost"] <= best["cost"]
    assert best["on_front"]
    assert all(one["as_good_share"] < 0.95 for one in rows.values() if one["cost"] < chosen["cost"])
    assert found == recommendation(costs, known)
