"""What methods cost to adapt and to serve, and from how many answers on a dearer one pays."""

import json
from pathlib import Path

import numpy as np
import pytest

from evalkit.compare.breakeven import (
    adjusted_costs,
    break_evens,
    deciding_pairs,
)
from evalkit.compare.costs import costs, price_text
from evalkit.compare.evidence import Evidence
from evalkit.compare.methods import Method
from evalkit.compare.sentences import break_even_sentences
from evalkit.compare.serving import read_token_costs, serving_replicates
from evalkit.errors import UserError
from evalkit.prices import Prices
from evalkit.stats.bootstrap import Sampling
from evalkit.stats.clusters import independent
from evalkit.suite import AnalysisKeys

PROMPTED = {"input": 0.15, "output": 0.60}
TUNED = {"input": 0.30, "output": 1.20}


def usage(prompt=0, completion=0, cached=0, requests=1):
    keys = ("requests", "prompt_tokens", "completion_tokens", "cached_tokens")
    return dict(zip(keys, (requests, prompt, completion, cached), strict=True))


def cell(tokens=(0, 0), *, examples=10, failed=0, adapt=0.0, seconds=(0.0, 0.0), **more):
    """A cell of which every answer took so many tokens."""
    prompt, completion = tokens
    return {
        "id": "cell",
        "model": "m",
        "train_size": 0,
        "examples": examples,
        "outcomes": {"parsed": examples - failed, "failed": failed},
        "usage": {
            "adapt": usage(),
            "predict": usage(prompt * examples, completion * examples),
        },
        "cost": {"adapt": adapt, "predict": None},
        "seconds": dict(zip(("adapt", "predict"), seconds, strict=True)),
        "predictions": "predictions.jsonl",
        **more,
    }


def method(name, *cells, prices=PROMPTED, folder=Path()):
    form = Prices(**prices).model_dump() if prices is not None else None
    results = {"currency": "USD", "models": [{"name": "m", "prices": form}]}
    return Method(name=name, adapter=name, cells=cells, results=results, folder=folder)


def of(one, **keys):
    found = costs([one], AnalysisKeys(**keys))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found[one.name]


def evidence(**qualities):
    """Qualities as pairs of a figure and its replicates."""
    return Evidence(
        figures={name: {"value": value} for name, (value, _) in qualities.items()},
        replicates={name: np.asarray(drawn) for name, (_, drawn) in qualities.items()},
        meaningful=0.02,
    )


NO_EVIDENCE = evidence()
PAIR = [
    method("prompted", cell((2400, 120), adapt=3.0)),
    method("tuned", cell((400, 110), adapt=25.0), prices=TUNED),
]


def test_tokens_are_paid_for_each_answer():
    serving = of(PAIR[0])["serving"]
    assert serving["per_1000"] == pytest.approx(0.432)
    assert (serving["prompt_tokens"], serving["completion_tokens"]) == (2400, 120)
    assert serving["device"] == 0
    assert serving["utilisation"] is None
    assert of(PAIR[1])["serving"]["per_1000"] == pytest.approx(0.252)


def test_failed_predictions_are_paid_by_those_that_succeed():
    serving = of(method("a", cell((2400, 120), examples=10, failed=2)))["serving"]
    assert serving["answers"] == 8
    assert serving["per_1000"] == pytest.approx(0.432 * 10 / 8)


def test_a_device_is_paid_by_what_it_gets_through():
    one = method("a", cell(examples=120, seconds=(0.0, 10.0)), prices={"per_hour": 2.0})
    serving = of(one)["serving"]
    assert serving["per_1000"] == pytest.approx(0.077160, abs=1e-6)
    assert serving["answers_per_second"] == pytest.approx(12)
    assert serving["utilisation"] == 0.6
    assert of(one, utilisation=1.0)["serving"]["per_1000"] == pytest.approx(0.6 * 0.0771605)


def test_the_utilisation_is_shown_with_a_cost_that_rests_on_it():
    one = method("own", cell(examples=12, seconds=(0.0, 1.0)), prices={"per_hour": 2.0})
    assert price_text(of(one)) == (
        "USD 0.0772 per 1,000 answers (with a device that is busy 60% of the time)"
    )
    assert price_text(of(PAIR[0])) == "USD 0.432 per 1,000 answers"


def test_adapting_costs_tokens_time_and_labels():
    one = method(
        "a", cell(adapt=7.0, seconds=(3600.0, 1.0), train_size=100), prices={"per_hour": 2.0}
    )
    adaptation = of(one, label_cost=0.5)["adaptation"]
    assert adaptation["device"] == pytest.approx(2)
    assert adaptation["tokens"] == pytest.approx(5)
    assert adaptation["labels"] == pytest.approx(50)
    assert adaptation["total"] == pytest.approx(57)
    assert (adaptation["training_examples"], adaptation["seconds"]) == (100, 3600)


