"""Which examples are shown where there are too many of them."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from evalkit_report.examples.draw import MOST_VALUES, Name, draw, strata

NAMES = st.lists(
    st.builds(
        Name,
        st.text(max_size=3),
        st.tuples(st.tuples(st.just("domain"), st.sampled_from("abcde"))),
    ),
    max_size=60,
)


def named(count, domain_of):
    return [Name(f"id {i}", (("domain", domain_of(i)),)) for i in range(count)]


def test_a_rare_domain_is_there_and_the_others_are_in_proportion():
    names = named(10_000, lambda i: "rare" if i == 5_000 else "often" if i % 4 else "seldom")
    drawn = Counter(names[p].groups[0][1] for p in draw(names, 400, groups={"domain"}))
    assert drawn["rare"] == 1
    assert abs(drawn["seldom"] - 100) < 5


def test_all_are_drawn_where_they_fit():
    names = named(50, str)
    assert sorted(draw(names, 50, groups={"domain"})) == list(range(50))
    assert sorted(draw(names, 1_000, groups={"domain"})) == list(range(50))


def test_the_draw_depends_on_the_ids_alone():
    names = named(500, lambda i: str(i % 7))
    backwards = names[::-1]
    drawn = [names[p].id for p in draw(names, 60, groups={"domain"})]
    assert [backwards[p].id for p in draw(backwards, 60, groups={"domain"})] == drawn


def test_a_smaller_draw_without_judges_is_the_beginning_of_a_larger_one():
    names = named(500, lambda i: str(i % 7))
    assert draw(names, 200, groups={"domain"})[:40] == draw(names, 40, groups={"domain"})


def test_examples_that_a_judge_has_seen_get_a_quarter():
    names = named(10_000, lambda i: "same")
    judged = {f"id {i}" for i in range(1_000)}
    drawn = {names[p].id for p in draw(names, 400, groups={"domain"}, judged=judged)}
    assert 100 <= len(drawn & judged) < 150


def test_a_group_that_tells_examples_apart_is_no_kind():
    names = [
        Name(str(i), (("number", str(i)), ("kind", str(i % 2)))) for i in range(MOST_VALUES + 1)
    ]
    assert strata(names) == {"kind": ["0", "1"]}


def test_values_are_in_their_natural_order():
    names = [Name(value, (("triples", value),)) for value in ("10", "9", "many", "1")]
    assert strata(names) == {"triples": ["1", "9", "10", "many"]}


def test_nothing_to_draw_from():
    assert draw([], 5, groups=set()) == []
    assert strata([]) == {}


def test_an_id_that_comes_again_is_left_out():
    assert draw([Name("a"), Name("a")], 5, groups=set()) == [0]


@given(NAMES, st.integers(1, 40))
def test_a_draw_is_as_large_as_it_can_be_and_holds_nothing_twice(names, most):
    drawn = draw(names, most, groups={"domain"})
    assert len(drawn) == len(set(drawn)) == min(most, len({name.id for name in names}))
    if most >= 5:
        assert {names[p].groups for p in drawn} >= {
            name.groups for name in {n.id: n for n in reversed(names)}.values()
        }
