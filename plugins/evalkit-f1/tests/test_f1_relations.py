"""Figures by relation, the relation vocabulary, and (subject, object) pairs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit_f1.exact import ExactF1
from evalkit_f1.params import ExactF1Params

METRIC = ExactF1(ExactF1Params(by_relation=True))
PLAIN = ExactF1(ExactF1Params())

BORN = ["Ada", "born in", "London"]
LIVED = ["Ada", "lived in", "London"]
KNEW = ["Ada", "knew", "Babbage"]
WROTE = ["Ada", "wrote", "Notes"]


def figures(*pairs, metric=METRIC):
    return metric.aggregate([metric.score(target, value) for target, value in pairs])


def test_the_counts_of_a_score_name_the_relation():
    parts = METRIC.score([BORN, KNEW], [BORN, ["ADA", "bornIn", "Leeds"], WROTE, ["Ada"]])
    counts = {part: count for part, count in parts.items() if ":" in part}
    assert counts == {
        "tp:born in": 1,
        "predicted:born in": 2,
        "predicted:wrote": 1,
        "reference:born in": 1,
        "reference:knew": 1,
    }


def test_a_relation_with_a_colon_keeps_it():
    found = figures(([["a", "x:y", "b"]], [["a", "x:y", "b"]]))
    assert (found["relations"], found["relation_macro_f1"]) == (1, 1)


def test_the_other_parts_do_not_depend_on_it():
    parts = METRIC.score([BORN, KNEW], [BORN, WROTE])
    assert {name: part for name, part in parts.items() if ":" not in name} == PLAIN.score(
        [BORN, KNEW], [BORN, WROTE]
    )


def test_every_relation_of_the_references_weighs_the_same():
    # born in: 2 right, 3 predicted, 2 wanted; knew: 0, 0, 1; wrote: 1, 1, 2.
    found = figures(
        ([BORN, KNEW], [BORN, ["Ada", "born in", "Leeds"]]),
        ([["Bo", "born in", "Rome"], WROTE], [["Bo", "born in", "Rome"], WROTE]),
        ([["Bo", "wrote", "Notes"]], []),
    )
    assert found["relation_macro_precision"] == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert found["relation_macro_recall"] == pytest.approx((1 + 0 + 1 / 2) / 3)
    assert found["relation_macro_f1"] == pytest.approx((4 / 5 + 0 + 2 / 3) / 3)
    assert found["micro_f1"] == pytest.approx(6 / 9)
    assert found["relations"] == 3


def test_an_invented_relation_lowers_conformance_and_the_micro_figures_alone():
    found = figures(([BORN], [BORN]), ([KNEW], [KNEW, ["Ada", "friend of", "Babbage"]]))
    assert (found["relation_macro_f1"], found["relations"]) == (1, 2)
    assert found["relation_conformance"] == pytest.approx(2 / 3)
    assert found["micro_precision"] == pytest.approx(2 / 3)


def test_the_vocabulary_is_that_of_all_examples_not_of_one():
    elsewhere = ["Ada", "knew", "London"]
    found = figures(([BORN], [elsewhere]), ([KNEW], []))
    assert found["relation_conformance"] == 1
    assert found["micro_precision"] == 0  # known elsewhere, and wrong here all the same


def test_conformance_counts_distinct_triples_after_normalisation():
    found = figures(([BORN], [["Ada", "bornIn", "Rome"], ["ADA", "born_in", "Rome"], ["Ada"]]))
    assert found["relation_conformance"] == 1


def test_without_reference_triples_there_is_no_vocabulary():
    found = figures(([], [BORN]))
    assert found["relations"] == 0
    assert found["relation_conformance"] is None
    assert found["relation_macro_f1"] is None


def test_without_predicted_triples_conformance_is_undefined_and_f1_is_not():
    found = figures(([BORN], []), ([BORN], [["Ada", "born in"]]))
    assert (found["relation_conformance"], found["relation_macro_f1"]) == (None, 0)


def test_without_scores_all_figures_by_relation_are_undefined():
    found = METRIC.aggregate([])
    assert set(found) == set(figures(([BORN], [BORN])))
    assert set(found.values()) == {None}


def test_they_are_there_on_demand_only():
    assert not [name for name in PLAIN.aggregate([]) if name.startswith("relation")]


def test_the_right_pair_with_another_relation_counts_as_a_pair():
    found = figures(([BORN, KNEW], [LIVED, KNEW]), ([WROTE], [["Notes", "wrote", "Ada"]]))
    assert (found["macro_f1"], found["micro_f1"]) == pytest.approx((1 / 4, 1 / 3))
    assert (found["pair_macro_f1"], found["pair_micro_f1"]) == pytest.approx((1 / 2, 2 / 3))


def test_a_pair_under_two_relations_counts_once():
    parts = METRIC.score([BORN, LIVED], [BORN])
    assert [parts[f"pair_{name}"] for name in ("tp", "predicted", "reference")] == [1, 1, 1]


def test_a_malformed_item_counts_as_a_pair_that_nothing_matches():
    parts = METRIC.score([BORN, ["Ada", "Rome"]], [BORN, ["Ada", "Rome"]])
    assert [parts[f"pair_{name}"] for name in ("tp", "predicted", "reference")] == [1, 2, 2]


def test_pairs_that_are_empty_on_both_sides_are_right():
    found = figures(([], []))
    assert (found["pair_macro_f1"], found["pair_micro_f1"]) == (1, 1)


parts = st.sampled_from(["a", "b", "A b"])
items = st.lists(st.tuples(parts, parts, parts).map(list), max_size=5)
cells = st.lists(st.tuples(items, items), max_size=4)


@settings(deadline=None, max_examples=100)
@given(cells)
def test_counts_by_relation_add_up(pairs):
    scores = [METRIC.score(target, value) for target, value in pairs]
    for score in scores:
        for kind in ("tp", "predicted", "reference"):
            assert score[kind] == sum(n for part, n in score.items() if part.startswith(f"{kind}:"))


@settings(deadline=None, max_examples=100)
@given(cells)
def test_a_perfect_answer_is_perfect_in_every_relation(pairs):
    found = figures(*[(target, target) for target, _ in pairs])
    wanted = 1 if any(target for target, _ in pairs) else None
    assert found["relation_macro_f1"] == found["relation_conformance"] == wanted
