"""Hashes of the code that a job runs; part of identities and manifests."""

import hashlib
from collections.abc import Mapping
from importlib import util
from pathlib import Path


def code_sha256(module: str) -> str:
    """Hash over the source files of the top-level package, or the module, that holds `module`.

    The core's own modules are hashed one by one, so that the rest of the core may change.
    """
    top = module if module.startswith("evalkit.") else module.partition(".")[0]
    spec = util.find_spec(top)
    if spec is None:
        return ""
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    if spec.origin and (not folders or module.startswith("evalkit.")):
        files = {Path(spec.origin).name: Path(spec.origin)}
    else:
        files = {f.relative_to(top).as_posix(): f for top in folders for f in top.rglob("*.py")}
    return _sha256(files)


def tree_sha256(folder: Path) -> str:
    """Hash over the source files below a folder."""
    return _sha256({path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")})


def _sha256(files: Mapping[str, Path]) -> str:
    hasher = hashlib.sha256()
    for name in sorted(files):
        hasher.update(name.encode() + b"\0" + files[name].read_bytes() + b"\0")
    return hasher.hexdigest()
