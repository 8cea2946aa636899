"""Keeps what the environment says in confidence out of what is written of failures.

A plugin hides the keys that it uses itself. This is for those that show up all the same, in the
message or the traceback of an exception: values of variables that are called like keys.
"""

import base64
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

HIDDEN = "[secret]"
_CALLED_SO = re.compile(r"(API|ACCESS|PRIVATE)_?KEY|(^|_)(TOKEN|KEY)$|SECRET|PASSWORD|PASSWD", re.I)
_SHORTEST = 8
"""Shorter values, as the "EMPTY" for a local server, are words."""


def hide(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The text without the values of variables that are called like keys, plain or encoded."""
    return hider(environment)(text)


def hider(environment: Mapping[str, str] = os.environ) -> Callable[[str], str]:
    """`hide` for many texts: the environment is looked at once, now."""
    found = {form for value in _values(environment) for form in _forms(value)}
    forms = sorted(found, key=len, reverse=True)

    def hidden(text: str) -> str:
        for form in forms:
            text = text.replace(form, HIDDEN)
        return text

    return hidden


def hide_in(form: Any, hidden: Callable[[str], str]) -> Any:
    """A JSON form with keys hidden in all its texts; the names of its fields stay.

    Args:
        form: what is to be written.
        hidden: what `hider` returned.
    """
    if isinstance(form, str):
        return hidden(form)
    if isinstance(form, Mapping):
        return {key: hide_in(value, hidden) for key, value in form.items()}
    if isinstance(form, list | tuple):
        return [hide_in(item, hidden) for item in form]
    return form


def _values(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if len(value.strip()) >= _SHORTEST and _CALLED_SO.search(name):
            yield value.strip()


def _forms(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "surrogateescape")
    yield value
    yield quote(raw)
    yield quote(raw, safe="")
    yield json.dumps(value)[1:-1]
    yield repr(value)[1:-1]
    yield base64.b64encode(raw).decode().rstrip("=")
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
