"""The audit: each check by itself, and what the report makes of it."""

import random
from collections import Counter

import pytest

from evalkit import Failure
from evalkit.testing import FakeEngine, ListTask, judge_with
from evalkit_judge.answers import same
from evalkit_judge.checks import Position, lower_bound, triads
from evalkit_judge.degrade import DAMAGES, degrade, triples_of
from evalkit_judge.lineup import Lineup, Unit
from evalkit_judge.tally import Outcome

from .judging import (
    FactsTask,
    asked,
    careful,
    comparison,
    contest,
    facts,
    perfect,
    right,
    shown,
    values,
    wrong,
)

CELLS = {"x": wrong("old"), "y": wrong("new")}


def audit_of(result, judge="j"):
    return result.details["audit"][judge]


def check(result, name):
    (found,) = (c for c in audit_of(result)["checks"] if c["name"].startswith(name))
    return found


def test_the_bias_of_places_is_a_binomial_test():
    assert Position(consistent=56, first=30, second=14).bias == pytest.approx(0.02263, abs=5e-6)
    assert Position(consistent=56, first=30, second=14).consistency == 0.56
    assert Position(consistent=3, first=0, second=0).bias is None


def test_a_lower_bound_by_wilson():
    # Wilson's interval of 8 in 10 is [0.490, 0.943].
    assert lower_bound(0.8, 10) == pytest.approx(0.4902, abs=1e-4)
    assert lower_bound(0.0, 10) == 0
    assert lower_bound(1.0, 100) == pytest.approx(0.963, abs=1e-3)


def verdicts_on(*scores):
    """A line-up of three, and one outcome for each pair of each example."""
    pairs = (("x", "y"), ("x", "z"), ("y", "z"))
    meeting = contest(examples=len(scores), **CELLS)
    field = Lineup(
        contestants=("x", "y", "z"),
        sample=tuple(meeting.examples),
        answers={},
        units=(),
        unanswered=0,
    )
    units = [
        Outcome(
            unit=Unit(example=f"e{i}", a=a, b=b, orders=("ab",)),
            statuses=("ok",),
            by_order=(score,),
            score=score,
        )
        for i, row in enumerate(scores)
        for (a, b), score in zip(pairs, row, strict=True)
    ]
    return field, units


def test_circles_are_counted():
    # x > y > z > x; x > y > z and x > z; a tie; a missing verdict; the circle turned round.
    rows = [(1, 0, 1), (1, 1, 1), (1, 0.5, 1), (1, None, 1), (0, 1, 0.25)]
    found = triads(*verdicts_on(*rows))
    assert (found.decided, found.cyclic, found.share) == (3, 2, 2 / 3)
    assert triads(*verdicts_on()).share is None


GOLD = [("Ada", "born in", "Turin"), ("Ada", "works for", "Bank"), ("Bank", "based in", "Rome")]
FOREIGN = [("Bo", "lives in", "Oslo"), ("Cy", "born in", "Bonn")]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damage_changes_one_triple(damage):
    spoilt = degrade(GOLD, damage, random.Random(1), FOREIGN)
    before, after = Counter(GOLD), Counter(spoilt)
    lost, won = list((before - after).elements()), list((after - before).elements())
    assert (len(lost), len(won)) == {"drop": (1, 0), "invent": (0, 1)}.get(damage, (1, 1))
    if damage == "swap":
        assert won[0] == lost[0][::-1]
    if damage == "corrupt":
        assert won[0] == (lost[0][0], "lives in", lost[0][2])
    if damage == "invent":
        assert won[0][0] in ("Ada", "Bank")
        assert won[0][1:] in (("lives in", "Oslo"), ("born in", "Bonn"))
    assert spoilt == degrade(GOLD, damage, random.Random(1), FOREIGN)
    assert GOLD[0] == ("Ada", "born in", "Turin")


