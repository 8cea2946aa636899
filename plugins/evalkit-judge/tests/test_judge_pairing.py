"""Who meets whom: every pair on every example, or a balanced part of the pairs on a budget."""

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit import UserError
from evalkit.testing import FakeEngine, judge_with
from evalkit_judge.pairing import meetings, rounds

from .judging import asked, comparison, contest, perfect, values, wrong


def names(count):
    return [f"c{i}" for i in range(count)]


def linked(pairs, contestants):
    """Whether the pairs link all contestants."""
    group = {contestants[0]}
    for _ in contestants:
        group |= {name for pair in pairs if group & set(pair) for name in pair}
    return group == set(contestants)


@pytest.mark.parametrize("count", range(2, 12))
def test_a_tournament_has_every_pair_once_and_links_all_from_the_start(count):
    seats = names(count)
    order = list(rounds(seats))
    assert {frozenset(pair) for pair in order} == set(
        map(frozenset, itertools.combinations(seats, 2))
    )
    assert len(order) == count * (count - 1) // 2
    assert linked(order[: count - 1], seats)


def test_without_a_budget_every_pair_meets_on_every_example():
    found = meetings(["e2", "e1"], names(3), most=None, seed=1)
    assert found == [
        (e, a, b) for e in ("e1", "e2") for a, b in itertools.combinations(names(3), 2)
    ]
    assert meetings(["e2", "e1"], names(3), most=6, seed=2) == found


@st.composite
def budgets(draw):
    """Contestants, examples, and a budget that links all but does not pay for everything."""
    contestants, examples = draw(st.integers(2, 9)), draw(st.integers(1, 40))
    everything = examples * contestants * (contestants - 1) // 2
    least = min(contestants - 1, everything - 1)
    return contestants, examples, draw(st.integers(max(least, 1), max(everything - 1, 1)))


@settings(deadline=None, max_examples=150)
@given(budgets(), st.integers(0, 5))
def test_a_budget_is_spent_evenly(sizes, seed):
    contestants, examples, most = sizes
    ids = [f"e{i:02}" for i in range(examples)]
    found = meetings(ids, names(contestants), most=most, seed=seed)
    assert len(found) == most
    assert len(set(found)) == most  # nobody meets twice on an example
    pairs = Counter(dict.fromkeys(itertools.combinations(names(contestants), 2), 0))
    pairs.update((a, b) for _, a, b in found)
    assert max(pairs.values()) - min(pairs.values()) <= 1
    of_example = Counter(example for example, _, _ in found)
    assert len(of_example) == min(examples, most)  # as many examples as can be had
    assert max(of_example.values()) - min(of_example.values()) <= 1
    seats = Counter(name for _, a, b in found for name in (a, b))
    assert max(seats.values()) - min(seats[name] for name in names(contestants)) <= 2
    if most >= contestants - 1:
        assert linked([(a, b) for _, a, b in found], names(contestants))


def test_the_deal_depends_on_the_seed_alone():
    ids = [f"e{i}" for i in range(9)]
    first = meetings(ids, names(5), most=20, seed=1)
    assert first == meetings(ids, names(5), most=20, seed=1)
    assert first != meetings(ids, names(5), most=20, seed=2)


def test_a_budget_that_links_nobody_is_an_error():
    with pytest.raises(UserError, match="budget") as fault:
        meetings(["e1"], names(5), most=3, seed=1)
    assert "need 4" in fault.value.message


CELLS = {"u": wrong("a"), "v": wrong("b"), "w": wrong("c")}


def test_a_budget_counts_questions_of_all_orders():
    how = comparison(budget=50)
    meeting = contest(examples=40, **CELLS)
    requests = asked(how, meeting)
    assert len(requests) == 50
    units = {tuple(id_.split("/")[1:4]) for id_ in requests}
    assert len(units) == 25
    assert len({example for example, _, _ in units}) == 25  # more examples, not more pairs
    result = judge_with(how, meeting, perfect)
    assert result.details["budget"] == 50
    assert len(result.details["groups"]) == 1
    assert values(result)["gold"]["losses"] == 0


def test_a_budget_is_shared_by_judges_and_votes():
    engines = {
        name: FakeEngine(lambda _: "?", model=FakeEngine.resolved(name, abilities=("schema",)))
        for name in ("a", "b")
    }
    how = comparison(judge=None, judges=["a", "b"], budget=120, votes=3)
    result = judge_with(how, contest(examples=40, **CELLS), engines)
    assert sum(result.counts[kind] for kind in ("ok", "parse_error", "auto_tie")) == 120
    assert len(result.details["sample"]) == 10


def test_every_pair_is_asked_about_every_example_in_both_orders():
    seven = {name: wrong(name) for name in names(7)}
    assert len(asked(comparison(), contest(examples=100, **seven))) == 5_600  # gold is the eighth


def test_a_budget_for_more_than_everything_asks_everything():
    assert len(asked(comparison(budget=10_000), contest(examples=5, **CELLS))) == 5 * 6 * 2
