"""Finds the model that a suite names and says what exactly would answer, without loading it."""

import hashlib
from pathlib import Path

from evalkit import ModelError, Notify, Params, ResolvedModel
from evalkit_transformers import folder as folders
from evalkit_transformers.gguf_files import EMBEDDED, embedded_folder, user_folder
from evalkit_transformers.hardware import device_for, dtype_for
from evalkit_transformers.params import TransformersParams

ABILITIES = frozenset(
    {"generate", "choices", "schema", "files", "weights:lora", "weights:dora", "weights:peft"}
)


def resolve(name: str, params: Params, notify: Notify) -> ResolvedModel:
    """Resolve a model of this engine; see evalkit's Resolver.

    Raises:
        ModelError: the model cannot be had, or is not fit; the hint says what to do.
    """
    assert isinstance(params, TransformersParams)
    folder, revision = locate(params, notify)
    folders.check(folder)
    device = device_for(params.device)
    dtype = dtype_for(params.dtype, device)
    # In low precision, rounding depends on the rows that are computed side by side.
    exact = {"independent"} if dtype == "float32" else set()
    return ResolvedModel(
        name=name,
        engine="transformers",
        revision=revision or folders.revision(folder, notify),
        dtype=dtype,
        folder=str(folder),
        template_sha256=hashlib.sha256(folders.chat_template(folder).encode()).hexdigest(),
        context_length=folders.context_length(folder),
        abilities=ABILITIES | exact,
        device=device,
    )


def locate(params: TransformersParams, notify: Notify) -> tuple[Path, str | None]:
    """The folder of a model and, from the hub, its commit."""
    path = Path(params.model).expanduser().absolute()
    if params.model == EMBEDDED:
        folder = embedded_folder(notify)
    elif path.suffix.lower() == ".gguf":
        folder = user_folder(path, notify)
    elif path.is_dir() or params.model.startswith(("/", ".", "~")):
        folder = path
    else:
        # Only a model from the hub needs the hub's library.
        from evalkit_transformers.hub import hub_folder

        return hub_folder(params.model, params.revision, notify)
    if params.revision is not None:
        raise ModelError(
            f"{params.model}: this model has no revisions", "leave out revision, or name a hub id"
        )
    return folder, None