def test_what_cannot_have_a_damage():
    assert [degrade([], d, random.Random(1), FOREIGN) for d in DAMAGES] == [None] * 4
    assert degrade([("a", "is", "a")], "swap", random.Random(1), FOREIGN) is None
    assert degrade(GOLD, "corrupt", random.Random(1), GOLD) is None
    assert degrade(GOLD, "invent", random.Random(1), GOLD) is None


@pytest.mark.parametrize("target", ["a | b | c", ["a", "b", "c"], [["a", "b"]], 7, None])
def test_targets_that_are_no_triples(target):
    assert triples_of(target) is None


def test_equal_answers_are_equal_as_sets():
    task = FactsTask()
    assert same(task, "A_b | is | c\nD | has | e", "d | has  | e\na b | is | C\nD | has | e")
    assert not same(task, "a | is | c", "a | is | d")
    assert not same(ListTask(), "Red", "red")


def test_a_careful_judge_passes_its_audit():
    how = comparison(audit=True, repeat=100)
    engine = FakeEngine(careful)
    result = judge_with(how, contest(examples=100, **CELLS), engine)
    found = audit_of(result)
    assert found["state"] == "passed"
    assert all(c["value"] >= c["threshold"] for c in found["checks"])
    assert [c["units"] for c in found["checks"]] == [300, 100, 100, 100, 100]
    assert result.counts["audit"] == 100 + 2 * 100 + 4 * 100
    assert len(engine.requests) == 2 * 300 + result.counts["audit"]
    assert {s.values["validated"] for s in result.standings} == {1.0}
    assert not any("audit" in note or "validated" in note for note in result.notes)
    assert found["degraded"] == {"drop": 1.0, "swap": 1.0}


def test_a_judge_that_sees_no_difference_is_found_out():
    how = comparison(audit=True)
    result = judge_with(how, contest(examples=20, **CELLS), lambda _: "TIE")
    assert check(result, "equal answers tied")["value"] == 1
    spoilt = check(result, "spoilt answers lost")
    assert (spoilt["value"], spoilt["state"], spoilt["units"]) == (0.0, "failed", 20)
    assert check(result, "gold answers")["state"] == "failed"
    assert values(result)["x"]["validated"] == 0
    (note,) = (note for note in result.notes if note.startswith("*"))
    assert "spoilt answers lost 0.000 (at least 0.95)" in note


def test_a_judge_that_prefers_one_of_two_equal_answers_is_found_out():
    def eager(request):
        first, second = shown(request)
        return "A" if first == second else careful(request)

    result = judge_with(comparison(audit=True), contest(examples=20, **CELLS), eager)
    assert check(result, "equal answers tied")["value"] == 0
    assert audit_of(result)["state"] == "failed"


@pytest.mark.parametrize("examples", [1, 3])
def test_gold_that_always_wins_fails_nobody_however_few_there_are(examples):
    result = judge_with(comparison(), contest(examples=examples, **CELLS), careful)
    found = check(result, "gold answers")
    assert found["value"] < found["threshold"]
    assert found["state"] == "open"


def test_a_method_that_is_nearly_always_right_fails_no_judge():
    nearly = lambda i: facts(i, "right" if i % 10 else "old")  # noqa: E731
    how = comparison(examples="all")
    result = judge_with(how, contest(examples=1000, x=nearly, y=wrong("new")), careful)
    assert audit_of(result)["gold"]["x"] == {
        "units": 100,
        "score": 1.0,
        "low": pytest.approx(0.963, abs=1e-3),
    }
    assert check(result, "gold answers")["state"] == "passed"
    same = judge_with(how, contest(examples=120, x=right, y=wrong("new")), careful)
    assert audit_of(same)["gold"]["x"] is None
    assert check(same, "gold answers")["state"] == "open"


def test_a_cell_that_is_called_gold_is_no_gold_answer():
    cells = {"x": wrong("old"), "gold": wrong("new"), "y": wrong("late")}
    result = judge_with(comparison(gold=False), contest(examples=20, **cells), careful)
    assert audit_of(result)["gold"] == {}
    assert check(result, "gold answers")["units"] == 0
    assert not any(note.startswith("gold:") for note in result.notes)
    assert any("did not take part" in note for note in result.notes)


