"""Prices turn usage into money, and change nothing else."""

import json

import jsonschema
import pytest
from pydantic import ValidationError

from evalkit.prices import Prices, cost_of, currencies
from evalkit.results import judges_result

USAGE = {"requests": 2, "prompt_tokens": 3_000, "completion_tokens": 500, "cached_tokens": 1_000}
MODELS = '[[models]]\nname = "parrot"\nengine = "fake"\nanswer = "recall"\n'


def test_tokens_are_priced_per_million():
    price = Prices(input=2.0, output=10.0)
    assert price.of_tokens(USAGE) == pytest.approx((3_000 * 2 + 500 * 10) / 1e6)


def test_cached_tokens_have_their_own_price_where_there_is_one():
    price = Prices(input=2.0, cached_input=0.5, output=0.0)
    assert price.of_tokens(USAGE) == pytest.approx((2_000 * 2 + 1_000 * 0.5) / 1e6)
    assert Prices(input=2.0, cached_input=0.0).of_tokens(USAGE) == pytest.approx(2_000 * 2 / 1e6)


def test_time_is_priced_per_hour():
    assert Prices(per_hour=3.6).of_time(10) == pytest.approx(0.01)


def test_a_job_is_priced_by_its_model():
    prices = {"m": Prices(input=1.0, per_hour=36.0)}
    note = {"usage": USAGE, "seconds": 1}
    assert cost_of(note, "m", prices) == pytest.approx(0.003 + 0.01)


def test_what_another_model_was_asked_counts_with_its_prices():
    prices = {"m": Prices(input=1.0), "other": Prices(output=100.0)}
    note = {"usage": {}, "seconds": 1, "usage_by_model": {"m": USAGE, "other": USAGE}}
    assert cost_of(note, "m", prices) == pytest.approx(0.003 + 0.05)


@pytest.mark.parametrize("prices", [{}, {"m": None}, {"m": Prices()}])
def test_without_all_prices_there_is_no_cost(prices):
    note = {"usage": {}, "seconds": 1, "usage_by_model": {"m": USAGE, "other": USAGE}}
    assert cost_of(note, "m", prices) is None


def test_a_job_that_was_not_done_has_no_cost():
    assert cost_of({}, "m", {"m": Prices()}) is None


def test_currencies():
    assert currencies([None, Prices(), Prices(currency="EUR"), Prices()]) == ["USD", "EUR"]


@pytest.mark.parametrize("wrong", [{"input": -1}, {"currency": "dollars"}, {"inptu": 1}])
def test_odd_prices_are_refused(wrong):
    with pytest.raises(ValidationError):
        Prices(**wrong)


def test_a_run_tells_what_its_cells_cost_and_computes_nothing_anew_for_a_price(lab):
    lab.suite()
    assert "cost" not in lab.run().stdout
    assert lab.cell("fake-bare")["cost"] == {"adapt": None, "predict": None}
    before = lab.jobs()
    lab.suite(models=MODELS + 'prices = { input = 1000.0, output = 0.0, currency = "EUR" }\n')
    result = lab.run()
    assert lab.jobs() == before
    cell = lab.cell("fake-bare")
    assert cell["cost"]["predict"] == pytest.approx(
        cell["usage"]["predict"]["prompt_tokens"] / 1000
    )
    assert cell["cost"]["adapt"] == 0
    assert lab.results()["currency"] == "EUR"
    assert "cost EUR" in result.stdout
    assert f"{cell['cost']['predict']:.4f}" in result.stdout


DUEL = '[[comparisons]]\nuse = "fake-duel"\njudge = "owl"\n'
TWO = '[[adapters]]\nuse = "fake-bare"\n[[adapters]]\nuse = "fake-adapter"\nmodels = ["parrot"]\n'
OWL = '[[models]]\nname = "owl"\nengine = "fake"\nanswer = "fixed"\ntext = "A"\n'


def test_a_run_tells_what_its_judges_cost_and_judges_nothing_anew_for_a_price(lab):
    lab.suite(models=MODELS + OWL, adapters=TWO, more=DUEL)
    lab.run()
    (before,) = lab.results()["comparisons"]
    assert before["judges"]["owl"]["usage"] == before["usage"]
    assert before["judges"]["owl"]["cost"] is None
    jobs = lab.jobs("compare")
    lab.suite(models=MODELS + OWL + "prices = { input = 1000.0 }\n", adapters=TWO, more=DUEL)
    lab.run()
    assert lab.jobs("compare") == jobs
    (after,) = lab.results()["comparisons"]
    own = after["judges"]["owl"]
    assert own["cost"] == pytest.approx(own["usage"]["prompt_tokens"] / 1000)
    assert own["cost"] > 0
    assert {**own, "cost": None} == before["judges"]["owl"]


def test_notes_of_older_versions_tell_nothing_of_judges():
    assert judges_result({"usage": USAGE, "seconds": 1}, {}) == {}


def test_a_fault_in_a_price_is_named_with_its_place(lab):
    lab.suite(models=MODELS + 'prices = { input = "dear" }\n')
    assert "models[0].prices" in lab.errors()


def test_a_suite_has_one_currency(lab):
    other = '[[models]]\nname = "b"\nengine = "fake"\nprices = { currency = "EUR" }\n'
    lab.suite(models=MODELS + "prices = { input = 1.0 }\n" + other)
    third = '[[models]]\nname = "c"\nengine = "fake"\nprices = { input = 1.0 }\n'
    fourth = '[[models]]\nname = "d"\nengine = "fake"\n'
    lab.suite(models=MODELS + "prices = { input = 1.0 }\n" + other + third + fourth)
    errors = lab.errors()
    assert "models[1].prices.currency: EUR beside USD\n  a suite has one currency" in errors
    assert errors.count("currency:") == 1


def test_another_name_for_a_model_changes_no_cost(lab):
    prices = "prices = { input = 1000.0 }\n"
    adapter = '[[adapters]]\nuse = "fake-adapter"\nask = 2\n'
    lab.suite(models=MODELS + prices, adapters=adapter)
    assert lab.run().exit_code == 0
    cost = lab.cell("fake-adapter")["cost"]
    assert cost["adapt"] > 0
    lab.suite(models=MODELS.replace("parrot", "macaw") + prices, adapters=adapter)
    before = lab.jobs()
    assert lab.run().exit_code == 0
    assert lab.jobs() == before
    assert lab.cell("fake-adapter")["cost"] == cost


def test_the_published_schema_knows_the_keys_of_models(lab):
    schema = json.loads(lab.do("schema", "suite").stdout)
    suite = {
        "task": {"use": "fake-task"},
        "models": [{"engine": "fake", "python": "p", "prices": {"input": 1.0}}],
        "adapters": [{"use": "fake-bare"}],
        "metrics": [{"use": "contains"}],
    }
    jsonschema.validate(suite, schema)
    suite["models"][0]["prices"]["inptu"] = 1.0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(suite, schema)
