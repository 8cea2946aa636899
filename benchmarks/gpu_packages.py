"""Prints what a machine must be sent beside what it has: what our packages need, pinned.

``python -m benchmarks.gpu_packages PYTHON NAME...``: the version of its Python, and the names of
the packages that it has.
"""

import sys
import tomllib
from collections.abc import Collection, Iterable, Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks.harness import ROOT

OURS = {
    "evalkit-core": ".",
    **{
        f"evalkit-{name}": f"plugins/evalkit-{name}"
        for name in ("webnlg", "f1", "prompting", "lora", "dspy", "transformers")
    },
}
"""Our distributions, and their folders."""


def main(python: str, *there: str) -> None:
    """Print the pins, one a line."""
    passed: set[str] = {canonicalize_name(name) for name in (*there, *OURS)}
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting = [one for folder in OURS.values() for one in needed(declared(folder), {""}, python)]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in passed or str(one) in seen:
            continue
        seen.add(str(one))  # the same package may be wanted with other extras
        found[name] = metadata.version(name)
        waiting += needed(metadata.requires(name) or (), {"", *one.extras}, python)
    print(*(f"{name}=={found[name]}" for name in sorted(found)), sep="\n")


def declared(folder: str) -> list[str]:
    """What one of our distributions depends on."""
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[str] = project["project"]["dependencies"]
    return found


def needed(
    requirements: Iterable[str], extras: Collection[str], python: str
) -> Iterator[Requirement]:
    """Those requirements that hold for these extras and that Python."""
    for text in requirements:
        one = Requirement(text)
        settings = [
            {"extra": extra, "python_version": python, "python_full_version": f"{python}.0"}
            for extra in extras
        ]
        if one.marker is None or any(one.marker.evaluate(each) for each in settings):
            yield one


if __name__ == "__main__":
    main(*sys.argv[1:])
