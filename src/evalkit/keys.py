"""Keys of requests: hashes over everything that can change an answer, and over nothing else.

Two requests have one key if the same model (its weights, template, engine and parameters are in
its identity) would be asked the same. Where weights lie, how long to wait, how many to ask at a
time and which key pays for it are no part of it. A sample, drawn at a temperature above 0, is
another one each time: its key holds the job and the number of the draw.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.records import HostedModel, LocalWeights, Message, Request
from evalkit.serialization import line

_Sha256 = Any


class Keys:
    """The keys of the requests of one job. Any thread may ask for some."""

    def __init__(self, job: str) -> None:
        """Make keys for a job."""
        self._job = job
        self._draws: Counter[str] = Counter()
        self._lock = threading.Lock()

    def of(self, model: str, requests: Sequence[Request]) -> list[str]:
        """A key of 64 hexadecimal digits for each request to the model with this identity."""
        opening = _Opening(model)
        keys = [request_key(opening, request) for request in requests]
        return [
            self._of_draw(key) if request.temperature else key
            for key, request in zip(keys, requests, strict=True)
        ]

    def _of_draw(self, key: str) -> str:
        with self._lock:
            number = self._draws[key]
            self._draws[key] += 1
        return hashlib.sha256(f"{key} {self._job} {number}".encode("ascii")).hexdigest()


def request_key(opening: "_Opening", request: Request) -> str:
    """The key of a request, as if it were the only one of its kind."""
    sha256 = opening.of(request.messages[:-1]).copy()
    sha256.update(_turns(request.messages[-1:]))
    sha256.update(_setting(request))
    found: str = sha256.hexdigest()
    return found


class _Opening:
    """Hashes all turns but the last one, which the requests of a prompt share, once."""

    def __init__(self, model: str) -> None:
        self._start = hashlib.sha256(line(["evalkit 1", model]).encode("ascii"))
        self._turns: tuple[Message, ...] = ()
        self._hashed = self._start

    def of(self, turns: tuple[Message, ...]) -> _Sha256:
        known = self._turns
        if len(turns) != len(known) or any(a is not b for a, b in zip(turns, known, strict=True)):
            self._turns, self._hashed = turns, self._start.copy()
            self._hashed.update(_turns(turns))
        return self._hashed


def _turns(messages: Sequence[Message]) -> bytes:
    return b"".join(line([m.role, m.content]).encode("ascii") for m in messages)


def _setting(request: Request) -> bytes:
    """What of a request is not its messages."""
    setting = [
        request.max_tokens,
        request.temperature,
        list(request.stop),
        request.seed if request.temperature else None,
        request.schema,
        None if request.choices is None else list(request.choices),
        _content(request.weights),
    ]
    return line(setting).encode("ascii")


def _content(weights: LocalWeights | HostedModel | None) -> Mapping[str, str] | None:
    """Weights by what is in them, not by where they are."""
    if isinstance(weights, LocalWeights):
        return {"kind": weights.kind, "sha256": weights.sha256}
    if isinstance(weights, HostedModel):
        return {"provider": weights.provider, "model": weights.model_id}
    return None
