"""Scores a finished run by further metrics, from its predictions, without generating."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit.errors import UserError
from evalkit.executors import LocalExecutor
from evalkit.interfaces import Executor
from evalkit.manifest import evaluation_sha256, read_manifest
from evalkit.params import Params
from evalkit.plan import Inputs, Job, Planner
from evalkit.plugins import Plugins, build_manager, local_folders
from evalkit.preflight import check_answers, load_evaluation, load_task
from evalkit.results import read_results, score_result
from evalkit.run_folder import RunFolder
from evalkit.serialization import pretty
from evalkit.store import Store, file_sha256, write_atomically
from evalkit.suite import RawSuite, Suite, check_suite
from evalkit.suite.read import apply_overrides


def rescore(
    folder: Path,
    metrics: Sequence[str],
    *,
    overrides: Sequence[str] = (),
    name: str = "",
    modules: Sequence[str] = (),
) -> dict[str, Any]:
    """Add scores to ``results.json`` of a run folder.

    Args:
        folder: the run folder.
        metrics: names of metric plugins.
        overrides: their parameters, ``key=value``.
        name: what to call the score in the results; by default the metric's name.
        modules: as given to ``-p``.

    Returns:
        The new content of ``results.json``.

    Raises:
        UserError: an unknown metric or parameter, or data that changed since the run.
    """
    kept = RunFolder(folder, Store(folder.parent))
    kept.lock()  # results are read, added to, and written
    try:
        plugins = build_manager(modules, local_folders=local_folders())
        tables = [{"use": metric, **({"name": name} if name else {})} for metric in metrics]
        for table in tables:
            apply_overrides(table, overrides)
        return _rescored(kept, tables, plugins, modules)
    finally:
        kept.close()


def _rescored(
    kept: RunFolder, tables: Sequence[dict[str, Any]], plugins: Plugins, modules: Sequence[str]
) -> dict[str, Any]:
    folder = kept.path
    results = read_results(folder)
    suite = _suite(read_manifest(folder), tables, plugins)
    task = load_task(suite, plugins)
    check_answers(suite, task, plugins)
    inputs = Inputs(task=task, train=(), evaluation=load_evaluation(suite, task), models={})
    if evaluation_sha256(inputs) != results["task"]["evaluation_sha256"]:
        raise UserError(
            f"{folder}: the evaluation data is not what this run was evaluated on",
            "score where the same data lies, or run the suite again",
        )
    planner = Planner(suite, inputs, plugins)
    store, executor = Store(folder.parent), LocalExecutor(Params())
    choice = {"modules": list(modules), "local": [str(path) for path in local_folders()]}
    anywhere: dict[str, Any] = {"root": str(store.root), "plugins": choice, "provenance": []}
    anywhere |= {"cache": "off", "fresh": False}
    scored = []
    for cell in results["cells"]:
        for metric in suite.metrics if cell["predictions"] else ():
            job = planner.score(metric, cell["id"], cell["jobs"]["predict"])
            predictions = folder / cell["predictions"]
            known = {cell["jobs"]["predict"]: str(predictions)}
            spec = {**job.spec, **anywhere, "predictions": known}
            note = store.finished(job.kind, job.id) or {}
            if note.get("from") != _content(predictions):
                spec |= {"known": note.get("note_sha256")}
                note = dict(_run(job, spec, store, executor))
            cell["scores"][metric.name] = score_result(note)
            cell["jobs"]["score"][metric.name] = job.id
            scored.append((cell["id"], metric.name, job.id))
    for one in scored:  # only now: no metric has failed
        kept.keep_scores(*one)
    write_atomically(folder / "results.json", pretty(results))
    return results


def _content(predictions: Path) -> str:
    """Hash of the predictions of a cell.

    Raises:
        UserError: they are not there.
    """
    try:
        return file_sha256(predictions)
    except OSError as error:
        what = f"{predictions}: cannot be read: {error.strerror}"
        raise UserError(what, "run the suite again") from None


def _suite(
    manifest: Mapping[str, Any],
    metrics: Sequence[Mapping[str, Any]],
    plugins: Plugins,
) -> Suite:
    """The suite of the run with these metrics alone; it needs no adapter and no model.

    The parameters of the task are those that were in effect: their paths are absolute, wherever
    the suite or ``--set`` had them start.
    """
    task = manifest["task"]
    raw = RawSuite(
        path=Path(manifest["base"]) / Path(manifest["suite"]).name,
        profile=manifest["profile"],
        tables={
            "task": {"use": task["use"], "name": task["name"], **task["params"]},
            "evaluate": manifest["tables"].get("evaluate", {}),
            "metrics": [dict(metric) for metric in metrics],
        },
        profiles=(),
    )
    return check_suite(raw, plugins, runnable=False)


def _run(job: Job, spec: Mapping[str, Any], store: Store, executor: Executor) -> Mapping[str, Any]:
    """Run the job; what it noted.

    Raises:
        UserError: it failed; with the traceback, if the metric has a bug.
    """
    failure = executor.run(spec, lambda event: None)
    if isinstance(failure, Mapping):
        hint = str(failure.get("traceback", failure["hint"]))
        raise UserError(f"{job.label}: {failure['reason']}", hint)
    return store.finished(job.kind, job.id) or {}