def test_seeds_share_the_cost_of_serving_and_each_is_adapted():
    one = method("a", cell((1000, 0), adapt=2.0), cell((3000, 0), adapt=4.0))
    assert of(one)["adaptation"]["total"] == pytest.approx(3)
    assert of(one)["serving"]["per_1000"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (method("a", cell((9, 9)), prices=None), "gives no prices of m"),
        (method("a", cell((9, 9), examples=4, failed=4)), "answered nothing"),
        (method("a", cell((9, 9)), prices={"per_hour": 1.0}), "no time that could be measured"),
    ],
)
def test_a_cost_of_serving_that_is_not_known_is_none(one, reason):
    serving = of(one)["serving"]
    assert serving["per_1000"] is None
    assert reason in serving["undefined"]


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (method("a", cell(), prices=None), "gives no prices of m"),
        (method("a", cell(adapt=None)), "a model that it asked"),
        (method("a", cell(seconds=(None, 1.0))), "not adapted"),
    ],
)
def test_a_cost_of_adapting_that_is_not_known_is_none(one, reason):
    adaptation = of(one)["adaptation"]
    assert adaptation["total"] is None
    assert reason in adaptation["undefined"]


def test_results_without_prices_say_so():
    one = method("a", cell((9, 9)))
    old = Method(
        name="a", adapter="a", cells=one.cells, results={"models": [{"name": "m"}]}, folder=Path()
    )
    assert "run the suite again" in of(old)["serving"]["undefined"]


def of_all(found, known, **keys):
    """The break-even numbers of all pairs."""
    return break_evens(found, known, deciding_pairs(list(found), list(found), ()), **keys)


def test_break_even_by_what_is_paid():
    (found,) = of_all(costs(PAIR, AnalysisKeys()), NO_EVIDENCE)
    assert (found["cheaper_to_adapt"], found["dearer_to_adapt"]) == ("prompted", "tuned")
    assert found["more_to_adapt"] == pytest.approx(22)
    assert found["paid"]["case"] == "above"
    assert found["paid"]["answers"] == pytest.approx(122_222, abs=1)
    assert found["paid"]["saved_per_1000"] == pytest.approx(0.18)
    assert found["with_errors"] is None
    (sentence,) = break_even_sentences([found], "USD")
    assert "tuned pays from 122,222 answers on, compared with prompted" in sentence


def test_break_even_with_what_bad_answers_cost():
    qualities = evidence(prompted=(0.78, np.full(99, 0.78)), tuned=(0.84, np.full(99, 0.84)))
    (found,) = of_all(costs(PAIR, AnalysisKeys()), qualities, error_cost=0.002)
    assert found["with_errors"]["answers"] == pytest.approx(73_333, abs=1)
    assert found["paid"]["answers"] == pytest.approx(122_222, abs=1)


def test_better_answers_may_pay_for_a_method_that_is_dearer_in_both():
    pair = [
        method("plain", cell((400, 110), adapt=1.0)),
        method("careful", cell((800, 110), adapt=5.0)),
    ]
    qualities = evidence(plain=(0.5, np.full(99, 0.5)), careful=(0.9, np.full(99, 0.9)))
    assert of_all(costs(pair, AnalysisKeys()), qualities) == []
    (found,) = of_all(costs(pair, AnalysisKeys()), qualities, error_cost=0.01)
    assert found["paid"]["case"] == "never"
    each = 400 * 0.15 / 1e6
    assert found["with_errors"]["answers"] == pytest.approx(4 / (0.01 * 0.4 - each))
    (sentence,) = break_even_sentences([found], "USD")
    assert sentence.startswith("with what bad answers cost, careful pays from 1,015 answers on")
    assert break_even_sentences([found], "USD", about="other") == []


def test_only_pairs_that_decide_which_method_to_take():
    names = list("abcdef")
    assert deciding_pairs(names, {"c"}, "fab") == [
        ("a", "b"), ("a", "c"), ("a", "f"), ("b", "c"), ("c", "d"), ("c", "e"), ("c", "f")
    ]  # fmt: skip
    assert deciding_pairs(names, {"none of them"}, "f") == []
    assert len(deciding_pairs(list(map(str, range(200))), {"0", "1", "2"}, ())) == 199 + 198 + 197


def test_pairs_that_are_not_asked_for_are_left_out():
    found = costs(PAIR, AnalysisKeys())
    assert break_evens(found, NO_EVIDENCE, []) == []
    assert len(break_evens(found, NO_EVIDENCE, [("tuned", "prompted")])) == 1


def test_an_interval_comes_from_what_was_resampled():
    found = costs(PAIR, AnalysisKeys())
    (one,) = of_all(found, NO_EVIDENCE)
    assert (one["paid"]["low"], one["paid"]["high"]) == (None, None)
    assert "nothing was resampled" in one["paid"]["undefined"]
    saved = np.linspace(0.00009, 0.00027, 9999)
    serving = {"prompted": 0.000252 + saved, "tuned": np.full(9999, 0.000252)}
    (one,) = of_all(found, NO_EVIDENCE, serving=serving)
    assert one["paid"]["low"] == pytest.approx(22 / 0.0002655, rel=1e-3)
    assert one["paid"]["high"] == pytest.approx(22 / 0.0000945, rel=1e-3)
    assert "[95%: 82,8" in break_even_sentences([one], "USD")[0]


