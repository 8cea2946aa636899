"""Names and links that somebody else wrote, kept from leading out of a folder.

Files are called by what a suite, a plugin or the results of a run call their cells, metrics and
jobs. Such a name is one part of a path; and nothing in a run folder is a link that leaves it.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit.errors import UserError

LONGEST = 200
"""Bytes of a name: file systems allow 255, of which endings and temporary names need some."""


def is_part(name: object) -> bool:
    """Whether a name can be one part of a path, on every system, and no other place's."""
    if not isinstance(name, str) or not name.isprintable() or name.strip(". ") == "":
        return False
    short = len(name.encode("utf-8", "surrogatepass")) <= LONGEST
    return short and not any(sign in name for sign in '/\\:*?"<>|')


def same_file(name: str) -> str:
    """Equal for names that are one file where neither case nor the form of letters is kept."""
    return unicodedata.normalize("NFKC", name).casefold()


def inside(folder: Path, name: str) -> Path:
    """The place with a relative name in a folder, links followed.

    Raises:
        UserError: it is outside the folder.
    """
    place = folder if "\0" in name else (folder / name).resolve()
    if "\0" in name or not place.is_relative_to(folder.resolve()):
        raise UserError(f"{folder}: {name!r} leads out of this folder", "it is not used")
    return place


def check_content(folder: Path) -> None:
    """See that a folder holds plain files and folders, and no link that leaves it.

    Raises:
        UserError: it holds something else.
    """
    home = folder.resolve()
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(home):
            raise UserError(f"{path}: a link that leaves its folder", "put the file itself there")
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise UserError(f"{path}: neither a file nor a folder", "remove it")


def check_names(path: Path, results: Mapping[str, Any]) -> None:
    """See that the names in ``results.json`` are names of files in its run folder.

    Raises:
        UserError: one is not, or stands where none belongs.
    """
    try:
        odd = next((name for name in _names(results) if not is_part(name)), None)
    except (AttributeError, KeyError, TypeError):
        raise UserError(f"{path}: damaged: its cells lack keys", "run the suite again") from None
    if odd is not None:
        shown = repr(odd) if len(repr(odd)) < LONGEST else f"{repr(odd)[:40]}..."
        what = f"{path}: {shown} is no name of a file in the run folder"
        raise UserError(what, "evalkit did not write that: do not use this run folder")


def _names(results: Mapping[str, Any]) -> Iterator[object]:
    """The names of which paths are made."""
    for cell in results["cells"]:
        yield cell["id"]
        yield from cell["scores"]
        yield from (cell["predictions"] or "none").split("/")
        jobs = cell["jobs"] or {}
        yield from (jobs[kind] for kind in ("adapt", "predict") if kind in jobs)
        yield from jobs.get("score", {}).values()
