"""What a cell's adaptation made: read with all its checks, and copied without its places."""

import json
import shutil
from pathlib import Path
from typing import Any

from evalkit.confined import check_content
from evalkit.errors import UserError
from evalkit.export.base import BaseModel
from evalkit.jobs import ADAPTED
from evalkit.records import AdaptedModel, LocalWeights
from evalkit.serialization import adapted_from_json
from evalkit.store import Store, file_sha256, read_object

PEFT_CONFIG = "adapter_config.json"
_BASE_KEYS = ("base_model_name_or_path", "_name_or_path", "name_or_path")
"""Under these, configurations of peft and transformers say which model they belong to: often the
path from which it was loaded."""


def read_adapted(store: Store, run: Path, *, cell: dict[str, Any]) -> AdaptedModel:
    """The AdaptedModel whose predictions the cell's scores speak of.

    Args:
        store: the output folder of the run.
        run: the run folder.
        cell: a finished cell.

    Raises:
        UserError: its files are gone or damaged, or it was adapted anew since the run.
    """
    jobs = cell["jobs"]
    adapt = store.finished("adapt", jobs["adapt"])
    predict = store.finished("predict", jobs["predict"])
    folder = store.folder("adapt", jobs["adapt"])
    if not adapt or not predict or adapt["content"] != file_sha256(folder / ADAPTED):
        raise UserError(
            f'{run}: what cell "{cell["id"]}" was adapted to is not in {store.root / "jobs"}, '
            "or is damaged",
            "a run folder alone holds scores and predictions: export from where it was made,\n"
            "or run its suite again",
        )
    predictions = run / cell["predictions"]
    seen = predictions.is_file() and file_sha256(predictions) == predict["content"]
    if not seen or predict["from"] != adapt["content"]:
        raise UserError(
            f'{run}: cell "{cell["id"]}" was adapted anew since this run: its scores are not '
            "those of what would be exported",
            "export from the newest run of its suite",
        )
    return adapted_from_json(read_object(folder / ADAPTED), folder)


def copy_weights(weights: LocalWeights, target: Path) -> None:
    """Copy the files of trained weights into a folder.

    Raises:
        UserError: one is a link to a file elsewhere.
    """
    check_content(Path(weights.folder))
    shutil.copytree(weights.folder, target, dirs_exist_ok=True)


def name_base(folder: Path, base: BaseModel) -> None:
    """Have configurations name the base model as others know it, not where it lay here."""
    for path in folder.glob("*config.json"):
        stored = json.loads(path.read_text(encoding="utf-8"))
        named = {key: base.name for key in _BASE_KEYS if key in stored}
        if path.name == PEFT_CONFIG:
            named["base_model_name_or_path"] = base.name
            if base.commit:
                named["revision"] = base.commit
        if named:
            text = json.dumps({**stored, **named}, indent=2)
            path.write_text(text + "\n", encoding="utf-8")
