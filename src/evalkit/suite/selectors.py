"""Which methods a text means: a name, or a pattern as shells have them."""

from collections.abc import Mapping
from fnmatch import fnmatchcase


def methods_meant(selector: str, methods: Mapping[str, str]) -> list[str]:
    """The methods that a selector means, in their order; none if it fits nothing.

    Args:
        selector: the name of a method, of an adapter (then with every model), or a pattern.
        methods: name of a method -> name of its adapter, sweep included.
    """
    if selector in methods:
        return [selector]
    named = [name for name, adapter in methods.items() if adapter == selector]
    return named or [name for name in methods if fnmatchcase(name, selector)]
