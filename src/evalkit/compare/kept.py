"""Analyses by what they were made of: a run in which nothing changed is not analysed anew.

Statistics libraries take longer to import than all else that such a run does.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evalkit.provenance import tree_sha256
from evalkit.serialization import digest
from evalkit.store import Store

_CODE = ("compare", "fairness", "stats")
"""The packages of the core whose code makes an analysis."""

Form = Mapping[str, Any]


def kept_or_made(
    root: Path, results: Form, asked: Form, make: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What was found when the same was analysed before, else what `make` finds now.

    Args:
        root: the output folder.
        results: the content of ``results.json``, before it was analysed.
        asked: what else decides: settings and expectations.
        make: analyses.
    """
    parts = {key: results[key] for key in ("task", "models", "cells", "comparisons", "currency")}
    cells = [{k: v for k, v in cell.items() if k != "jobs"} for cell in parts["cells"]]
    code = [tree_sha256(Path(__file__).parents[1] / name) for name in _CODE]
    identity = digest([code, {**parts, "cells": cells}, asked])[:24]
    store = Store(root)
    note = store.finished("analysis", identity)
    if note is None:
        note = {"found": make()}
        store.seal(store.stage("analysis", identity), "analysis", identity, note)
    found: dict[str, Any] = dict(note["found"])
    return found
