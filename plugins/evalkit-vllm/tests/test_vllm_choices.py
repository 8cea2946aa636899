"""What is asked to weigh choices, and what is made of the answers."""

import math

import pytest

from evalkit_vllm.choices import MOST_AT_ONCE, Weighing, follow_ups

ENDS = frozenset({0, 2})


def test_choices_that_begin_alike_share_their_questions():
    found = follow_ups([(5, 6), (5, 7), ()], frozenset({2}))
    assert found == {(): [2, 5], (5,): [6, 7], (5, 6): [2], (5, 7): [2]}


def test_questions_begin_with_the_bare_prompt():
    lengths = [len(beginning) for beginning, _ in Weighing([(5, 6, 7), (8,)], ENDS).questions]
    assert lengths == sorted(lengths)
    assert lengths[0] == 0


def test_many_ids_in_one_place_are_several_questions():
    weighing = Weighing([(token,) for token in range(10, 10 + MOST_AT_ONCE + 1)], ENDS)
    first = [ids for beginning, ids in weighing.questions if not beginning]
    assert [len(ids) for ids in first] == [MOST_AT_ONCE, 1]


def test_probabilities_are_those_of_the_whole_answer():
    chances = {
        (): {5: 0.5, 6: 0.25, 2: 0.125, 0: 0.125},
        (5,): {7: 0.5, 2: 0.25, 0: 0.25},
        (6,): {2: 0.5, 0: 0.0625},
        (5, 7): {2: 0.75, 0: 0.125},
    }
    weighing = Weighing([(5, 7), (5,), (6,), ()], ENDS)
    for at, (beginning, ids) in enumerate(weighing.questions, start=1):
        found = {token: math.log(chances[beginning][token]) for token in ids}
        assert weighing.learn(beginning, found) is (at == len(weighing.questions))
    expected = (0.5 * 0.5 * 0.875, 0.5 * 0.5, 0.25 * 0.5625, 0.25)
    assert [math.exp(found) for found in weighing.logprobs()] == pytest.approx(expected)
