"""Runs one job to its end, wherever an executor put it: reads JSON and files, writes files."""

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evalkit.errors import EngineError, EvalkitError
from evalkit.interfaces import Event
from evalkit.jobs.adapting import adapt
from evalkit.jobs.comparing import by_judge, compare
from evalkit.jobs.files import ADAPTED, Tell
from evalkit.jobs.predicting import predict
from evalkit.jobs.scoring import score
from evalkit.journal import FileJournal
from evalkit.records import Failure
from evalkit.secrets import hide
from evalkit.serialization import failure_to_json, usage_to_json
from evalkit.store import Store
from evalkit.workshop import Spec, Workshop, told

__all__ = ["ADAPTED", "by_judge", "run_job"]

_KINDS: Mapping[str, Callable[..., Event]] = {
    "adapt": adapt,
    "predict": predict,
    "score": score,
    "compare": compare,
}
_FAULT_KIND = {
    "adapt": "adapter",
    "predict": "adapter",
    "score": "metric",
    "compare": "comparison",
}


def run_job(shop: Workshop, spec: Spec, on_event: Tell) -> dict[str, Any] | None:
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

    def tell(text: str) -> None:
        on_event({"notice": text})

    with store.locked(kind, identity, notice=tell, stopping=lambda: shop.stopping):
        note = store.finished(kind, identity) or {"failures": True}
        if not note.get("failures") and note["note_sha256"] != spec["known"]:
            return None  # somebody did the same job since it was planned
        if spec["fresh"]:
            store.forget_attempts(kind, identity)
        return _run_locked(store, shop, spec, on_event)


def _run_locked(store: Store, shop: Workshop, spec: Spec, on_event: Tell) -> dict[str, Any] | None:
    kind, identity = spec["kind"], spec["id"]
    staged = store.unfinished(kind, identity)
    try:
        journal = FileJournal(store.journal(kind, identity), on_event, lambda: shop.stopping)
    except OSError as error:
        return _failure(error, spec)

    def tell(event: Event) -> None:
        journal.tick()
        on_event(event)

    try:
        store.stage(kind, identity)
        shop.ready(spec, journal)
        note = dict(_KINDS[kind](shop, spec, staged, tell))
        seconds = journal.seconds - note.pop("aside", 0.0)
        facts = {"kind": kind, "id": identity, "seconds": round(seconds, 3)}
        wasted = {model: usage_to_json(used) for model, used in journal.unanswered.items()}
        facts |= {"cached": journal.cached, "decisions": dict(journal.records)}
        note = {**facts, "unanswered": wasted, **note}
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
    form = failure_to_json(Failure(reason=hide(reason), kind=kind, hint=hide(hint)))
    if isinstance(error, EvalkitError) and error.__cause__ is None:
        return form
    return {**form, "traceback": hide("".join(traceback.format_exception(error)))}
