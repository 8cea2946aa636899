"""The model that was adapted: what others know it by, and where it is on this machine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.errors import UserError
from evalkit.interfaces import Notify
from evalkit.plugins import Plugins
from evalkit.records import ResolvedModel

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseModel:
    """The model that was adapted.

    Attributes:
        name: its public name, else the suite's name for it.
        public: whether the name is public: ``owner/name`` on a hub.
        commit: the hub's commit of its files; empty if they are not known to come from there.
        engine: name of the engine plugin that ran it.
        revision: hash or commit of its weights.
        dtype: number format in which it computed.
    """

    name: str
    public: bool
    commit: str
    engine: str
    revision: str
    dtype: str


def base_of(
    manifest: Mapping[str, Any], results: Mapping[str, Any], cell: Mapping[str, Any], given: str
) -> BaseModel:
    """The model of a cell.

    The suite tells its public name if it names the model by a hub id; else the user may.

    Args:
        manifest: content of ``manifest.json``.
        results: content of ``results.json``.
        cell: the cell.
        given: the public name that the user gives; empty if none.

    Raises:
        UserError: the given name is no hub id.
    """
    if given and not _HUB_ID.fullmatch(given):
        raise UserError(f"--base {given}: no public name of a model", "write it as OWNER/NAME")
    said = str(_use(manifest, cell)["params"].get("model", ""))
    from_hub = said if _HUB_ID.fullmatch(said) else ""
    found = _result(results, cell)
    return BaseModel(
        name=given or from_hub or cell["model"],
        public=bool(given or from_hub),
        commit=found["revision"] if from_hub and given in ("", from_hub) else "",
        engine=found["engine"],
        revision=found["revision"],
        dtype=found["dtype"],
    )


def resolve_base(
    manifest: Mapping[str, Any],
    results: Mapping[str, Any],
    cell: Mapping[str, Any],
    *,
    plugins: Plugins,
    notify: Notify,
) -> ResolvedModel:
    """The model of a cell with its files on this machine.

    Raises:
        ModelError: it cannot be had.
        UserError: it has no files here, or is another one than in the run.
    """
    use = _use(manifest, cell)
    resolver = plugins.resolver(use["use"])
    params = plugins.params("engine", use["use"]).from_form(use["params"])
    model: ResolvedModel | None = resolver(use["name"], params, notify) if resolver else None
    if model is None or model.folder is None:
        raise UserError(
            f"model {use['name']}: the engine {use['use']} keeps no files of it on this machine",
            "export the weights as they are: leave --merged out",
        )
    if model.revision != _result(results, cell)["revision"]:
        raise UserError(
            f"model {use['name']}: its files are not those of the run",
            "run the suite again, or export the weights as they are: leave --merged out",
        )
    return model


def _use(manifest: Mapping[str, Any], cell: Mapping[str, Any]) -> dict[str, Any]:
    """The engine and the parameters of a cell's model, as they were in effect."""
    found: dict[str, Any] = next(m for m in manifest["models"] if m["name"] == cell["model"])
    return found


def _result(results: Mapping[str, Any], cell: Mapping[str, Any]) -> dict[str, Any]:
    """What the run found the model to be."""
    found: dict[str, Any] = next(m for m in results["models"] if m["name"] == cell["model"])
    return found