def test_few_units_leave_an_audit_open():
    result = judge_with(comparison(audit=True), contest(examples=20, **CELLS), careful)
    assert audit_of(result)["state"] == "open"
    assert {s.values["validated"] for s in result.standings} == {None}
    (note,) = (note for note in result.notes if note.startswith("?"))
    assert "on 100 units in every check" in note
    assert "spoilt answers lost (20)" in note


def test_the_suite_decides_how_many_units_are_enough():
    how = comparison(audit=True, thresholds={"units": 20})
    result = judge_with(how, contest(examples=20, **CELLS), careful)
    assert audit_of(result)["state"] == "passed"


def test_without_an_audit_nothing_more_is_asked():
    result = judge_with(comparison(), contest(examples=120, **CELLS), careful)
    assert result.counts["audit"] == 0
    assert audit_of(result)["state"] == "open"
    (note,) = (note for note in result.notes if note.startswith("?"))
    assert "equal answers tied (not checked), spoilt answers lost (not checked)" in note


@pytest.mark.parametrize(
    ("audit", "identical", "degraded"), [(True, 8, 16), (3, 3, 6), (99, 24, 32)]
)
def test_how_many_questions_an_audit_asks(audit, identical, degraded):
    ids = list(asked(comparison(audit=audit, examples=8), contest(examples=30, **CELLS)))
    kinds = Counter(id_.rsplit("/", 1)[1] for id_ in ids)
    assert (kinds["identical"], kinds["degraded"]) == (identical, degraded)
    assert len(set(ids)) == len(ids)


def test_other_tasks_have_no_spoilt_answers():
    meeting = contest(examples=5, task=ListTask(), x=lambda i: "red", y=lambda i: "blue")
    result = judge_with(comparison(audit=True), meeting, lambda _: "TIE")
    assert not any(c["name"].startswith("spoilt") for c in audit_of(result)["checks"])


def test_probes_never_count_in_the_ratings():
    meeting = contest(examples=10, **CELLS)
    with_audit, without = (
        values(judge_with(comparison(audit=audit), meeting, careful)) for audit in (True, False)
    )
    for name, own in without.items():
        assert own == with_audit[name]


def test_repetitions_that_differ_show():
    answers = random.Random(3)
    how = comparison(repeat=30)
    result = judge_with(how, contest(examples=30, **CELLS), lambda _: answers.choice(("A", "B")))
    stable = check(result, "repetitions")
    assert (stable["units"], stable["state"]) == (30, "failed")
    # Five throws of a coin agree with the commonest of them in 0.6875 of the cases.
    assert stable["value"] == pytest.approx(0.6875, abs=0.07)


def test_a_question_without_a_verdict_is_left_out_of_a_check():
    def ill(request):
        first, second = shown(request)
        if first == second and "thing 1 " in first:
            return Failure(reason="ill", kind="engine")
        return careful(request)

    how = comparison(audit=10)
    result = judge_with(how, contest(examples=10, **CELLS), ill)
    assert check(result, "equal answers tied")["units"] == 9
    assert check(result, "equal answers tied")["value"] == 1


def test_gold_must_beat_every_method_by_its_lower_bound():
    def blind_to_x(request):
        return "TIE" if any("is | old" in text for text in shown(request)) else perfect(request)

    result = judge_with(comparison(), contest(examples=40, **CELLS), blind_to_x)
    gold = audit_of(result)["gold"]
    assert gold["y"] == {"units": 40, "score": 1.0, "low": pytest.approx(0.912, abs=1e-3)}
    assert gold["x"]["score"] == 0.5
    assert gold["x"]["low"] < 0.5
    assert check(result, "gold answers")["state"] == "failed"
    (note,) = (note for note in result.notes if note.startswith("*"))
    assert note.startswith("* the judge is not validated for this task: gold answers, lower bound")
