"""Runs one job to its end, wherever an executor put it: reads JSON and files, writes files."""

import json
import math
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from numbers import Real
from pathlib import Path
from typing import Any

from evalkit.collector import at_rest, uncollected
from evalkit.contexts import AdaptationContext, Services, TaskView
from evalkit.errors import AdaptationError, EngineError, EvalkitError, JobError
from evalkit.fairness.facts import Watch, overlap, overlap_counts, planned
from evalkit.influence import influences
from evalkit.interfaces import (
    Comparison,
    ComparisonResult,
    Contest,
    Event,
    Metric,
    Question,
    Steps,
    Task,
)
from evalkit.journal import FileJournal
from evalkit.lines import InOrder, Pace, Rows, Tally, as_line, prediction_line
from evalkit.predict import Answer, Answering, drive, predict
from evalkit.records import AdaptedModel, Example, Failure, Json, Prediction, Request, Usage
from evalkit.serialization import (
    adapted_from_json,
    adapted_to_json,
    failure_to_json,
    line,
    plain,
    prediction_from_json,
    pretty,
    read_lines,
    resolved_from_json,
    usage_to_json,
)
from evalkit.store import Store, file_sha256
from evalkit.workshop import Spec, Workshop, told

PREDICTIONS = "predictions.jsonl"
SCORES = "scores.jsonl"
ADAPTED = "adapted.json"
JUDGMENTS = "judgments.jsonl"
NEAR_DUPLICATES = "near-duplicates.json"

QuestionSteps = Callable[[], Steps[Mapping[str, Json]]]

_PLAIN = frozenset({int, float})
_FAULT_KIND = {
    "adapt": "adapter",
    "predict": "adapter",
    "score": "metric",
    "compare": "comparison",
}


def run_job(shop: Workshop, spec: Spec, on_event: Callable[[Event], None]) -> dict[str, Any] | None:
    """Run a job and store its result.

    Args:
        shop: what this process keeps between jobs.
        spec: as `evalkit.plan` and the runner wrote it.
        on_event: told of progress, and of what is worth a line.

    Returns:
        None if the job is finished and stored; else the Failure as JSON, with the key
        ``traceback`` if it is a bug of a plugin.
    """
    store = Store(Path(spec["root"]))
    kind, identity = spec["kind"], spec["id"]
    with store.locked(kind, identity, lambda text: on_event({"notice": text})) as waited:
        if waited and store.finished(kind, identity) is not None:
            return None  # whoever had it did the same job
        if spec["fresh"]:
            store.forget_attempts(kind, identity)
        return _run_locked(store, shop, spec, on_event)


def _run_locked(
    store: Store, shop: Workshop, spec: Spec, on_event: Callable[[Event], None]
) -> dict[str, Any] | None:
    kind, identity = spec["kind"], spec["id"]
    staged = store.unfinished(kind, identity)
    journal = FileJournal(store.journal(kind, identity), on_event, lambda: shop.stopping)

    def tell(event: Event) -> None:
        journal.tick()
        on_event(event)

    try:
        store.stage(kind, identity)
        shop.ready(spec, journal)
        note = _KINDS[kind](shop, spec, staged, tell)
        seconds = journal.seconds - note.pop("aside", 0.0)
        facts = {"kind": kind, "id": identity, "seconds": round(seconds, 3)}
        note = {**facts, "cached": journal.cached, "decisions": dict(journal.records), **note}
        store.seal(staged, kind, identity, note)
        if not note.get("failures"):  # else the answers that were had are not asked again
            journal.remove()
            store.forget_attempts(kind, identity)
        return None
    except KeyboardInterrupt:
        journal.save()
        raise
    except BaseException as error:  # a plugin that exits must not end the run
        failure = _failure(error, spec)
        if failure["kind"] == "engine":
            shop.close()  # the next job gets a new one
        if failure["kind"] not in ("engine", "machine"):
            store.forget_checkpoints(kind, identity)  # from there it would fail again
        return failure
    finally:
        journal.close()
        store.discard(staged)


