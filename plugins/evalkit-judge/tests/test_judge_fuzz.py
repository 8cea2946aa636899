"""What judges and people may write, nearly right: read, or told as what it is. Never a crash."""

import pytest
from hypothesis import strategies as st
from tests.fuzzing import answers, damaged, fuzz

from evalkit import Completion, DataError
from evalkit_judge.humans import read_opinions
from evalkit_judge.reading import read_choice, read_written

pytestmark = pytest.mark.fuzz

VERDICT = '{"rationale": "it is right", "verdict": "A"}'
PEOPLE = 'example,a,b,verdict,rater\ne1,x,y,A,ann\n"e2",y,x,TIE,"bob, ü"\n'
REASONS = st.sampled_from(["stop", "length", "choice", "refusal"])
LOGPROBS = st.none() | st.tuples(*[st.floats(max_value=0)] * 3)


def test_any_answer_is_a_verdict_or_a_status():
    def check(text, reason, shown):
        answer = read_written(Completion(text=text, finish_reason=reason), [shown])
        assert (answer.label is None) == (answer.status != "ok")

    words = answers(VERDICT, "<think>", "</think>", '"verdict": "B"', '"rationale":', "```json")
    fuzz(check, words, REASONS, words)


def test_any_choice_is_a_verdict_or_a_status():
    def check(text, reason, logprobs):
        completion = Completion(text=text, finish_reason=reason, logprobs=logprobs)
        answer = read_choice(completion)
        assert (answer.label is None) == (answer.status != "ok")

    fuzz(check, answers("A", "B", "TIE") | st.sampled_from(["A", "B", "TIE"]), REASONS, LOGPROBS)


def test_verdicts_of_people_are_read_or_refused_with_the_file(tmp_path):
    path = tmp_path / "people.csv"

    def check(content):
        path.write_bytes(content)
        try:
            assert read_opinions(path, {"e1", "e2"}, ["x", "y"])
        except DataError as error:
            assert str(path) in error.message

    fuzz(check, damaged(PEOPLE))
