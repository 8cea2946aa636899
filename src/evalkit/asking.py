"""How the questions of a job are answered: each once, whatever happens in between.

A request is answered from what an earlier attempt at the job was told, else from the response
cache, else by the engine; equal requests are asked once. Answers are kept as they come, Failures
never. Where an answer depends on what else is asked with it, requests go to the engine in groups
that are journalled before they are asked: a group that was cut short by a kill is asked again as
a whole, under the same number, and is answered as it would have been.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from evalkit.errors import EngineError, StopRequested
from evalkit.interfaces import Attempt, Engine
from evalkit.journal import FileJournal, Part, Wave, payload
from evalkit.keys import Keys
from evalkit.predict import Answer, Answering, answers_of
from evalkit.records import Completion, Request, Usage
from evalkit.serialization import kept_answer
from evalkit.strict import strict_json

_AT_ONCE, _AT_MOST_S = 2048, 0.25
"""Answers of an engine that is fast are kept together: so many, or those of so many seconds."""

_FIRST_GROUP, _LARGEST_GROUP = 256, 1024
"""Groups double up to here: small enough that a kill costs little, large enough for a GPU, and the
same in every run, as answers may depend on them."""


class Cache(Protocol):
    """The response cache, as `evalkit.cache` has it."""

    def find(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is kept under these keys."""

    def keep(self, payloads: Mapping[str, bytes], *, model: str) -> None:
        """Keep answers of a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who answers.

    Attributes:
        name: the suite's name of the model.
        identity: of the model, with all that can change its answers.
        independent: whether an answer does not depend on what else is asked with it.
        engine: makes or finds the engine, at the first question that only it can answer.
        gone: called with an engine that gave up.
        told: makes an error out of whatever else an engine raised.
    """

    name: str
    identity: str
    independent: bool
    engine: Callable[[], Engine]
    gone: Callable[[Engine], None]
    told: Callable[[Exception], EngineError]


