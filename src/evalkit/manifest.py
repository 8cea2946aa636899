"""What a run stands on: suite, plugins, versions, machine; kept as ``manifest.json``."""

import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit import __version__
from evalkit.errors import UserError
from evalkit.machine import this_machine, versions_of_libraries
from evalkit.plan import Inputs
from evalkit.plugins import Plugins
from evalkit.serialization import digest_of, pretty
from evalkit.store import check_shape, read_object, write_atomically
from evalkit.suite import RawSuite, Suite

_TEXT, _TABLE = {"type": "string"}, {"type": "object"}
_USE = {
    "type": "object",
    "required": ["use", "name", "params"],
    "properties": {"use": _TEXT, "name": _TEXT, "params": _TABLE},
}
_PLUGIN = {
    "type": "object",
    "required": ["kind", "qualified", "code"],
    "additionalProperties": _TEXT,
}
_SHAPE = {
    "type": "object",
    "required": ["suite", "profile", "tables", "base", "task"],
    "properties": {
        "suite": _TEXT,
        "profile": _TEXT,
        "base": _TEXT,
        "tables": {
            "type": "object",
            "properties": {"evaluate": _TABLE, "analysis": _TABLE},
        },
        "task": _USE,
        "models": {"type": "array", "items": _USE},
        "methods": {"type": "object", "additionalProperties": _TABLE},
        "plugins": {"type": "array", "items": _PLUGIN},
    },
}
"""What later commands rely on; the first runs had no methods."""


def make_manifest(
    raw: RawSuite, suite: Suite, plugins: Plugins, *, command: Sequence[str]
) -> dict[str, Any]:
    """The manifest of a run that begins."""
    used = provenances(suite, plugins)
    return {
        "evalkit": __version__,
        "suite": str(suite.path),
        "profile": suite.profile,
        "tables": raw.tables,
        "base": str(suite.path.resolve().parent),
        "command": list(command),
        "task": {"use": suite.task.use, "name": suite.task.name, "params": suite.task.params},
        "models": [{"name": m.name, "use": m.use, "params": m.params} for m in suite.models],
        "methods": {
            "-".join(part for part in (a.name, v.label) if part): v.params
            for a in suite.adapters
            for v in a.variants
        },
        "plugins": used,
        "libraries": versions_of_libraries({"evalkit-core", *(p["distribution"] for p in used)}),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "machine": this_machine(),
    }


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a run folder."""
    write_atomically(folder / "manifest.json", pretty(manifest))


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a run folder.

    Raises:
        UserError: it is missing or damaged.
    """
    path = folder / "manifest.json"
    manifest = read_object(path)
    check_shape(path, manifest, _SHAPE)
    if "\0" in manifest["suite"] + manifest["base"]:
        raise UserError(f"{path}: damaged: no path holds a NUL", "run the suite again")
    return manifest


def check_cells(folder: Path, manifest: Mapping[str, Any], results: Mapping[str, Any]) -> None:
    """See that a manifest and the results tell of the model and the method of each cell.

    Raises:
        UserError: they do not.
    """
    models = {model["name"] for model in manifest.get("models", ())}
    models &= {model["name"] for model in results["models"]}
    methods = manifest.get("methods", {})
    for cell in results["cells"]:
        if cell["model"] not in models or cell["adapter"] not in methods:
            what = f"{folder}: manifest and results do not tell what made the cell {cell['id']}"
            raise UserError(what, "run the suite again: finished jobs are not run anew")


def evaluation_sha256(inputs: Inputs) -> str:
    """Hash over the evaluation examples, by which a later command knows the same data."""
    return digest_of([e.id, dict(e.fields), e.target] for e in inputs.evaluation)


def stamp(seconds: float) -> str:
    """A point in time, as seconds since 1970, in UTC by ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def provenances(suite: Suite, plugins: Plugins, *, of_jobs: bool = False) -> list[dict[str, str]]:
    """Every plugin that the suite names, with its version and code hash.

    Args:
        suite: the suite.
        plugins: what is installed.
        of_jobs: only those that jobs run, which must be the same wherever they run.
    """
    named = [("task", suite.task.use), ("executor", suite.executor.use)]
    named += [("engine", use.use) for use in suite.models]
    named += [("adapter", use.use) for use in suite.adapters]
    named += [("metric", use.use) for use in suite.metrics]
    named += [("comparison", use.use) for use in suite.comparisons]
    named += [("reporter", use.use) for use in suite.reporters if not of_jobs]
    return [
        {"kind": kind, "qualified": name, **plugins.provenance(kind, name)}
        for kind, name in dict.fromkeys(named)
    ]
