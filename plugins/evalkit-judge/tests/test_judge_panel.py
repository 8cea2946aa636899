"""Several judges, votes, failures and what they could change: through the core's own path."""

import json
import re
from dataclasses import replace

import pytest

from evalkit import Completion, DataError, Failure, JobError, UserError
from evalkit.testing import FakeEngine, judge_with
from evalkit_judge.sensitivity import failures_differ, ranks
from evalkit_judge.tally import Record

from .judging import (
    asked,
    careful,
    comparison,
    contest,
    facts,
    failing,
    perfect,
    right,
    shown,
    values,
    wrong,
)

CELLS = {"x": wrong("old"), "y": wrong("new")}


def several(**params):
    return comparison(judge=None, judges=["good", "bad"], **params)


def always(label):
    return lambda _: label


def test_verdicts_are_averaged_over_judges():
    engines = {"good": FakeEngine(perfect), "bad": FakeEngine(always("A"))}
    result = judge_with(several(), contest(**CELLS), engines)
    assert [len(engine.batches) for engine in engines.values()] == [1, 1]
    assert len(engines["good"].requests) == len(engines["bad"].requests) == 24
    alone = {
        name: judge_with(comparison(), contest(**CELLS), rule)
        for name, rule in (("good", perfect), ("bad", always("A")))
    }
    points = {name: one.details["points"] for name, one in alone.items()}
    assert result.details["points"] == [
        [(g + b) / 2 for g, b in zip(*rows, strict=True)]
        for rows in zip(points["good"], points["bad"], strict=True)
    ]
    for name, one in alone.items():
        own = result.details["judges"][name]["elo"]
        assert own == {s.contestant: pytest.approx(s.values["elo"]) for s in one.standings}


def test_each_judge_has_an_audit_of_its_own():
    engines = {"good": careful, "bad": always("A")}
    result = judge_with(several(audit=True), contest(examples=100, **CELLS), engines)
    states = {judge: found["state"] for judge, found in result.details["audit"].items()}
    assert states == {"good": "passed", "bad": "failed"}
    assert {s.values["validated"] for s in result.standings} == {0.0}
    (note,) = (note for note in result.notes if note.startswith("*"))
    assert note.startswith("* the judge bad is not validated")
    assert any(note.startswith("bad: order: 0 of 300") for note in result.notes)
    assert any(note.startswith("good: order: 300 of 300") for note in result.notes)
    agreed = result.details["agreement"]["good and bad"]
    assert agreed["units"] == 300
    assert agreed["observed"] == pytest.approx(1 / 3)  # both hold x and y alike


def test_judges_may_answer_in_different_ways():
    def model(name, *abilities):
        return FakeEngine.resolved(name, abilities=abilities)

    def both(request):
        label = perfect(request)
        return label if request.choices else json.dumps({"rationale": "", "verdict": label})

    engines = {
        "good": FakeEngine(both, model=model("good", "choices")),
        "bad": FakeEngine(both, model=model("bad", "schema")),
    }
    result = judge_with(several(votes=3), contest(**CELLS), engines)
    how = {name: (own["answer"], own["votes"]) for name, own in result.details["judges"].items()}
    assert how == {"good": ("choices", 1), "bad": ("schema", 3)}
    assert (len(engines["good"].requests), len(engines["bad"].requests)) == (24, 72)
    assert values(result)["gold"]["wins"] == 8


def test_a_unit_fails_if_one_judge_has_no_verdict_on_it():
    def ill(request):
        if any("is | old" in text for text in shown(request)):
            return Failure(reason="ill", kind="engine")
        return perfect(request)

    result = judge_with(several(), contest(**CELLS), {"good": perfect, "bad": ill})
    assert [values(result)[name]["failed"] for name in ("x", "y", "gold")] == [8, 4, 4]
    assert result.counts["api_error"] == 16


def test_a_question_for_nobody_is_a_fault():
    with pytest.raises(JobError, match="there to judge: good"):
        judge_with(ForNobody(several()), contest(**CELLS), {"good": perfect})