def test_an_interval_without_an_upper_end_says_so():
    saved = np.linspace(-0.00002, 0.00038, 9999)
    serving = {"prompted": 0.000252 + saved, "tuned": np.full(9999, 0.000252)}
    (one,) = of_all(costs(PAIR, AnalysisKeys()), NO_EVIDENCE, serving=serving)
    assert one["paid"]["low"] > 0
    assert one["paid"]["high"] is None
    assert "never pays" in one["paid"]["undefined"]
    assert "to no end]" in break_even_sentences([one], "USD")[0]


def test_the_quality_of_answers_is_resampled_too():
    drawn = np.linspace(-0.05, 0.05, 9999)
    qualities = evidence(prompted=(0.78, np.full(9999, 0.78)), tuned=(0.84, 0.84 + drawn))
    (one,) = of_all(costs(PAIR, AnalysisKeys()), qualities, error_cost=0.002)
    saved = 0.00018 + 0.002 * 0.06
    assert one["with_errors"]["low"] == pytest.approx(22 / (saved + 0.002 * 0.0475), rel=1e-3)
    assert one["with_errors"]["high"] == pytest.approx(22 / (saved - 0.002 * 0.0475), rel=1e-3)


def test_resamples_that_leave_a_quality_undefined_are_said_to():
    drawn = np.append(np.linspace(0.8, 0.9, 98), np.nan)
    qualities = evidence(prompted=(0.78, np.full(99, 0.78)), tuned=(0.84, drawn))
    (one,) = of_all(costs(PAIR, AnalysisKeys()), qualities, error_cost=0.002)
    assert one["with_errors"]["undefined"] == "resamples leave a figure undefined"


def test_costs_with_errors():
    qualities = evidence(prompted=(0.78, [0.78]), odd=(1500.0, [1500.0]))
    found = {**costs(PAIR, AnalysisKeys())}
    found["odd"] = found["prompted"]
    adjusted = adjusted_costs(found, qualities, 0.002)
    assert adjusted["prompted"]["per_1000"] == pytest.approx(0.432 + 2 * 0.22)
    assert adjusted["tuned"] == {"per_1000": None, "undefined": "it has no figure"}
    assert "no share from 0 to 1" in adjusted["odd"]["undefined"]


@pytest.fixture
def answered(tmp_path):
    """A method whose ten answers took 1,000 to 10,000 tokens of prompt."""
    forms = [
        {"id": str(index), "failure": None, "usage": usage(prompt=1000 * index)}
        for index in range(1, 11)
    ]
    text = "".join(json.dumps(form) + "\n" for form in forms)
    (tmp_path / "predictions.jsonl").write_text(text, encoding="ascii")
    return method("a", cell((5500, 0)), folder=tmp_path)


def test_the_cost_of_an_answer_is_resampled_with_the_examples(answered):
    terms = read_token_costs(answered)
    assert terms.examples == tuple(map(str, range(1, 11)))
    assert terms.numerator[0, 1] == pytest.approx(2000 * 0.15 / 1e6)
    found = costs([answered], AnalysisKeys())
    sampling = Sampling(replicates=2000, seed=1)
    drawn = serving_replicates(found, {"a": terms}, terms.examples, independent(10), sampling)["a"]
    each = found["a"]["serving"]["per_1000"] / 1000
    assert each == pytest.approx(5500 * 0.15 / 1e6)
    assert drawn.mean() == pytest.approx(each, rel=0.02)
    spread = np.std(np.arange(1, 11) * 1000 * 0.15 / 1e6, ddof=1) / np.sqrt(10)
    assert drawn.std() == pytest.approx(spread, rel=0.1)


def test_the_time_of_a_device_is_not_resampled(answered, tmp_path):
    prices = {"input": 0.15, "per_hour": 2.0}
    one = method("a", cell((5500, 0), seconds=(0.0, 10.0)), prices=prices, folder=tmp_path)
    found, terms = costs([one], AnalysisKeys()), read_token_costs(one)
    sampling = Sampling(replicates=2000, seed=1)
    drawn = serving_replicates(found, {"a": terms}, terms.examples, independent(10), sampling)["a"]
    plain = serving_replicates(
        costs([answered], AnalysisKeys()), {"a": terms}, terms.examples, independent(10), sampling
    )["a"]
    assert drawn - plain == pytest.approx(2 / (3600 * 1.0 * 0.6))


def test_without_prices_or_predictions_nothing_is_resampled(tmp_path):
    assert read_token_costs(method("a", cell((1, 1)), prices=None)) is None
    assert read_token_costs(method("a", cell((1, 1), predictions=None))) is None
    assert serving_replicates({}, {}, (), independent(1), Sampling()) == {}
    with pytest.raises(UserError, match="cannot be read"):
        read_token_costs(method("a", cell((1, 1)), folder=tmp_path))
