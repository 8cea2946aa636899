"""The machine and the installed libraries that a run stands on, for its manifest.

Nothing is imported for it: what is not told by the system's own files is left out.
"""

import os
import platform
import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

_GPUS = Path("/proc/driver/nvidia/gpus")
_PROCESSORS = Path("/proc/cpuinfo")


def this_machine() -> dict[str, Any]:
    """The ``processor``, the ``memory_gb`` in all, and the names of the NVIDIA ``gpus``."""
    return {
        "processor": _named(_PROCESSORS, "model name") or platform.processor(),
        "memory_gb": _memory_gb(),
        "gpus": [_named(path, "Model") for path in sorted(_GPUS.glob("*/information"))],
    }


def versions_of_libraries(distributions: Iterable[str]) -> dict[str, str]:
    """Versions of what these distributions ask for, name -> version, as far as it is installed."""
    found = {}
    for distribution in distributions:
        for requirement in _required(distribution):
            name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
            try:
                found[name] = metadata.version(name)
            except (metadata.PackageNotFoundError, ValueError):
                continue  # an extra that nobody asked for
    return dict(sorted(found.items()))


def _required(distribution: str) -> Iterable[str]:
    try:
        return metadata.requires(distribution) or ()
    except (metadata.PackageNotFoundError, ValueError):
        return ()  # a module given by -p, or the suite's own


def _named(path: Path, key: str) -> str:
    """The text after the first ``key:`` in a file of the system; empty if there is none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(rf"^{key}\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def _memory_gb() -> float | None:
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None
    return round(size / 1e9, 1)
