"""What MLflow logs in with: whether there is any, and how messages are kept free of it."""

import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

USERNAME, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
TOKEN = "MLFLOW_TRACKING_TOKEN"
_ALL = (USERNAME, PASSWORD, TOKEN, "MLFLOW_TRACKING_AUTH", "MLFLOW_TRACKING_AWS_SIGV4")
_FILE = "~/.mlflow/credentials"
_HIDDEN = "[secret]"


def held(environment: Mapping[str, str]) -> list[str]:
    """Where credentials lie that MLflow would send to whichever server it is told of."""
    names = [name for name in _ALL if environment.get(name)]
    return [*names, _FILE] if any(_of_file().values()) else names


def hidden(text: str, uri: str) -> str:
    """The text without the credentials of the URI, of the environment and of MLflow's file."""
    forms = {form for value in _values(uri) for form in (value, unquote(value), quote(value, ""))}
    for form in sorted(forms - {""}, key=len, reverse=True):
        text = text.replace(form, _HIDDEN)
    return text


def _values(uri: str) -> Iterator[str]:
    """What must not be shown, names and passwords also as a request holds them."""
    of_file = _of_file()
    yield os.environ.get(TOKEN, "")
    yield from _login(
        *(os.environ.get(key) or of_file.get(key, "") for key in (USERNAME, PASSWORD))
    )
    for one in (uri, os.environ.get("MLFLOW_TRACKING_URI", "")):
        try:
            parts = urlsplit(one)
        except ValueError:
            yield one
            continue
        yield parts.query
        name, _, password = parts.netloc.rpartition("@")[0].partition(":")
        yield from (name, password)
        yield from _login(unquote(name), unquote(password))


def _login(name: str, password: str) -> Iterator[str]:
    yield from (name, password)
    if name or password:
        yield b64encode(f"{name}:{password}".encode(errors="surrogateescape")).decode("ascii")


def _of_file() -> dict[str, str]:
    """MLflow's file of credentials: variable -> its value there; empty if it cannot be read."""
    parser = ConfigParser(interpolation=None)
    try:
        parser.read(Path(_FILE).expanduser(), encoding="utf-8")
    except (OSError, Error, ValueError, RuntimeError):
        return {}
    return {key: parser.get("mlflow", key, fallback="") for key in (USERNAME, PASSWORD)}