class ForNobody:
    """A comparison whose questions name a judge that is not there."""

    def __init__(self, inner):
        self.inner, self.judge = inner, inner.judge

    def questions(self, meeting):
        return [replace(q, judge="bad") for q in self.inner.questions(meeting)]


def votes(*labels):
    """A judge whose votes on each question come in this order, told by their seeds."""

    def answer(request):
        label = labels[(request.seed - 7) // 3]
        return json.dumps({"rationale": "", "verdict": label})

    return answer


def test_votes_are_sampled_and_averaged():
    engine = FakeEngine(votes("A", "A", "B"))
    result = judge_with(comparison("schema", votes=3), contest(x=wrong("old")), engine)
    assert {request.temperature for request in engine.requests} == {0.7}
    assert len({request.seed for request in engine.requests}) == 3
    assert len(engine.requests) == 4 * 2 * 3
    # Two of three votes for whatever is shown first: a tie over both orders.
    assert values(result)["x"]["ties"] == 4
    assert result.details["points"] == [[0, 2], [2, 0]]
    one_order = comparison("schema", votes=3, orders="one-random")
    scored = judge_with(one_order, contest(x=wrong("old")), votes("A", "TIE", "TIE"))
    first = values(scored)["x"]["wins"]  # shown first, it scores 2/3, else 1/3
    assert scored.details["points"][0][1] == pytest.approx(first * 2 / 3 + (4 - first) / 3)


def test_a_unit_weighs_the_same_whatever_the_votes():
    verdict = json.dumps({"rationale": "", "verdict": "A"})
    for k in (1, 3, 5):
        result = judge_with(comparison("schema", votes=k), contest(**CELLS), always(verdict))
        assert sum(map(sum, result.details["points"])) == 12


def test_by_the_rule_of_mt_bench_any_disagreement_is_a_tie():
    def wavering(request):
        return perfect(request) if "is | right" in shown(request)[0] else "TIE"

    plain, strict = (
        judge_with(comparison(mtbench=mtbench), contest(x=wrong("old")), wavering)
        for mtbench in (False, True)
    )
    assert (values(plain)["gold"]["wins"], values(strict)["gold"]["wins"]) == (4, 0)
    assert values(strict)["gold"]["ties"] == 4
    agreed = judge_with(comparison(mtbench=True), contest(x=wrong("old")), perfect)
    assert values(agreed)["gold"]["wins"] == 4


def answering(status):
    """A judge that ends every question about the old answer so."""

    def answer(request):
        if not any("is | old" in text for text in shown(request)):
            return json.dumps({"rationale": "", "verdict": perfect(request)})
        if status == "api_error":
            return Failure(reason="overloaded", kind="engine")
        reason = {"truncated": "length", "refusal": "refusal"}.get(status, "stop")
        return Completion(text="I cannot", finish_reason=reason)

    return answer


@pytest.mark.parametrize("status", ["parse_error", "refusal", "truncated", "api_error"])
def test_every_way_to_fail_is_told_apart_tried_thrice_and_left_out(status):
    engine = FakeEngine(answering(status))
    result = judge_with(comparison("schema"), contest(**CELLS), engine)
    assert {k: n for k, n in result.counts.items() if n} == {"ok": 8, status: 16}
    assert len(engine.requests) == 8 + 3 * 16
    assert [values(result)[n]["failed"] for n in ("x", "y", "gold")] == [8, 4, 4]
    assert [values(result)[n]["failure_rate"] for n in ("x", "y", "gold")] == [1, 0.5, 0.5]
    assert values(result)["x"]["elo"] is None
    assert any("more than 2% without a verdict: x 100.0%" in note for note in result.notes)


def test_failures_of_one_contestant_are_noticed_and_could_change_ranks():
    def strict(request):
        number = int(re.search(r"Text (\d+)", request.messages[-1].content)[1])
        if number % 2 and any("is | old" in text for text in shown(request)):
            return "no verdict"
        return json.dumps({"rationale": "", "verdict": better_old(request)})

    result = judge_with(comparison("schema"), contest(examples=40, **CELLS), strict)
    found = result.details["failures"]
    assert found["rates"] == {"x": 0.5, "y": 0.25, "gold": 0.25}
    assert found["differ_p"] < 0.01
    assert found["ranks"]["x"] == {"excluded": 1, "ties": 1, "worst": 2}
    assert any("unlike each other" in note for note in result.notes)
    assert any("ranks depend" in note and note.endswith("x") for note in result.notes)


def better_old(request):
    """Holds the old answer for the best, then gold."""
    texts = shown(request)
    order = [0 if "is | old" in t else 1 if "is | right" in t else 2 for t in texts]
    return "A" if order[0] < order[1] else "B"


def test_without_failures_nothing_is_refitted():
    result = judge_with(comparison(), contest(**CELLS), perfect)
    assert result.details["failures"]["ranks"] is None
    assert result.details["failures"]["differ_p"] is None
    assert not any("warning" in note for note in result.notes)


def test_equal_ratings_share_a_rank():
    assert ranks([1500.0, None, 1600.0, 1500.0 + 1e-9]) == [2, None, 1, 2]


def record(failed, units):
    return Record(wins=units, ties=0, auto_ties=0, losses=0, failed=failed)


def test_whether_failures_differ_is_a_chi_square_test():
    # 10 of 100 against 30 of 100: chi-square 12.5 on one degree of freedom.
    p = failures_differ([record(10, 90), record(30, 70)])
    assert p == pytest.approx(0.000407, abs=1e-6)
    assert failures_differ([record(0, 90), record(0, 70)]) is None
    assert failures_differ([record(5, 0), record(9, 0)]) is None
    assert failures_differ([record(5, 7), record(0, 0)]) is None


def test_ratings_have_intervals_by_the_source_of_examples():
    def unsure(request):
        number = int(re.search(r"Text (\d+)", request.messages[-1].content)[1])
        return perfect(request) if number % 3 else "TIE"

    result = judge_with(comparison(), contest(examples=30, **CELLS), unsure)
    for own in values(result).values():
        assert own["low"] < own["elo"] < own["high"]
        assert own["se"] > 0
    assert (values(result)["gold"]["rank_low"], values(result)["gold"]["rank_high"]) == (1, 1)
    assert (values(result)["x"]["rank_low"], values(result)["x"]["rank_high"]) == (2, 3)
    none = judge_with(comparison(replicates=0), contest(examples=30, **CELLS), unsure)
    assert values(none)["x"]["low"] is None
    assert values(none)["x"]["elo"] == pytest.approx(values(result)["x"]["elo"])


def test_a_baseline_can_be_the_anchor():
    result = judge_with(comparison(anchor="x"), contest(examples=30, **CELLS), perfect)
    assert values(result)["x"]["elo"] == pytest.approx(1500)
    with pytest.raises(UserError, match='no contestant "z"'):
        asked(comparison(anchor="z"), contest(**CELLS))


def test_davidsons_ratings_are_another_scale():
    meeting = contest(examples=30, **CELLS)

    def unsure(request):
        number = int(re.search(r"Text (\d+)", request.messages[-1].content)[1])
        return perfect(request) if number % 3 else "TIE"

    bt, davidson = (
        values(judge_with(comparison(rating=rating), meeting, unsure))
        for rating in ("bradley-terry", "davidson")
    )
    assert davidson["gold"]["elo"] > bt["gold"]["elo"] + 1


def test_equal_sets_tie_without_a_question_whatever_their_case():
    def shouted(index):
        return [[part.upper().replace(" ", "_") for part in fact] for fact in facts(index, "right")]

    engine = FakeEngine(perfect)
    result = judge_with(comparison(), contest(x=shouted), engine)
    assert engine.requests == []
    assert values(result)["x"]["auto_ties"] == 4


def test_a_missing_answer_is_no_failure_of_the_judge():
    result = judge_with(several(), contest(x=failing, y=right), {"good": perfect, "bad": perfect})
    assert result.counts["unanswered"] == 2
    assert values(result)["x"]["failed"] == 0
    assert issubclass(DataError, UserError)