class Asker:
    """Answers the questions of one job."""

    def __init__(
        self,
        journal: FileJournal,
        *,
        job: str,
        cache: Cache | None = None,
        refresh: bool = False,
    ) -> None:
        """Answer for a job.

        Args:
            journal: the job's.
            job: its identity; samples (temperature above 0) of other jobs are other samples.
            cache: the response cache; None for none.
            refresh: write to the cache, but do not read it.
        """
        self._journal = journal
        self._cache = cache
        self._refresh = refresh
        self._keys = Keys(job)
        self._parts: dict[str, _EnginePart] = {}

    def over(self, source: Source) -> Answering:
        """How requests to `source` are answered."""

        def answer(requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
            places: dict[str, list[int]] = {}
            for index, key in enumerate(self._keys.of(source.identity, requests)):
                places.setdefault(key, []).append(index)
            asked = {key: requests[indices[0]] for key, indices in places.items()}
            for key, found in self._answers(source, asked):
                for index in places[key]:
                    yield index, found

        return answer

    def _answers(
        self, source: Source, asked: Mapping[str, Request]
    ) -> Iterator[tuple[str, Answer]]:
        """Answers to distinct requests, by their keys."""
        rest = dict(asked)
        for key in asked:
            known = self._journal.answer(key)
            if known is not None:
                del rest[key]
                yield key, known
        for key, known in self._from_cache(rest).items():
            del rest[key]
            yield key, known
        for wave in self._waves(source, asked, rest):
            if self._journal.stopping:
                raise StopRequested
            keys = wave.keys or tuple(rest)
            yield from self._ask(source, wave, {key: asked[key] for key in keys}, rest)

    def _from_cache(self, wanted: Mapping[str, Request]) -> dict[str, Completion]:
        if self._cache is None or self._refresh or not wanted:
            return {}
        found: dict[str, Completion] = {}
        seconds = 0.0
        for key, form in self._cache.find(list(wanted)).items():
            if (cached := read_cached(form)) is not None:
                found[key] = cached[0]
                seconds += cached[1]
        if found:
            kept = {key: payload(answer) for key, answer in found.items()}
            self._journal.keep(kept, "cache", saved_s=seconds)
        return found

    def _waves(
        self, source: Source, asked: Mapping[str, Request], rest: Mapping[str, Request]
    ) -> Iterator[Wave]:
        """The rest, in the waves of an earlier attempt as far as there are any, then in new ones.

        `rest` shrinks while waves are answered.
        """
        if not rest:
            return
        if source.independent:
            yield self._journal.begin_wave(source.identity, ())
            return
        open_keys = dict.fromkeys(rest)
        for wave in self._journal.open_waves(source.identity):
            if open_keys.keys() >= {k for k in wave.keys if not self._journal.has(k)}:
                if all(key in asked for key in wave.keys):
                    open_keys = {k: None for k in open_keys if k not in wave.keys}
                    yield wave
                else:  # arrivals from threads differ from attempt to attempt
                    self._journal.notice(
                        f"{source.name}: goes on with other batches than before: in low precision "
                        "the result is not bit-reproducible"
                    )
        waiting = list(open_keys)
        while waiting:
            number = self._journal.waves(source.identity)
            most = min(_FIRST_GROUP << min(number, 8), _LARGEST_GROUP)
            some, waiting = waiting[:most], waiting[most:]
            yield self._journal.begin_wave(source.identity, some)

    def _ask(
        self,
        source: Source,
        wave: Wave,
        requests: Mapping[str, Request],
        rest: dict[str, Request],
    ) -> Iterator[tuple[str, Answer]]:
        """Ask the engine; what is answered leaves `rest`."""
        keys = list(requests)
        part = self._part(source)
        part.wave = wave.number
        keeper = _Keeper(self._journal, self._cache, source, part)
        try:
            for position, answer in self._of_engine(source, part, list(requests.values())):
                key = keys[position]
                if key not in rest:
                    continue  # answered before the group was cut short
                if isinstance(answer, Completion):
                    keeper.add(key, answer)
                elif self._journal.stopping:
                    continue  # not asked any more, or cut short: asked another time
                del rest[key]
                yield key, answer
        finally:
            keeper.flush()
        if any(key in rest for key in keys):
            raise StopRequested

    def _part(self, source: Source) -> "_EnginePart":
        if source.identity not in self._parts:
            self._parts[source.identity] = _EnginePart(self._journal, source)
        return self._parts[source.identity]

    def _of_engine(
        self, source: Source, part: "_EnginePart", requests: Sequence[Request]
    ) -> Iterator[tuple[int, Answer]]:
        engine = source.engine()
        engine.journal = part
        try:
            yield from answers_of(engine, requests, gone=lambda: source.gone(engine))
        except EngineError:
            raise
        except Exception as error:  # whatever an engine raises is the engine's fault
            raise source.told(error) from error


class _EnginePart(Part):
    """The part of the job's journal that an engine sees.

    Attributes:
        tells: whether the engine tells of its attempts itself.
    """

    def __init__(self, whole: FileJournal, source: Source) -> None:
        super().__init__(whole, source.identity[:8])
        self._job_journal, self._source = whole, source
        self.tells = False

    def attempt(self, attempt: Attempt) -> None:
        """See the base class."""
        self.tells = True
        self.enter(attempt)

    def enter(self, attempt: Attempt) -> None:
        """Enter an attempt into the ledger, with who was asked."""
        self._job_journal.enter(self._source.name, self._source.identity, attempt)


class _Keeper:
    """Keeps answers, first in the journal, then in the cache, and enters them into the ledger.

    Where each answer may have been paid for, it is in the journal before the next one is taken.
    """

    def __init__(
        self, journal: FileJournal, cache: Cache | None, source: Source, part: _EnginePart
    ) -> None:
        self._journal, self._cache, self._source, self._part = journal, cache, source, part
        self._waiting: dict[str, bytes] = {}
        self._uncached: dict[str, bytes] = {}
        self._used = Usage()
        self._flushed = time.monotonic()

    def add(self, key: str, answer: Completion) -> None:
        """Keep an answer, at the latest together with one of the next ones."""
        self._waiting[key] = payload(answer)
        self._used = self._used.plus(Usage.of(answer))
        if self._source.independent:
            self._keep()
        many = len(self._waiting) + len(self._uncached) >= _AT_ONCE
        if many or time.monotonic() - self._flushed > _AT_MOST_S:
            self.flush()

    def _keep(self) -> None:
        waiting, self._waiting = self._waiting, {}
        if waiting:
            self._journal.keep(waiting, "engine")
            self._uncached |= waiting

    def flush(self) -> None:
        """Keep what waits."""
        self._keep()
        now = time.monotonic()
        seconds, self._flushed = now - self._flushed, now
        uncached, self._uncached = self._uncached, {}
        used, self._used = self._used, Usage()
        if uncached and self._cache is not None:
            took = seconds / len(uncached)
            forms = {key: _for_cache(form, took) for key, form in uncached.items()}
            self._cache.keep(forms, model=self._source.identity)
        if uncached and not self._part.tells:
            self._part.enter(
                Attempt(
                    outcome="answered",
                    requests=used.requests,
                    seconds=round(seconds, 3),
                    prompt_tokens=used.prompt_tokens,
                    completion_tokens=used.completion_tokens,
                    cached_tokens=used.cached_tokens,
                )
            )


def _for_cache(form: bytes, took: float) -> bytes:
    """An answer as the cache keeps it, with its share of the seconds that its batch took."""
    return form[:-1] + b',"took":%.6f}' % took


def read_cached(form: bytes) -> tuple[Completion, float] | None:
    """An answer and its seconds; None if the cache holds something else."""
    try:
        found = strict_json(form.decode("ascii"))
        took = float(found.pop("took"))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    answer = kept_answer(found)
    return None if answer is None or took < 0 else (answer, took)
