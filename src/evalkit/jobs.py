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
from evalkit.contexts import AdaptationContext, PredictionContext, Services, TaskView
from evalkit.errors import AdaptationError, EngineError, EvalkitError, JobError
from evalkit.interfaces import (
    Comparison,
    ComparisonResult,
    Contest,
    Event,
    Metric,
)
from evalkit.journal import FileJournal
from evalkit.lines import InOrder, Pace, Rows, Tally, as_line, prediction_line
from evalkit.predict import Answer, Answering, drive, predict
from evalkit.records import AdaptedModel, Example, Failure, Prediction, Request, Usage
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
    staged = store.unfinished(spec["kind"], spec["id"])
    journal = FileJournal(
        store.journal(spec["kind"], spec["id"]), lambda text: on_event({"notice": text})
    )
    started = time.monotonic()
    try:
        store.stage(spec["kind"], spec["id"])
        shop.ready(spec, journal)
        note = _KINDS[spec["kind"]](shop, spec, staged, on_event)
        seconds = round(time.monotonic() - started, 3)
        identity = {"kind": spec["kind"], "id": spec["id"]}
        note = {**identity, "seconds": seconds, "decisions": dict(journal.records), **note}
        store.seal(staged, spec["kind"], spec["id"], note)
        journal.remove()
        return None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin that exits must not end the run
        failure = _failure(error, spec)
        if failure["kind"] == "engine":
            shop.close()  # the next job gets a new one
        journal.remove()
        return failure
    finally:
        store.discard(staged)


def _failure(error: BaseException, spec: Spec) -> dict[str, Any]:
    kind = _FAULT_KIND[spec["kind"]]
    if isinstance(error, EngineError):
        kind = "engine"
    elif isinstance(error, OSError):
        kind = "machine"
    reason, hint = told(error)
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
    task = TaskView(shop.task(spec))
    context = PredictionContext(task, shop.train(spec), adapted)
    program = shop.adapter(spec).program(adapted, context)
    examples = _evaluation(shop, spec)
    answering = shop.answering(spec["models"][spec["model"]])
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
    return {
        "usage": usage_to_json(tally.usage),
        "outcomes": tally.outcomes,
        "examples": len(examples),
        "failures": failed,
        "from": file_sha256(source / ADAPTED),
        "content": file_sha256(folder / PREDICTIONS),
    }


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
    return {
        **plain(facts),
        "value": values_of_all[metric.headline],
        "values": values_of_all,
        "from": file_sha256(_predictions_file(spec, spec["predicted"])),
    }


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
    judge = spec["models"][spec["judge"]] if spec["judge"] else None
    resolved = resolved_from_json(judge["resolved"]) if judge else None
    comparison: Comparison = cls(shop.params("comparison", spec["comparison"]), resolved)
    contest = _contest(shop, spec)
    asked = comparison.questions(contest)
    questions = {question.id: question for question in asked}
    if len(questions) < len(asked):
        raise JobError(f"{len(asked) - len(questions)} questions have the id of another one")
    starts = {key: question.steps for key, question in questions.items()}
    answering = shop.answering(judge) if judge else _nobody
    usage = Usage()
    verdicts: dict[str, Any] = {}
    for key, ended in drive(starts, answering, kind="comparison"):
        usage = usage.plus(ended.usage)
        verdicts[key] = ended.failure if ended.failure is not None else ended.result
        on_event({"done": len(verdicts), "total": len(questions), "note": ""})
    with (folder / JUDGMENTS).open("w", encoding="ascii") as file:
        for key in questions:
            file.write(line(_judgment(key, verdicts[key])) + "\n")
    result = comparison.conclude(contest, verdicts)
    return {
        "usage": usage_to_json(usage),
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
    examples = _evaluation(shop, spec)
    return Contest(
        task=TaskView(shop.task(spec)), examples=examples, answers=answers, seed=spec["seed"]
    )


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
