"""Keeps what the environment says in confidence out of what is written of failures.

A plugin hides the keys that it uses itself. This is for those that show up all the same, in the
message or the traceback of an exception: values of variables that are called like keys.
"""

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

HIDDEN = "[secret]"
_CALLED_SO = re.compile(r"(API|ACCESS|PRIVATE)_?KEY|(^|_)(TOKEN|KEY)$|SECRET|PASSWORD|PASSWD", re.I)
_SHORTEST = 8
"""Shorter values, as the "EMPTY" for a local server, are words."""


def hide(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The text without the values of variables that are called like keys, plain or encoded."""
    forms = {form for value in _values(environment) for form in _forms(value)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text


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