def _failure(error: BaseException, spec: Spec) -> dict[str, Any]:
    kind = _FAULT_KIND[spec["kind"]]
    if isinstance(error, EngineError):
        kind = "engine"
    elif isinstance(error, OSError):
        kind = "machine"
    reason, hint = told(error)
    if isinstance(error, OSError) and error.errno is not None:
        where = error.filename or spec["root"]
        reason, hint = f"{where}: {error.strerror}", "mend that; the same command then goes on"
    form = failure_to_json(Failure(reason=reason, kind=kind, hint=hint))
    if isinstance(error, EvalkitError) and error.__cause__ is None:
        return form
    return {**form, "traceback": "".join(traceback.format_exception(error))}


def _adapt(shop: Workshop, spec: Spec, folder: Path, on_event: Callable[[Event], None]) -> Event:
    def answering(name: str) -> Answering:
        if name == spec["model"] and "engine" not in spec["requires"]:
            raise AdaptationError(
                f'the adapter "{spec["adapter"]["use"]}" asks the model, which it did not declare',
                'its Entry needs requires={"engine"}: without it, identities miss the model',
            )
        return shop.answering(spec["models"][name])

    services = Services(
        answering=answering,
        resolved=lambda name: resolved_from_json(spec["models"][name]["resolved"]),
        metric=shop.metric,
        progress=lambda done, total, note: on_event({"done": done, "total": total, "note": note}),
        stopping=lambda: shop.stopping,
        checkpoints=Store(Path(spec["root"])).checkpoints("adapt", spec["id"]),
    )
    context = AdaptationContext(
        shop.task(spec),
        shop.train(spec),
        model=resolved_from_json(spec["models"][spec["model"]]["resolved"]),
        seed=spec["seed"] if "seed" in spec["requires"] else 0,  # else identities miss it
        folder=folder,
        services=services,
    )
    adapted = shop.adapter(spec).adapt(context)
    if not isinstance(adapted, AdaptedModel):
        raise AdaptationError(
            f'the adapter "{spec["adapter"]["use"]}" returned {type(adapted).__name__}',
            "an adapter returns an evalkit.AdaptedModel: report this to its authors",
        )
    (folder / ADAPTED).write_text(pretty(adapted_to_json(adapted, folder)), encoding="utf-8")
    return {
        "usage": usage_to_json(services.usage),
        "usage_by_model": {
            spec["models"][name]["identity"]: usage_to_json(used)
            for name, used in services.usages.items()
        },
        "report": plain(adapted.report),
        "content": file_sha256(folder / ADAPTED),
    }


def _predict(shop: Workshop, spec: Spec, folder: Path, on_event: Callable[[Event], None]) -> Event:
    source = Store(Path(spec["root"])).folder("adapt", spec["adapted"])
    adapted = adapted_from_json(_read_json(source / ADAPTED), source)
    task, train, examples = TaskView(shop.task(spec)), shop.train(spec), _evaluation(shop, spec)
    started = time.monotonic()
    near = _overlap(folder, task, train, examples) if train else None
    aside = time.monotonic() - started  # no part of what predicting takes
    watch = Watch(task, train, adapted)
    program = shop.adapter(spec).program(adapted, watch)
    answering = watch.over(shop.answering(spec["models"][spec["model"]]))
    tally, pace = Tally(), Pace(on_event, len(examples))
    with at_rest(), (folder / PREDICTIONS).open("wb") as file:
        ordered = InOrder(file, (example.id for example in examples))
        for prediction in predict(task, program, examples, answering):
            ordered.write(prediction.example_id, prediction_line(prediction))
            tally.add(prediction)
            pace.step()
    failed = tally.outcomes["failed"]
    if failed == len(examples) and tally.first:
        raise EngineError(f"no example could be answered: {tally.first.reason}", tally.first.hint)
    fairness = {**planned(spec, examples), **watch.facts(program, examples)}
    return {
        "aside": aside,
        "fairness": {**fairness, "too_long": tally.too_long, "near_duplicates": near},
        "usage": usage_to_json(tally.usage),
        "outcomes": tally.outcomes,
        "examples": len(examples),
        "failures": failed,
        "from": file_sha256(source / ADAPTED),
        "content": file_sha256(folder / PREDICTIONS),
    }


def _overlap(
    folder: Path, task: Task, train: Sequence[Example], examples: Sequence[Example]
) -> dict[str, Json]:
    """Write which evaluated examples a training example nearly repeats; how many they are."""
    found = overlap(task, train, examples)
    (folder / NEAR_DUPLICATES).write_text(pretty(found), encoding="utf-8")
    return overlap_counts(found, len(examples))


