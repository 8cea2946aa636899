"""Parameters as they enter an identity: without places, with the content of files."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.params import DataPath, MaybePath, NotInIdentity, Params
from evalkit.records import Json


def portable(
    params: Mapping[str, Json], cls: type[Params], *, revision: str = ""
) -> dict[str, Any]:
    """Parameters as they enter an identity: the content of files in place of their paths.

    Args:
        params: effective parameters.
        cls: their model.
        revision: for an engine, what its resolver found; it covers paths of the model.
    """
    left_out = cls.marked_keys(DataPath) | cls.marked_keys(NotInIdentity)
    maybe = cls.marked_keys(MaybePath)
    form: dict[str, Any] = {}
    for key, value in params.items():
        if key in left_out or (key in maybe and revision):
            continue
        form[key] = _contents(value) if key in cls.path_keys() else value
    return form


def _contents(value: Json) -> Json:
    """The hash of a file or of all files of a folder; of each, if there are several."""
    if isinstance(value, list):
        return [_contents(item) for item in value]
    if not isinstance(value, str):
        return value
    path = Path(value)
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    hasher = hashlib.sha256()
    for file in files:
        if file.is_file():
            name = file.relative_to(path).as_posix()
            hasher.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return hasher.hexdigest()
