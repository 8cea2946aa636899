"""How the judge is asked and its answers are read."""

import json
import math

import pytest

from evalkit import Completion, EngineError, Failure
from evalkit_judge.asking import Asking
from evalkit_judge.lineup import Bout
from evalkit_judge.reading import SCHEMA, Answer, read_choice, read_written
from evalkit_judge.verdicts import auto_tie, read_verdict, verdict

AB = Bout(judge="j", example="e1", a="x", b="y", order="ab")
BA = Bout(judge="j", example="e1", a="x", b="y", order="ba")


def said(text, finish_reason="stop", logprobs=None):
    return Completion(text=text, finish_reason=finish_reason, logprobs=logprobs)


def written(label="A", rationale="It is complete."):
    return json.dumps({"rationale": rationale, "verdict": label})


def asking(mode="schema", temperature=0.0, enforce=True):
    return Asking(
        mode=mode, enforce=enforce, system="s", temperature=temperature, max_tokens=99, seed=5
    )


def converse(how, *answers):
    """The requests of a conversation in which these answers are given, and its result."""
    steps = how.steps("text", "one", "two")
    requests = [next(steps), *(steps.send(answer) for answer in answers[:-1])]
    with pytest.raises(StopIteration) as end:
        steps.send(answers[-1])
    return requests, end.value.value


@pytest.mark.parametrize("label", ["A", "B", "TIE"])
def test_a_written_verdict(label):
    answer = read_written(said(written(label)))
    assert answer == Answer(status="ok", label=label, extra={"rationale": "It is complete."})


def test_words_around_the_object_do_not_matter():
    assert read_written(said(f"```json\n{written('B')}\n```")).label == "B"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "}{",
        "{}",
        written("C"),
        written("a"),
        written("DRAW"),
        '{"verdict": "A"}',
        '{"rationale": 1, "verdict": "A"}',
        '{"rationale": "", "verdict": null}',
        '{"rationale": "", "verdict": "A", "more": 1}',
        written("A", rationale="x" * 801),
    ],
)
def test_everything_else_is_a_parse_error_and_never_a_tie(text):
    answer = read_written(said(text))
    assert (answer.status, answer.label) == ("parse_error", None)


def test_why_an_answer_cannot_be_read():
    assert read_written(said('{"rationale": "it', "length")).status == "truncated"
    assert read_written(said("I cannot help.", "refusal")).status == "refusal"
    assert read_written(said(written(), "length")).status == "ok"


def test_a_readable_verdict_is_asked_for_once():
    (request,), answer = converse(asking(), said(written()))
    assert answer.label == "A"
    assert request.schema == SCHEMA
    assert (request.temperature, request.seed, request.max_tokens) == (0.0, None, 99)


def test_an_engine_that_cannot_enforce_a_schema_gets_none():
    requests, answer = converse(asking(enforce=False), said("?"), said(f"Well: {written('B')}"))
    assert [request.schema for request in requests] == [None, None]
    assert answer.label == "B"


def test_an_unreadable_verdict_is_asked_for_twice_more_and_sampled():
    requests, answer = converse(asking(), said("?"), said("?"), said(written("B")))
    assert answer.label == "B"
    assert [r.temperature for r in requests] == [0.0, 0.7, 0.7]
    assert len({r.seed for r in requests}) == 3
    assert len({r.messages for r in requests}) == 1


def test_after_two_retries_it_stays_unreadable():
    requests, answer = converse(asking(temperature=1.0), said("?"), said("?"), said("!"))
    assert len(requests) == 3
    assert [r.temperature for r in requests] == [1.0, 1.0, 1.0]
    assert answer == Answer(status="parse_error", label=None, extra={"text": "!"})


@pytest.mark.parametrize("mode", ["schema", "choices"])
def test_an_engine_that_gives_no_answer_is_asked_twice_more(mode):
    steps = asking(mode).steps("text", "one", "two")
    first = next(steps)
    for _ in range(2):
        assert steps.throw(EngineError("gone")) == first
    with pytest.raises(EngineError, match="gone for good"):
        steps.throw(EngineError("gone for good"))


def test_an_answer_after_none_counts():
    steps = asking().steps("text", "one", "two")
    next(steps)
    again = steps.throw(EngineError("busy"))
    assert again.temperature == 0  # nothing was unreadable, so nothing needs to be sampled
    with pytest.raises(StopIteration) as end:
        steps.send(said(written("B")))
    assert end.value.value.label == "B"


def test_every_vote_and_attempt_has_a_seed_of_its_own():
    seeds = []
    for vote in range(3):
        steps = asking(temperature=0.7).steps("text", "one", "two", vote=vote)
        seeds += [next(steps).seed, steps.send(said("?")).seed, steps.send(said("?")).seed]
    assert len(set(seeds)) == 9


def test_a_choice_keeps_its_probabilities():
    logprobs = tuple(math.log(p) for p in (0.02, 0.06, 0.02))
    (request,), answer = converse(asking("choices", 0.3), said("B", "choice", logprobs))
    assert request.choices == ("A", "B", "TIE")
    assert (request.temperature, request.schema) == (0.0, None)
    assert (answer.status, answer.label) == ("ok", "B")
    assert answer.extra["probabilities"] == pytest.approx({"A": 0.2, "B": 0.6, "TIE": 0.2})


def test_a_choice_without_usable_probabilities():
    assert read_choice(said("A", "choice")).extra == {}
    assert read_choice(said("A", "choice", (-math.inf,) * 3)).extra == {}
    impossible = read_choice(said("A", "choice", (0.0, -math.inf, -math.inf))).extra
    assert impossible["probabilities"] == {"A": 1.0, "B": 0.0, "TIE": 0.0}


def test_an_unknown_choice_is_a_parse_error():
    assert read_choice(said("C", "choice")).status == "parse_error"


@pytest.mark.parametrize(("label", "score"), [("A", 1.0), ("B", 0.0), ("TIE", 0.5)])
def test_the_score_is_that_of_contestant_a_in_both_orders(label, score):
    answer = Answer(status="ok", label=label, extra={})
    assert verdict(AB, answer)["score"] == score
    assert verdict(BA, answer)["score"] == 1 - score
    assert read_verdict(AB, verdict(AB, answer)) == ("ok", score)
    assert read_verdict(BA, verdict(BA, answer)) == ("ok", 1 - score)


def test_a_verdict_is_strict_json():
    kept = verdict(AB, Answer(status="ok", label="A", extra={"rationale": "Better."}))
    assert json.loads(json.dumps(kept, allow_nan=False)) == {
        "judge": "j",
        "example": "e1",
        "a": "x",
        "b": "y",
        "order": "ab",
        "vote": 0,
        "status": "ok",
        "verdict": "A",
        "score": 1.0,
        "rationale": "Better.",
    }


def test_reading_verdicts_again():
    assert read_verdict(AB, auto_tie(AB)) == ("auto_tie", 0.5)
    assert read_verdict(AB, Failure(reason="gone", kind="engine")) == ("api_error", None)
    for status in ("refusal", "truncated", "api_error", "parse_error"):
        assert read_verdict(AB, {"status": status, "verdict": None}) == (status, None)


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"status": "ok", "verdict": "DRAW"},
        {"status": "ok", "verdict": None},
        {"status": "ok", "verdict": 0.5},
        {"status": "ok", "verdict": ["A"]},
        {"status": "fine", "verdict": "A"},
    ],
)
def test_unknown_outcomes_are_errors(kept):
    assert read_verdict(AB, kept) == ("parse_error", None)
