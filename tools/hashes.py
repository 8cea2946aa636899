"""Writes beside each pin of a lock the hashes of its files: pip then installs nothing else.

    python tools/hashes.py LOCK...          read the pins, write them with their hashes
    python tools/hashes.py --cuda TORCH     print the pins of what torch's builds for GPUs need

A lock is a requirements file: ``name==version``, with hashes or still without. Hashes that it has
are kept while the version stays: an index that this machine does not search may have those builds.
Hashed are wheels for Linux and macOS, of Python 3.11 and later.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from package_index import Index, sha256_of
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.specifiers import SpecifierSet
from pip._vendor.packaging.utils import canonicalize_name
from pip._vendor.packaging.version import Version

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_OF_CUDA = re.compile(r"(cuda|nvidia)-|triton$")


def read(lock: Path) -> tuple[list[str], dict[str, set[str]]]:
    """The comments at the top of a lock, and pin -> hashes."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    pins: dict[str, set[str]] = {}
    for line in lines:
        if line and not line.startswith(("#", " ")):
            pins[pin := line.split(" ")[0]] = set()
        if line.startswith(" "):
            pins[pin].update(_HASH.findall(line))
    return [line for line in lines if line.startswith("#")], pins


def hashed(index: Index, pin: str, known: set[str]) -> Iterator[str]:
    """The lines of a pin."""
    name, _, version = pin.partition("==")
    files = [
        link
        for found, links in index.files(name).items()
        if Version(found.public) == Version(version)  # +cpu and the like are builds of it
        for link in links
    ]
    if not files:
        raise SystemExit(f"error: no index has a wheel of {pin} for Linux or macOS")
    hashes = sorted({sha256_of(link) for link in files} | known)
    yield f"{pin} \\"
    yield from (f"    --hash=sha256:{sha256} \\" for sha256 in hashes[:-1])
    yield f"    --hash=sha256:{hashes[-1]}"


def lock_hashes(index: Index, lock: Path) -> None:
    """Write the hashes into a lock, once all of them are there."""
    comments, pins = read(lock)
    lines = [*comments]
    for pin in sorted(pins):
        lines += hashed(index, pin, pins[pin])
    lock.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"      {lock}: {len(pins)} packages, {len(lines) - len(comments) - len(pins)} hashes")


def cuda_pins(index: Index, torch: str) -> list[str]:
    """What torch's builds for GPUs need on Linux, which its other builds do not."""
    told = index.requirements("torch", Version(torch))
    asked = {"torch": [one for one in told if _OF_CUDA.match(one.name)]}
    pins: dict[str, Version] = {}
    while (found := newest(index, asked)) != pins:
        pins = found
        for name, version in pins.items():
            extras = {extra for one in about(name, asked) for extra in one.extras}
            needed = index.requirements(name, version)
            asked[name] = [one for one in needed if applies(one, extras)]
    return [f"{name}=={version}" for name, version in sorted(pins.items())]


def newest(index: Index, asked: Mapping[str, list[Requirement]]) -> dict[str, Version]:
    """The newest version of each package that all who ask for it allow."""
    names = {canonicalize_name(one.name) for needed in asked.values() for one in needed}
    return {name: index.newest(name, SpecifierSet(",".join(bounds(name, asked)))) for name in names}


def bounds(name: str, asked: Mapping[str, list[Requirement]]) -> list[str]:
    """Which versions of a package are allowed."""
    return [str(one.specifier) for one in about(name, asked) if one.specifier]


def about(name: str, asked: Mapping[str, list[Requirement]]) -> list[Requirement]:
    """What is asked of a package."""
    all_asked = [one for needed in asked.values() for one in needed]
    return [one for one in all_asked if canonicalize_name(one.name) == name]


def applies(needed: Requirement, extras: set[str]) -> bool:
    """Whether something is needed on Linux, with these extras."""
    linux = {"platform_system": "Linux", "sys_platform": "linux"}
    where = [{**linux, "extra": extra} for extra in ("", *extras)]
    return needed.marker is None or any(map(needed.marker.evaluate, where))


def main(arguments: list[str]) -> None:
    """Do what the arguments say."""
    with ExitStack() as stack:
        index = Index(stack)
        if arguments[:1] == ["--cuda"]:
            print("\n".join(cuda_pins(index, arguments[1])))
        for lock in arguments if arguments[:1] != ["--cuda"] else ():
            lock_hashes(index, Path(lock))


if __name__ == "__main__":
    main(sys.argv[1:])
