"""The decision of a whole run: curves, costs, break-even numbers and a recommendation."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evalkit.compare.decision import Basis, decide
from evalkit.compare.methods import read_methods
from evalkit.compare.terms import read_sources, read_terms
from evalkit.stats.bootstrap import Sampling
from evalkit.stats.clusters import by_source
from evalkit.suite import AnalysisKeys

MODELS = '[[models]]\nname = "parrot"\nengine = "fake"\nanswer = "recall"\n'
PRICES = "prices = { input = 10.0, output = 20.0 }\n"
ADAPTERS = (
    '[[adapters]]\nuse = "fake-adapter"\nk = 6\nask = 2\ntrain-size = [2, 6]\n\n'
    '[[adapters]]\nuse = "fake-bare"\n'
)


def basis(folder, **keys):
    methods = read_methods([folder])
    sources = read_sources(folder)
    figures = {}
    for one in methods:
        score = one.cells[0]["scores"]["contains"]
        figures[one.name] = {"value": score["value"], "low": None, "high": None}
    return Basis(
        methods=methods,
        figures=figures,
        terms={one.name: read_terms(one, "contains") for one in methods},
        clusters=lambda examples: by_source([sources[key] for key in examples]),
        sampling=Sampling(replicates=499, seed=1),
        keys=AnalysisKeys(**keys),
        higher_is_better=True,
    )


@pytest.fixture
def run(lab):
    def do(models):
        lab.suite(models=models, adapters=ADAPTERS)
        assert lab.run().exit_code == 0
        return (lab.path / "runs" / "latest").resolve()

    return do


def test_a_run_with_prices(lab, run):
    found = decide(basis(run(MODELS + PRICES), label_cost=1.0, error_cost=5.0))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    (curve,) = found["curves"]
    assert (curve["curve"], curve["by"]) == ("fake-adapter", "training examples")
    assert [point["size"] for point in curve["points"]] == [2, 6]
    assert [one["curves"] for one in curve["crossings"]] == [["fake-adapter", "fake-bare"]]
    costs = found["costs"]
    assert costs["fake-adapter-6"]["adaptation"]["labels"] == 6
    assert costs["fake-adapter-6"]["adaptation"]["tokens"] > 0
    assert costs["fake-bare"]["adaptation"]["total"] == 0
    for name, one in costs.items():
        paid = lab.cell(name)["cost"]["predict"] / lab.cell(name)["examples"]
        assert one["serving"]["per_1000"] == pytest.approx(1000 * paid)
    assert found["recommendation"]["by"] == "cost per 1,000 answers"
    assert found["recommendation"]["sentences"]
    assert all("per_1000" in costs[name]["with_errors"] for name in costs)


def test_a_run_without_prices(run):
    found = decide(basis(run(MODELS)))
    assert found["break_evens"] == []
    assert found["recommendation"]["by"] == "tokens per answer"
    assert "gives no prices of parrot" in found["costs"]["fake-bare"]["serving"]["undefined"]


def test_a_run_without_figures(run):
    known = basis(run(MODELS))
    nothing = Basis(
        methods=known.methods,
        figures={},
        terms={},
        clusters=known.clusters,
        sampling=known.sampling,
        keys=known.keys,
        higher_is_better=True,
    )
    found = decide(nothing)
    assert found["recommendation"]["recommended"] is None
    assert found["curves"][0]["points"][0]["undefined"] == "no figure"


def test_what_is_weighed_rests_on_the_examples_that_all_methods_have(run):
    known = basis(run(MODELS + PRICES), error_cost=5.0)
    small, large = "fake-adapter-2", "fake-adapter-6"
    whole = known.terms[large]
    wrong = whole.numerator * (np.arange(len(whole.examples)) > 1)
    known.terms[large] = replace(whole, numerator=wrong)
    known.figures[large]["value"] = float(wrong.mean())
    known.terms[small] = other = known.terms[small].of(whole.examples[2:])
    found = decide(known)
    shared = float(known.terms[large].of(other.examples).numerator.mean())
    (curve,) = found["curves"]
    assert shared > wrong.mean()
    assert curve["points"][1]["value"] == wrong.mean()
    costs = found["costs"][large]
    errors = costs["with_errors"]["per_1000"] - costs["serving"]["per_1000"]
    assert errors == pytest.approx(5000 * (1 - shared))
