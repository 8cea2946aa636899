"""The job that compares the answers of several cells."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evalkit.contexts import TaskView
from evalkit.errors import JobError
from evalkit.interfaces import (
    Comparison,
    ComparisonResult,
    Contest,
    Event,
    Question,
    Steps,
)
from evalkit.jobs.files import JUDGMENTS, Tell, evaluation_of, predictions_file, predictions_of
from evalkit.predict import Answer, Answering, drive
from evalkit.records import Failure, Json, Request, Usage
from evalkit.secrets import hide_in, hider
from evalkit.serialization import (
    failure_to_json,
    line,
    plain,
    resolved_from_json,
    usage_to_json,
)
from evalkit.store import file_sha256
from evalkit.workshop import Spec, Workshop

QuestionSteps = Callable[[], Steps[Mapping[str, Json]]]


def compare(shop: Workshop, spec: Spec, folder: Path, on_event: Tell) -> Event:
    """Ask, conclude, and write what was said."""
    cls = shop.plugins.load("comparison", spec["comparison"]["use"])
    contest = _contest(shop, spec)
    first = next(iter(contest.judges.values()), None)
    comparison: Comparison = cls(shop.params("comparison", spec["comparison"]), first)
    asked = comparison.questions(contest)
    verdicts: dict[str, Any] = {}
    judges: dict[str, Event] = {}
    usage = Usage()
    for judge, questions in by_judge(asked, contest).items():
        started, its = time.monotonic(), Usage()
        for key, ended in drive(questions, _judging(shop, spec, judge), kind="comparison"):
            its = its.plus(ended.usage)
            verdicts[key] = ended.failure if ended.failure is not None else ended.result
            on_event({"done": len(verdicts), "total": len(asked), "note": ""})
        usage = usage.plus(its)
        if judge:
            judges[judge] = {
                "identity": spec["models"][judge]["identity"],
                "usage": usage_to_json(its),
                "seconds": round(time.monotonic() - started, 3),
            }
    hidden = hider()  # a judge may repeat what an endpoint let it see
    with (folder / JUDGMENTS).open("w", encoding="ascii") as file:
        for question in asked:
            judgment = _judgment(question.id, hide_in(verdicts[question.id], hidden))
            file.write(line(judgment) + "\n")
    result = comparison.conclude(contest, verdicts)
    return {
        "usage": usage_to_json(usage),
        "judges": judges,
        "headline": comparison.headline,
        "decimals": comparison.decimals,
        "failures": sum(isinstance(verdict, Failure) for verdict in verdicts.values()),
        "from": {
            cell: file_sha256(predictions_file(spec, identity))
            for cell, identity in spec["cells"].items()
        },
        **_result(result),
    }


def _contest(shop: Workshop, spec: Spec) -> Contest:
    answers = {
        cell: {p.example_id: p for p in predictions_of(spec, identity)}
        for cell, identity in spec["cells"].items()
    }
    judges = {name: resolved_from_json(spec["models"][name]["resolved"]) for name in spec["judges"]}
    return Contest(
        task=TaskView(shop.task(spec)),
        examples=evaluation_of(shop, spec),
        answers=answers,
        seed=spec["seed"],
        judges=judges,
    )


def by_judge(asked: Sequence[Question], contest: Contest) -> dict[str, dict[str, QuestionSteps]]:
    """The questions of each judge, by their ids; without any judge, all of nobody's ("").

    Raises:
        JobError: two questions have one id, or one is for a judge that is not there.
    """
    ids = {question.id for question in asked}
    if len(ids) < len(asked):
        raise JobError(f"{len(asked) - len(ids)} questions have the id of another one")
    first = next(iter(contest.judges), "")
    found: dict[str, dict[str, QuestionSteps]] = {judge: {} for judge in contest.judges or (first,)}
    for question in asked:
        judge = question.judge or first
        if judge not in found:
            known = ", ".join(contest.judges) or "nobody"
            raise JobError(f'question {question.id} is for "{judge}"; there to judge: {known}')
        found[judge][question.id] = question.steps
    return found


def _judging(shop: Workshop, spec: Spec, judge: str) -> Answering:
    """How a judge answers; several large ones may not fit on a device side by side."""
    if not judge:
        return _nobody
    if len(spec["judges"]) > 1:
        shop.make_room(spec["models"][judge])
    return shop.answering(spec["models"][judge])


def _nobody(requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
    for index, _ in enumerate(requests):
        yield index, Failure(reason="this comparison has no judge to ask", kind="comparison")


def _judgment(key: str, verdict: Any) -> dict[str, Any]:
    if isinstance(verdict, Failure):
        return {"id": key, "failure": failure_to_json(verdict)}
    return {"id": key, "verdict": verdict}


def _result(result: ComparisonResult) -> dict[str, Any]:
    form: dict[str, Any] = plain(
        {
            "standings": [asdict(standing) for standing in result.standings],
            "contrasts": [asdict(contrast) for contrast in result.contrasts],
            "counts": result.counts,
            "notes": result.notes,
            "details": result.details,
        }
    )
    return form
