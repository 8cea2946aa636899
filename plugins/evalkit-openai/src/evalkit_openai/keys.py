"""Secrets: taken from the environment, sent to the endpoint, shown nowhere."""

import base64
import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from evalkit import ModelError
from evalkit_openai.params import OpenAIParams

_SHORTEST = 8
"""Shorter values, such as the "EMPTY" of a local server, are no secrets but words."""

_LOGGERS = ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "proxy", "socks")))
"""The loggers of the network library, some of which tell the headers of a reply."""


class Keys:
    """The headers that hold secrets, and the means to keep these out of every text."""

    def __init__(self, headers: Mapping[str, str], secrets: Iterable[str]) -> None:
        """Keep `headers`; `secrets` are the parts of them to hide."""
        self.headers = dict(headers)
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)

    def __repr__(self) -> str:
        """The names of the headers alone."""
        return f"Keys({', '.join(self.headers)})"

    def hide(self, text: str) -> str:
        """The text with every secret, plain or encoded, replaced by a mark."""
        for form in self._forms:
            text = text.replace(form, "[secret]")
        return text

    @contextmanager
    def hidden_in_logs(self) -> Iterator[None]:
        """Hide the secrets in what the network library logs meanwhile."""

        def hide(record: logging.LogRecord) -> bool:
            record.msg, record.args = self.hide(record.getMessage()), ()
            return True

        loggers = [logging.getLogger(name) for name in _LOGGERS]
        for logger in loggers:
            logger.addFilter(hide)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeFilter(hide)


def read_keys(params: OpenAIParams, environment: Mapping[str, str] = os.environ) -> Keys:
    """The keys that the parameters name.

    Raises:
        ModelError: a variable is not set, or no header can hold its value.
    """
    headers, secrets = {}, []
    variable = params.api_key_env
    if variable and (environment.get(variable, "").strip() or not params.is_local):
        key = _value(variable, environment, "api-key-env")
        headers["Authorization"] = f"Bearer {key}"
        secrets += [key, headers["Authorization"]]
    for header, variable in params.headers_env.items():
        headers[header] = _value(variable, environment, "headers-env")
        secrets += [headers[header], *headers[header].split()]
    return Keys(headers, secrets)


def _value(variable: str, environment: Mapping[str, str], parameter: str) -> str:
    value = environment.get(variable, "").strip()
    if not value:
        raise ModelError(
            f"{parameter}: the environment variable {variable} is not set",
            f"put the endpoint's key into it, or name another variable: {parameter} = ...",
        )
    if not (value.isascii() and value.isprintable()):
        raise ModelError(
            f"{parameter}: the value of {variable} has characters that no header can hold",
            "it must be printable ASCII; was it copied whole?",
        )
    return value


def _forms(secret: str) -> set[str]:
    """The ways in which a secret may appear in a text."""
    raw, escaped = secret.encode(), json.dumps(secret)[1:-1]
    encoded = {base64.b64encode(raw), base64.urlsafe_b64encode(raw)}
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        escaped,
        escaped.replace("/", "\\/"),
        repr(raw)[2:-1],
        *(form.decode().rstrip("=") for form in encoded),
    }
