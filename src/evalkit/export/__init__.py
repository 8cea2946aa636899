"""``evalkit export``: a cell of a finished run as a folder to ship: prompt, weights, model card."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import UserError
from evalkit.export.base import BaseModel, base_of, resolve_base
from evalkit.export.card import CARD, model_card
from evalkit.export.choose import choose_cell
from evalkit.export.folder import free_target, written_whole
from evalkit.export.prompt import PROMPT, prompt_form
from evalkit.export.shipped import Shipped
from evalkit.export.weights import PEFT_CONFIG, copy_weights, name_base, read_adapted
from evalkit.interfaces import Adapter, Notify, Task
from evalkit.manifest import check_cells, read_manifest
from evalkit.params import Params
from evalkit.plugins import Plugins, build_manager, local_folders
from evalkit.records import LocalWeights
from evalkit.results import read_results
from evalkit.serialization import pretty
from evalkit.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to export, and how.

    Attributes:
        run: the run folder.
        cell: id of the cell, or ``best``.
        target: the folder to make.
        merged: a complete model, instead of weights to put on top of one.
        base: public name of the model that was adapted; empty if the suite tells it.
        modules: as given to ``-p``.
    """

    run: Path
    cell: str
    target: Path
    merged: bool = False
    base: str = ""
    modules: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was exported.

    Attributes:
        cell: the cell, as in ``results.json``.
        files: names of the files in the folder, sorted.
        base: the model that was adapted.
        content: what it is, for a person.
    """

    cell: dict[str, Any]
    files: tuple[str, ...]
    base: BaseModel
    content: str


def export(order: Order, notify: Notify) -> Exported:
    """Export a cell of a run.

    Args:
        order: what to export, and how.
        notify: told of what the user should know, and of what takes time.

    Raises:
        UserError: there is no such cell, it did not finish, its files are gone or not those of
            the run, the folder is taken, or the weights cannot be merged.
    """
    results, manifest = read_results(order.run), read_manifest(order.run)
    if "methods" not in manifest:
        what = f"{order.run}: this run was made before evalkit could export"
        raise UserError(what, "run its suite again: finished jobs are not run anew")
    check_cells(order.run, manifest, results)
    cell = choose_cell(results["cells"], order.cell, order.run)
    target = free_target(order.target)
    adapted = read_adapted(Store(order.run.parent), order.run, cell=cell)
    if order.merged and not isinstance(adapted.weights, LocalWeights):
        what = f'{order.run}: cell "{cell["id"]}" has no weights to merge'
        raise UserError(what, "leave --merged out: its prompt is all that there is to export")
    plugins = build_manager(order.modules, local_folders=local_folders())
    _check_code(manifest, cell, plugins, notify)
    adapter, task = _adapter(manifest, cell, plugins), _task(manifest, plugins)
    base = base_of(manifest, results, cell, order.base)
    prompt = prompt_form(adapter, adapted, task)
    with written_whole(target, cell["id"]) as folder:
        if order.merged:
            model = resolve_base(manifest, results, cell, plugins=plugins, notify=notify)
            notify(f"merging the weights into {model.name}")
            adapter.merge(adapted, model, folder)
        elif isinstance(adapted.weights, LocalWeights):
            copy_weights(adapted.weights, folder)
        name_base(folder, base)
        (folder / PROMPT).write_text(pretty(prompt), encoding="utf-8")
        shipped = Shipped(
            name=target.name,
            results=results,
            cell=cell,
            plugins=manifest.get("plugins", []),
            base=base,
            weights=adapted.weights,
            merged=order.merged,
            peft=(folder / PEFT_CONFIG).is_file(),
            prompt=prompt,
        )
        card = model_card(shipped).encode("utf-8", "backslashreplace")  # names may hold anything
        (folder / CARD).write_bytes(card)
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    return Exported(cell=cell, files=tuple(files), base=base, content=shipped.content)


def _adapter(manifest: dict[str, Any], cell: dict[str, Any], plugins: Plugins) -> Adapter:
    """The method of a cell, with the parameters that were in effect."""
    params = manifest["methods"][cell["adapter"]]
    made = _params(plugins.params("adapter", cell["use"]), params)
    adapter: Adapter = plugins.load("adapter", cell["use"])(made)
    return adapter


def _task(manifest: dict[str, Any], plugins: Plugins) -> Task:
    use, params = manifest["task"]["use"], manifest["task"]["params"]
    task: Task = plugins.load("task", use)(_params(plugins.params("task", use), params))
    return task


def _params(cls: type[Params], form: dict[str, Any]) -> Params:
    """The parameters that a manifest tells.

    Raises:
        UserError: the plugin knows no such parameters.
    """
    try:
        return cls.from_form(form)
    except ValueError as error:
        what = f"the manifest has parameters that the plugin refuses: {error}"
        raise UserError(what, "run the suite again: finished jobs are not run anew") from None


def _check_code(
    manifest: dict[str, Any], cell: dict[str, Any], plugins: Plugins, notify: Notify
) -> None:
    """Tell of plugins that are not those of the run: its scores are of what they were then."""
    wanted = {("adapter", cell["use"]), ("task", manifest["task"]["use"])}
    for then in manifest.get("plugins", ()):
        kind, name = then["kind"], then["qualified"]
        if (kind, name) in wanted:
            now = plugins.provenance(kind, name)
            if now["code"] != then["code"]:
                notify(f"note: {kind} {name} was changed since the run, which scored what it was")
