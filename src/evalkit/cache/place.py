"""Where lies what is kept across runs, and how large the response cache may get."""

import os
import re
from pathlib import Path

from evalkit.errors import UserError

_DEFAULT_LIMIT = "5GB"
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def cache_folder() -> Path:
    """``EVALKIT_CACHE``, else ``evalkit`` in the user's cache folder. It may not exist yet."""
    if own := os.environ.get("EVALKIT_CACHE"):
        return Path(own).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return (Path(base).expanduser() / "evalkit").resolve()


def cache_file() -> Path:
    """The file of the response cache. It may not exist yet."""
    return cache_folder() / "responses.sqlite3"


def cache_limit() -> int:
    """How many bytes of answers are kept: ``EVALKIT_CACHE_SIZE``, else 5 GB; 0 keeps none.

    Raises:
        UserError: the variable holds no size.
    """
    text = os.environ.get("EVALKIT_CACHE_SIZE") or _DEFAULT_LIMIT
    match = _SIZE.fullmatch(text)
    if match is None:
        raise UserError(
            f"EVALKIT_CACHE_SIZE: {text!r} is no size",
            'allowed: a number of bytes, or one with a unit, as "500MB" or "2GB"; '
            "0 switches the response cache off",
        )
    return int(float(match[1]) * 1000 ** _POWERS[match[2].upper()])
