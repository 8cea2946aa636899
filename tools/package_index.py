"""The package indexes that pip is configured to search: which files they list, and their hashes.

pip's own readers are used, since they alone know the user's configuration: indexes, keys, proxies,
certificates. They are no public interface of pip; this was written for pip 23.2 to 26.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pip._internal.commands import create_command
from pip._internal.index.collector import parse_links
from pip._internal.models.link import Link
from pip._internal.network.lazy_wheel import dist_from_wheel_url
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.specifiers import SpecifierSet
from pip._vendor.packaging.tags import Tag
from pip._vendor.packaging.utils import (
    InvalidWheelFilename,
    canonicalize_name,
    parse_wheel_filename,
)
from pip._vendor.packaging.version import Version

OLDEST = 11
"""The oldest Python 3 for which files are of use."""


class Index:
    """All configured indexes as one."""

    def __init__(self, stack: ExitStack) -> None:
        """Read pip's configuration; connections end with `stack`."""
        command: Any = create_command("download")
        logging.disable(logging.WARNING)  # of indexes that have some packages only
        options, _ = command.parse_args([])
        options.cache_dir = None
        stack.enter_context(command.main_context())
        self._session = command._build_session(options)
        finder = command._build_package_finder(options=options, session=self._session)
        self._collector = finder._link_collector
        self._pages: dict[str, dict[Version, list[Link]]] = {}
        self._told: dict[tuple[str, Version], list[Requirement]] = {}

    def files(self, name: str) -> dict[Version, list[Link]]:
        """The useful wheels of a package, by version. Source archives run code when installed."""
        name = canonicalize_name(name)
        if name not in self._pages:
            found = self._pages.setdefault(name, {})
            for link in self._links(name):
                if (version := _version(link, name)) is not None:
                    found.setdefault(version, []).append(link)
        return self._pages[name]

    def newest(self, name: str, allowed: SpecifierSet) -> Version:
        """The newest version that is allowed."""
        fit = [version for version in self.files(name) if allowed.contains(version)]
        if not fit:
            raise SystemExit(f"error: no index has {name}{allowed}")
        return max(fit)

    def requirements(self, name: str, version: Version) -> list[Requirement]:
        """What a wheel needs, read from an index without fetching the rest of the wheel."""
        if (name, version) not in self._told:
            links = [link for link in self.files(name)[version] if not link.is_file]
            found = dist_from_wheel_url(name, links[0].url_without_fragment, self._session)
            told = found.metadata.get_all("Requires-Dist") or ()
            self._told[name, version] = [Requirement(text) for text in told]
        return self._told[name, version]

    def _links(self, name: str) -> Iterator[Link]:
        on_pages: list[Link] = []

        def read(page: Link) -> list[Any]:
            response = self._collector.fetch_response(page)
            on_pages.extend(parse_links(response) if response is not None else ())
            return []

        sources = self._collector.collect_sources(project_name=name, candidates_from_page=read)
        for source in (*sources.find_links, *sources.index_urls):
            if source is not None:
                yield from source.file_links()
                list(source.page_candidates())
        yield from on_pages


def sha256_of(link: Link) -> str:
    """The hash that the index tells of a file, or that a file on this machine has."""
    told: str | None = (link._hashes or {}).get("sha256")
    if told is not None:
        return told
    if not link.is_file:
        raise SystemExit(f"error: the index tells no hash of {link.filename}")
    path = Path(unquote(urlsplit(link.url).path))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version(link: Link, name: str) -> Version | None:
    """The version of a useful wheel of this package; None of any other file."""
    try:
        named, version, _, tags = parse_wheel_filename(link.filename)
    except InvalidWheelFilename:
        return None
    return version if named == name and any(map(_fits, tags)) else None


def _fits(tag: Tag) -> bool:
    """Whether a wheel with this tag can be installed on Linux or macOS with a Python in use."""
    platform = tag.platform
    linux = platform.startswith(("manylinux", "linux"))
    placed = platform == "any" or (linux and platform.endswith(("x86_64", "aarch64")))
    placed |= platform.startswith("macosx") and platform.endswith(("arm64", "x86_64", "universal2"))
    return placed and _runs(tag)


def _runs(tag: Tag) -> bool:
    if re.fullmatch(r"py3\d*", tag.interpreter):
        return tag.abi in ("none", "abi3")
    minor = tag.interpreter.removeprefix("cp3")
    if tag.interpreter == minor or not minor.isdecimal():
        return False
    if tag.abi in ("abi3", "none"):  # of this Python and of every later one
        return True
    return int(minor) >= OLDEST and tag.abi == tag.interpreter
