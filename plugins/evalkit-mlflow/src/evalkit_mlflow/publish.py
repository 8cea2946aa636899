"""Makes a tracking server show what a plan says; a program of its own, which may be killed.

It runs under the interpreter that has MLflow, needs nothing of evalkit, reads the plan as JSON from
its input, and prints what became of it as one line of JSON.

In the end there is one run for each form of the plan. Runs of an earlier time are known by their
tags. One that still fits is brought up to date. Parameters and figures cannot be taken back,
so one that does not fit is deleted and made anew, as is one that was left unfinished.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException

KEY, CELL, PARENT, NOTE = "evalkit.key", "evalkit.cell", "mlflow.parentRunId", "mlflow.note.content"
METRICS, TEXTS = 400, 20
"""Of a request, which may hold 1 MB: a metric takes up to 2 kB, a text up to 36 kB."""

Form = Mapping[str, Any]


class Publisher:
    """Carries out a plan.

    Attributes:
        stage: what it is at, for the message if that fails.
    """

    def __init__(self, plan: Form) -> None:
        """Do nothing yet."""
        self._plan = plan
        self.stage = "the tracking URI"

    def publish(self) -> dict[str, str]:
        """Carry it out; the ids of the experiment and of the parent."""
        self._client = MlflowClient(self._plan["uri"])
        self._experiment = self._find_experiment(self._plan["experiment"])
        self.stage = "the runs of an earlier time"
        known = list(self._known())
        parent, *cells = self._plan["runs"]
        parent_id = self._ensure(parent, _of(known, ""), {}, self._plan["artifacts"])
        for form in cells:
            self._ensure(form, _of(known, form["cell"]), {PARENT: parent_id}, [])
        return {"experiment": self._experiment, "run": parent_id}

    def _find_experiment(self, name: str) -> str:
        self.stage = f'the experiment "{name}"'
        found = self._client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(self._client.create_experiment(name))
            except MlflowException as error:  # somebody else was faster
                found = self._client.get_experiment_by_name(name)
                if found is None:
                    raise error
        if found.lifecycle_stage != "active":
            raise MlflowException("it was deleted; restore it, or take another name")
        return str(found.experiment_id)

    def _known(self) -> Iterator[Run]:
        """All runs that were made of this run of evalkit."""
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment],
                f"tags.`{KEY}` = '{self._plan['key']}'",
                page_token=token,
            )
            yield from page
            token = page.token
            if not token:
                return

    def _ensure(
        self, form: Form, known: Sequence[Run], tags: Form, artifacts: Sequence[Sequence[str]]
    ) -> str:
        """Let there be one run of that form, with these tags besides; its id."""
        self.stage = f"the run {form['name']}"
        kept = next((run for run in known if fits(run, form)), None)
        for run in known:
            if run is not kept:
                self._client.delete_run(run.info.run_id)
        tags = {**form["tags"], **tags}
        if kept is None:
            new = {**tags, **({NOTE: form["note"]} if form["note"] else {})}
            kept = self._client.create_run(
                self._experiment, form["start_ms"], new, run_name=form["name"]
            )
        run_id = str(kept.info.run_id)
        self._client.update_run(run_id, status="RUNNING", name=form["name"])
        self._log(run_id, kept, form, tags)
        for path, folder in artifacts:
            self.stage = f"the artefact {path}"
            self._client.log_artifact(run_id, path, folder or None)
        self.stage = f"the run {form['name']}"
        self._client.set_terminated(run_id, form["status"], form["end_ms"])
        return run_id

    def _log(self, run_id: str, kept: Run, form: Form, tags: Form) -> None:
        """Add what a run lacks."""
        now = self._plan["now_ms"]
        metrics = [
            Metric(name, value, now, step)
            for name, points in form["metrics"].items()
            if kept.data.metrics.get(name) != points[-1][1]
            for step, value in points
        ]
        old = kept.data.params
        params = [Param(name, text) for name, text in form["params"].items() if name not in old]
        texts = [RunTag(name, text) for name, text in tags.items()]
        for part in _parts(metrics, METRICS):
            self._client.log_batch(run_id, metrics=part)
        for part in _parts(params, TEXTS):
            self._client.log_batch(run_id, params=part)
        for part in _parts(texts, TEXTS):
            self._client.log_batch(run_id, tags=part)


def fits(run: Run, form: Form) -> bool:
    """Whether a run can be brought to a form: it is whole, and holds nothing that has changed."""
    params, metrics = form["params"], form["metrics"]
    return (
        run.info.status != "RUNNING"
        and all(params.get(name) == text for name, text in run.data.params.items())
        and run.data.metrics.keys() <= metrics.keys()
        and all(
            len(points) == 1 or run.data.metrics.get(name, points[-1][1]) == points[-1][1]
            for name, points in metrics.items()
        )
    )


def _of(runs: Sequence[Run], cell: str) -> list[Run]:
    return [run for run in runs if run.data.tags.get(CELL, "") == cell]


def _parts(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def main() -> None:
    """Read a plan, carry it out, tell what became of it."""
    publisher = Publisher(json.load(sys.stdin))
    try:
        told = publisher.publish()
    except Exception as error:
        told = {"stage": publisher.stage, "kind": type(error).__name__, "error": str(error)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
