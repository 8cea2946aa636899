"""Analyses by what they were made of: a run in which nothing changed is not analysed anew.

Statistics libraries take longer to import than all else that such a run does.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evalkit.provenance import tree_sha256
from evalkit.run_folder import EXAMPLES, LATENCY, NEAR_DUPLICATES, PREDICTIONS, SCORES
from evalkit.serialization import digest
from evalkit.store import Store, file_sha256

_READ = (EXAMPLES, f"{PREDICTIONS}/*", f"{NEAR_DUPLICATES}/*", f"{SCORES}/*/*", f"{LATENCY}/*")

Form = Mapping[str, Any]


def kept_or_made(
    folder: Path, results: Form, asked: Form, make: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What was found when the same was analysed before, else what `make` finds now.

    Args:
        folder: the run folder.
        results: the content of ``results.json``, before it was analysed.
        asked: what else decides: settings and expectations.
        make: analyses.
    """
    parts = {key: results[key] for key in ("task", "models", "cells", "comparisons", "currency")}
    cells = [{k: v for k, v in cell.items() if k != "jobs"} for cell in parts["cells"]]
    core = tree_sha256(Path(__file__).parents[1])
    identity = digest([core, {**parts, "cells": cells}, _contents(folder), asked])[:24]
    store = Store(folder.parent)
    note = store.finished("analysis", identity)
    if note is None:
        note = {"found": make()}
        store.seal(store.stage("analysis", identity), "analysis", identity, note)
    found: dict[str, Any] = dict(note["found"])
    return {**found, "analysis": _as_of(folder.name, found["analysis"])}


def _contents(folder: Path) -> dict[str, str]:
    """Path in the run folder -> hash, of what an analysis reads beside the results.

    Answers of another day may be worth the same on the whole, and not one by one.
    """
    paths = [path for name in _READ for path in folder.glob(name)]
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in sorted(paths)}


def _as_of(run: str, analysis: Form | None) -> dict[str, Any] | None:
    """The analysis as one of this run, whichever run it was made for."""
    if analysis is None:
        return None
    return {**analysis, "methods": [{**one, "run": run} for one in analysis["methods"]]}
