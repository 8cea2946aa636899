"""The core and this engine alone install no model library."""

import re
from importlib import metadata

HEAVY = {"torch", "transformers", "vllm", "openai", "litellm", "tokenizers", "nvidia-nccl-cu13"}


def needed_by(*roots):
    """All distributions that an installation of `roots` needs, without extras."""
    found, left = set(), list(roots)
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name in found:
            continue
        try:
            requires = metadata.requires(name) or ()
        except metadata.PackageNotFoundError:
            continue  # for another system or Python
        found.add(name)
        plain = [line for line in requires if "extra ==" not in line]
        left += [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in plain]
    return found


def test_nothing_heavy_is_installed():
    needed = needed_by("evalkit-core", "evalkit-openai")
    assert {"httpx", "pydantic", "pluggy"} <= needed
    assert not needed & HEAVY
    assert len(needed) < 40


def test_a_heavy_dependency_would_be_noticed():
    assert "torch" in needed_by("evalkit-transformers")
