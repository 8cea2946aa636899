"""Names and texts as MLflow takes them.

Source: ``mlflow/utils/validation.py`` of MLflow 3.17: names of up to 250 letters, digits and
``/_.- ``, in the normal form of a path; values of parameters up to 6,000 characters, of tags up to
8,000 (5,000 in older servers).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import normpath
from typing import Any

LONGEST_NAME, LONGEST_PARAM, LONGEST_TAG = 250, 6_000, 5_000
_CUT = " ... (cut)"


def valid_name(name: str) -> str:
    """The name with ``_`` for what MLflow does not allow; never empty.

    Names of ours are separated by ``/``. A part that is ``.`` or ``..``, or empty, is replaced, as
    names may be taken for paths.
    """
    text = re.sub(r"[^\w./ \-]", "_", name)
    parts = (part if part.strip(".") else "_" for part in text.split("/"))
    return normpath("/".join(parts))[:LONGEST_NAME].rstrip("/")


def unique_names(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Valid name -> value; of names that become alike, the later ones get a number."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        valid, number = valid_name(name), 2
        while valid in found:
            ending = f"_{number}"
            valid = valid_name(name)[: LONGEST_NAME - len(ending)] + ending
            number += 1
        found[valid] = value
    return found


def valid_text(value: Any, most: int) -> str:
    """A text as it is, anything else as JSON; cut, with a mark, where it is too long.

    Control characters and lone surrogates, at which databases stumble, are escaped. No text at
    all, which is refused too, is shown as two quotes.
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = re.sub("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", _escape, text[: most + 1]) or '""'
    return text if len(text) <= most else text[: most - len(_CUT)] + _CUT


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def flat(form: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """The values of nested tables, each under its path: ``prefix.key.key``."""
    for key, value in form.items():
        name = f"{prefix}.{key}"
        if isinstance(value, Mapping) and value:
            yield from flat(value, name)
        else:
            yield name, value
