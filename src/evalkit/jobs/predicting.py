"""The job that has an adapted model answer the examples."""

import time
from collections.abc import Sequence
from pathlib import Path

from evalkit.collector import at_rest
from evalkit.contexts import TaskView
from evalkit.errors import EngineError
from evalkit.fairness.facts import Watch, overlap, overlap_counts, planned
from evalkit.interfaces import Event, Task
from evalkit.jobs.files import (
    ADAPTED,
    NEAR_DUPLICATES,
    PREDICTIONS,
    PROMPT,
    Tell,
    evaluation_of,
    read_json,
)
from evalkit.jobs.sent import Sent
from evalkit.lines import InOrder, Pace, Tally, prediction_line
from evalkit.predict import predict as predictions_from
from evalkit.records import Example, Json
from evalkit.serialization import adapted_from_json, pretty, usage_to_json
from evalkit.store import Store, file_sha256
from evalkit.workshop import Spec, Workshop


def predict(shop: Workshop, spec: Spec, folder: Path, on_event: Tell) -> Event:
    """Predict; write the predictions in the order of the examples, and what was really sent."""
    source = Store(Path(spec["root"])).folder("adapt", spec["adapted"])
    adapted = adapted_from_json(read_json(source / ADAPTED), source)
    task, train, examples = TaskView(shop.task(spec)), shop.train(spec), evaluation_of(shop, spec)
    started = time.monotonic()
    near = _overlap(folder, task, train, examples) if train else None
    aside = time.monotonic() - started  # no part of what predicting takes
    watch = Watch(task, train, adapted)
    program = shop.adapter(spec).program(adapted, watch)
    answering = watch.over(shop.answering(spec["models"][spec["model"]]))
    tally, pace, sent = Tally(), Pace(on_event, len(examples)), Sent(examples)
    with at_rest(), (folder / PREDICTIONS).open("wb") as file:
        ordered = InOrder(file, (example.id for example in examples))
        for prediction in predictions_from(task, sent.by(program), examples, answering):
            ordered.write(prediction.example_id, prediction_line(prediction))
            tally.add(prediction)
            pace.step()
    (folder / PROMPT).write_text(pretty(sent.form(adapted)), encoding="utf-8")
    failed = tally.outcomes["failed"]
    if failed == len(examples) and tally.first:
        raise EngineError(f"no example could be answered: {tally.first.reason}", tally.first.hint)
    fairness = {**planned(spec, examples), **watch.facts(program, examples)}
    return {
        "aside": aside,
        "model": spec["models"][spec["model"]]["identity"],
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
