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
        hasher = _Hasher(model)
        keys = [hasher.key(request) for request in requests]
        return [
            self._of_draw(key) if request.temperature else key
            for key, request in zip(keys, requests, strict=True)
        ]

    def _of_draw(self, key: str) -> str:
        with self._lock:
            number = self._draws[key]
            self._draws[key] += 1
        return hashlib.sha256(f"{key} {self._job} {number}".encode("ascii")).hexdigest()


class _Hasher:
    """Hashes what the requests of a prompt share, all turns but the last and the setting, once."""

    def __init__(self, model: str) -> None:
        self._start = hashlib.sha256(line(["evalkit 1", model]).encode("ascii"))
        self._like: Request | None = None
        self._shared = self._start

    def key(self, request: Request) -> str:
        """The key of a request, as if it were the only one of its kind."""
        if self._like is None or not _alike(self._like, request):
            self._like, self._shared = request, self._start.copy()
            self._shared.update(_setting(request))
            self._shared.update(b"".join(map(_turn, request.messages[:-1])))
        sha256 = self._shared.copy()
        sha256.update(_turn(request.messages[-1]) if request.messages else b"")
        found: str = sha256.hexdigest()
        return found


def _alike(one: Request, other: Request) -> bool:
    """Whether two requests visibly differ in the last turn alone."""
    return (
        len(one.messages) == len(other.messages)
        and all(a is b for a, b in zip(one.messages[:-1], other.messages[:-1], strict=True))
        and one.max_tokens == other.max_tokens
        and one.temperature == other.temperature
        and one.stop == other.stop
        and one.seed == other.seed
        and one.schema is other.schema
        and one.choices == other.choices
        and one.weights == other.weights
    )


def _turn(message: Message) -> bytes:
    """A turn, so that no two different sequences of turns are the same bytes."""
    role = message.role.encode("utf-8", "surrogatepass")
    content = message.content.encode("utf-8", "surrogatepass")
    return b"%d:%b%d:%b" % (len(role), role, len(content), content)


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