def _evaluation(shop: Workshop, spec: Spec) -> tuple[Example, ...]:
    with uncollected():
        return shop.evaluation(spec)


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _predictions_file(spec: Spec, identity: str) -> Path:
    given = spec.get("predictions", {}).get(identity)
    folder = Store(Path(spec["root"])).folder("predict", identity)
    return Path(given) if given else folder / PREDICTIONS


def _predictions(spec: Spec, identity: str) -> Iterator[Prediction]:
    return (prediction_from_json(form) for form in read_lines(_predictions_file(spec, identity)))


def _score(shop: Workshop, spec: Spec, folder: Path, on_event: Callable[[Event], None]) -> Event:
    cls = shop.plugins.load("metric", spec["metric"]["use"])
    metric: Metric = cls(shop.params("metric", spec["metric"]))
    targets = {example.id: example.target for example in _evaluation(shop, spec)}
    scores = Rows()
    with at_rest(), (folder / SCORES).open("wb") as file:
        for form in read_lines(_predictions_file(spec, spec["predicted"])):
            if form.get("failure") is None:
                values = metric.score(targets[form["id"]], form["value"])
                _check_score(metric, form["id"], values)
                scores.append(values)
                file.write(as_line({"id": form["id"], "values": values}))
        values_of_all = plain(dict(metric.aggregate(scores)))
    if metric.headline not in values_of_all:
        named = ", ".join(values_of_all) or "nothing"
        raise JobError(f'aggregate gives {named}, but not the headline "{metric.headline}"')
    facts = {"headline": metric.headline, "direction": metric.direction, "range": metric.range}
    if metric.ratio is None:
        _keep_influences(folder / SCORES, influences(metric, scores))
    return {
        **plain(facts),
        "use": spec["metric"]["use"],
        "params": spec["metric"]["params"],
        "ratio": None if metric.ratio is None else plain(asdict(metric.ratio)),
        "value": values_of_all[metric.headline],
        "values": values_of_all,
        "from": file_sha256(_predictions_file(spec, spec["predicted"])),
    }


def _keep_influences(path: Path, found: Sequence[float] | None) -> None:
    """Add to each line of scores how much its example moves the headline."""
    if found is None:
        return
    lines = [{**form, "influence": own} for form, own in zip(read_lines(path), found, strict=True)]
    path.write_bytes(b"".join(map(as_line, lines)))


def _check_score(metric: Metric, example_id: str, values: Mapping[str, float]) -> None:
    """Refuse a score that could not be stored, or would spoil every mean."""
    if _PLAIN.issuperset(map(type, values.values())) and all(map(math.isfinite, values.values())):
        return  # nearly always, and quicker than to look at them one by one
    for name, value in values.items():
        if not isinstance(value, Real) or not math.isfinite(value):
            raise JobError(
                f"{type(metric).__name__}.score gives {name} = {value!r} for example {example_id}",
                "scores are finite numbers; leave out what is undefined",
            )


def _compare(shop: Workshop, spec: Spec, folder: Path, on_event: Callable[[Event], None]) -> Event:
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
    with (folder / JUDGMENTS).open("w", encoding="ascii") as file:
        for question in asked:
            file.write(line(_judgment(question.id, verdicts[question.id])) + "\n")
    result = comparison.conclude(contest, verdicts)
    return {
        "usage": usage_to_json(usage),
        "judges": judges,
        "headline": comparison.headline,
        "decimals": comparison.decimals,
        "failures": sum(isinstance(verdict, Failure) for verdict in verdicts.values()),
        "from": {
            cell: file_sha256(_predictions_file(spec, identity))
            for cell, identity in spec["cells"].items()
        },
        **_result(result),
    }


def _contest(shop: Workshop, spec: Spec) -> Contest:
    answers = {
        cell: {p.example_id: p for p in _predictions(spec, identity)}
        for cell, identity in spec["cells"].items()
    }
    judges = {name: resolved_from_json(spec["models"][name]["resolved"]) for name in spec["judges"]}
    return Contest(
        task=TaskView(shop.task(spec)),
        examples=_evaluation(shop, spec),
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
            "counts": result.counts,
            "notes": result.notes,
            "details": result.details,
        }
    )
    return form


_KINDS: Mapping[str, Callable[..., Event]] = {
    "adapt": _adapt,
    "predict": _predict,
    "score": _score,
    "compare": _compare,
}
